//! The ranges of the classic language, and those of the kernel, which takes more.

use std::fmt;

use super::{
    Daemon, Destination, Granularity, MAX_PERSISTENCE, MAX_SYNC_LENGTH, MAX_TIMEOUT, MAX_WEIGHT,
    Service, Timeouts,
};

/// The longest persistence that a kernel holds, in seconds: it counts 100 ticks or more a second, in
/// 32 bits, and begins again at 0.
const MOST_PERSISTENCE: u32 = u32::MAX / 100;

/// A value beyond its range.
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
    Multicast,
}

/// `weight: 0 to 2147483647`.
impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.field)?;
        match self.expected {
            Expected::Numbers(least, most) => write!(f, "{least} to {most}"),
            Expected::Seconds(least, most) => write!(f, "{least} to {most} s (31 days)"),
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

/// The values of a service that no rule line can give it: other programs may have.
pub(crate) fn odd_service(service: &Service) -> impl Iterator<Item = OutOfRange> {
    let timeout =
        service.persistence.and_then(|it| seconds("persistence", it.timeout, 1, MAX_PERSISTENCE));
    timeout.into_iter().chain(bad_length(service))
}

/// The values of a service that no kernel holds.
pub(crate) fn impossible_service(service: &Service) -> impl Iterator<Item = OutOfRange> {
    let timeout =
        service.persistence.and_then(|it| numbers("persistence", it.timeout, 0, MOST_PERSISTENCE));
    timeout.into_iter().chain(bad_length(service))
}

/// Of IPv4 any mask will do.
fn bad_length(service: &Service) -> Option<OutOfRange> {
    match service.persistence?.granularity {
        Granularity::V4(_) => None,
        Granularity::V6(length) => numbers("netmask", length, 1, 128),
    }
}

/// The values of a real server that no rule line can give it: other programs may have.
pub(crate) fn odd_destination(destination: &Destination) -> impl Iterator<Item = OutOfRange> {
    let Destination { weight, upper_threshold, lower_threshold, .. } = *destination;
    let fields = [
        ("weight", weight),
        ("upper_threshold", upper_threshold),
        ("lower_threshold", lower_threshold),
    ];
    fields.into_iter().filter_map(|(field, value)| numbers(field, value, 0, MAX_WEIGHT))
}

/// The value of a real server that no kernel holds. From 7.2 on none holds thresholds above
/// 2147483647 either, and says so.
pub(crate) fn impossible_destination(destination: &Destination) -> Option<OutOfRange> {
    numbers("weight", destination.weight, 0, MAX_WEIGHT)
}

/// The values of a sync daemon that no rule line can give it, nor a kernel holds: for 0 it takes its
/// default.
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

/// The time-outs that no rule line can set: other programs can. Which ones the kernel takes depends
/// on its clock, and it refuses the others.
pub(crate) fn odd_timeouts(timeouts: &Timeouts) -> impl Iterator<Item = OutOfRange> {
    let Timeouts { tcp, tcp_fin, udp } = *timeouts;
    let fields = [("tcp", tcp), ("tcp_fin", tcp_fin), ("udp", udp)];
    fields.into_iter().filter_map(|(field, value)| seconds(field, value, 0, MAX_TIMEOUT))
}
