//! The ranges of the classic language. The kernel takes more.

use std::fmt;

use super::{
    Daemon, Destination, Family, MAX_PERSISTENCE, MAX_SYNC_LENGTH, MAX_TIMEOUT, MAX_WEIGHT,
    Persistence, Service, Timeouts,
};

/// A value that the classic language does not take. Other programs may have made it: this is for
/// what a user says, never for what the kernel says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange {
    /// The field, as in JSON.
    pub(crate) field: &'static str,
    expected: Expected,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    Numbers(u32, u32),
    Seconds(u32, u32),
    Prefix(Family),
    Multicast,
}

/// `weight: 0 to 2147483647`.
impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.field)?;
        match self.expected {
            Expected::Numbers(least, most) => write!(f, "{least} to {most}"),
            Expected::Seconds(least, most) => write!(f, "{least} to {most} s (31 days)"),
            Expected::Prefix(Family::V4) => {
                f.write_str("a mask without holes, such as 255.255.255.0")
            }
            Expected::Prefix(Family::V6) => f.write_str("1 to 128"),
            Expected::Multicast => f.write_str("a multicast address"),
        }
    }
}

fn numbers(field: &'static str, value: u32, least: u32, most: u32) -> Option<OutOfRange> {
    let expected = Expected::Numbers(least, most);
    (!(least..=most).contains(&value)).then_some(OutOfRange { field, expected })
}

fn seconds(field: &'static str, value: u32, least: u32, most: u32) -> Option<OutOfRange> {
    let expected = Expected::Seconds(least, most);
    (!(least..=most).contains(&value)).then_some(OutOfRange { field, expected })
}

/// The values of a service that no rule line can give it.
pub(crate) fn odd_service(service: &Service) -> impl Iterator<Item = OutOfRange> {
    let timeout =
        service.persistence.and_then(|it| seconds("persistence", it.timeout, 1, MAX_PERSISTENCE));
    let odd = |it: &Persistence| !it.granularity.is_prefix();
    let expected = Expected::Prefix(service.key.family());
    let mask = service.persistence.filter(odd).map(|_| OutOfRange { field: "netmask", expected });
    timeout.into_iter().chain(mask)
}

/// The values of a real server that no rule line can give it.
pub(crate) fn odd_destination(destination: &Destination) -> impl Iterator<Item = OutOfRange> {
    let Destination { weight, upper_threshold, lower_threshold, .. } = *destination;
    let fields = [
        ("weight", weight),
        ("upper_threshold", upper_threshold),
        ("lower_threshold", lower_threshold),
    ];
    fields.into_iter().filter_map(|(field, value)| numbers(field, value, 0, MAX_WEIGHT))
}

/// The values of a sync daemon that no rule line can give it: for 0 the kernel takes its default.
pub(crate) fn odd_daemon(daemon: &Daemon) -> impl Iterator<Item = OutOfRange> {
    let fields = [
        ("max_length", daemon.max_length.map(u32::from), MAX_SYNC_LENGTH),
        ("port", daemon.port.map(u32::from), u16::MAX),
        ("ttl", daemon.ttl.map(u32::from), u16::from(u8::MAX)),
    ];
    let odd = fields
        .into_iter()
        .filter_map(|(field, value, most)| numbers(field, value?, 1, most.into()));
    let group = daemon.group.filter(|group| !group.is_multicast());
    odd.chain(group.map(|_| OutOfRange { field: "group", expected: Expected::Multicast }))
}

/// The time-outs that no rule line can set.
pub(crate) fn odd_timeouts(timeouts: &Timeouts) -> impl Iterator<Item = OutOfRange> {
    let Timeouts { tcp, tcp_fin, udp } = *timeouts;
    let fields = [("tcp", tcp), ("tcp_fin", tcp_fin), ("udp", udp)];
    fields.into_iter().filter_map(|(field, value)| seconds(field, value, 0, MAX_TIMEOUT))
}
