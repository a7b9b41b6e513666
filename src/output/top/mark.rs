//! Marks of services and real servers: words, because no meaning depends on a colour alone.

use super::reading::ServerReading;
use crate::model::Destination;

/// What an operator must know about a service or a real server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    #[default]
    None,
    /// `drain` has set the weight to 0.
    Draining,
    /// `undrain --ramp` raises the weight.
    Rising,
    /// It has as many connections as its upper threshold permits: it gets no new ones.
    Full,
    /// The weight is 0, and not by `drain`.
    Off,
    /// The service has no real server that gets new connections.
    Down,
}

impl Mark {
    /// The mark of a real server. `was_full` is whether it was full at the last reading: the kernel
    /// sends connections again only below the lower threshold.
    pub fn of(server: &ServerReading, was_full: bool) -> Self {
        let entry = &server.entry;
        let weight = entry.destination.weight;
        if server.is_drained {
            return if weight == 0 { Self::Draining } else { Self::Rising };
        }
        if weight == 0 {
            return Self::Off;
        }
        let connections = u64::from(entry.active) + u64::from(entry.inactive);
        if is_full(&entry.destination, connections, was_full) { Self::Full } else { Self::None }
    }

    /// Whether a real server with this mark gets new connections.
    pub fn is_up(self) -> bool {
        matches!(self, Self::None | Self::Rising)
    }

    /// At most five letters.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Draining => "drain",
            Self::Rising => "ramp",
            Self::Full => "full",
            Self::Off => "off",
            Self::Down => "down",
        }
    }
}

fn is_full(server: &Destination, connections: u64, was_full: bool) -> bool {
    let (upper, lower) = (u64::from(server.upper_threshold), u64::from(server.lower_threshold));
    if upper == 0 {
        return false;
    }
    // Without a lower threshold the kernel uses three quarters of the upper one.
    let is_below = if lower > 0 { connections < lower } else { connections * 4 < upper * 3 };
    connections >= upper || was_full && !is_below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(upper_threshold: u32, lower_threshold: u32) -> Destination {
        let key = "10.0.0.11:80".parse::<std::net::SocketAddr>().unwrap();
        Destination { upper_threshold, lower_threshold, ..Destination::new(key) }
    }

    #[test]
    fn a_full_server_stays_full_down_to_its_lower_threshold() {
        for (upper, lower, connections, was_full, expected) in [
            (0, 0, 1000, true, false),
            (10, 0, 9, false, false),
            (10, 0, 10, false, true),
            (10, 0, 8, true, true),
            (10, 0, 7, true, false),
            (10, 5, 5, true, true),
            (10, 5, 4, true, false),
        ] {
            let found = is_full(&server(upper, lower), connections, was_full);
            assert_eq!(found, expected, "{upper} {lower} {connections} {was_full}");
        }
    }
}
