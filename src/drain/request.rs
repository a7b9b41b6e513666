//! Orders to drain and undrain.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::model::{DestinationKey, ServiceKey};

/// Selection of real servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// One real server of one service.
    One(ServiceKey, DestinationKey),
    /// The real servers with this address, and this port if there is one, in every service.
    Everywhere {
        /// The address of the real server (RIP).
        address: IpAddr,
        port: Option<u16>,
    },
    /// Every real server that has a record. The planner goes through the records;
    /// [`Selection::contains`] does not know them.
    Recorded,
}

impl Selection {
    /// Whether the selection contains a real server of a service.
    pub fn contains(&self, service: &ServiceKey, server: &DestinationKey) -> bool {
        match self {
            Self::One(key, one) => key == service && one == server,
            Self::Everywhere { address, port } => {
                server.address == *address && port.is_none_or(|port| port == server.port)
            }
            Self::Recorded => true,
        }
    }

    /// The service, if the selection is of one service only.
    pub fn service(&self) -> Option<&ServiceKey> {
        match self {
            Self::One(service, _) => Some(service),
            Self::Everywhere { .. } | Self::Recorded => None,
        }
    }
}

/// Treatment of a scheduler that refuses the clients of a real server with weight 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hash {
    /// Set its fallback flag until the drain ends.
    #[default]
    Set,
    /// Keep its flags, and refuse the drain if the fallback flag is missing.
    Keep,
}

/// Treatment of persistence templates, which send known clients to a drained real server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Templates {
    /// Leave `expire_quiescent_template` alone.
    #[default]
    Keep,
    /// Set it to 1 until the drain ends.
    Expire,
}

/// Number of real servers of a service that must keep a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// An absolute number.
    Number(u32),
    /// Percentage of the real servers of the service, rounded up; 0 to 100.
    Percent(u8),
}

impl Least {
    /// The number of real servers out of `all`.
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::Number(number) => usize::try_from(number).unwrap_or(usize::MAX),
            Self::Percent(percent) => (all * usize::from(percent)).div_ceil(100),
        }
    }
}

/// `50%`, or a number.
impl fmt::Display for Least {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Connections that a drain waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// No connection is active. Connections that are closing, or in `TIME_WAIT`, do not count.
    #[default]
    Active,
    /// The kernel has forgotten every connection.
    All,
}

/// Time limit of a drain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    /// [`Self::USUAL`] seconds; for UDP services, the UDP time-out is added.
    #[default]
    Usual,
    Within(Duration),
    ForEver,
}

impl Patience {
    /// Seconds of [`Patience::Usual`].
    pub const USUAL: u64 = 300;

    /// The limit; `None` means no limit. `udp` is the UDP time-out in seconds. The default limit
    /// adds it, because the kernel remembers a UDP client for that time.
    pub fn limit(self, udp: Option<u32>) -> Option<Duration> {
        match self {
            Self::Usual => Some(Duration::from_secs(Self::USUAL + u64::from(udp.unwrap_or(0)))),
            Self::Within(limit) => Some(limit),
            Self::ForEver => None,
        }
    }
}

/// An order to drain real servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub selection: Selection,
    /// The text of `--reason`.
    pub reason: Option<String>,
    pub hash: Hash,
    pub templates: Templates,
    /// Number of real servers of each service that must keep a weight.
    pub least: Least,
}

/// An order to give drained real servers their weights back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undrain {
    pub selection: Selection,
    pub back: Back,
}

/// The weight that a real server gets back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Back {
    /// The weight before the drain.
    #[default]
    Recorded,
    /// The weight of `--weight`.
    Weight(u32),
}

#[cfg(test)]
#[test]
fn percentages_are_rounded_up() {
    assert_eq!(Least::Percent(50).of(3), 2);
    assert_eq!(Least::Percent(0).of(3), 0);
    assert_eq!(Least::Percent(100).of(3), 3);
    assert_eq!(Least::Number(2).of(1), 2);
}
