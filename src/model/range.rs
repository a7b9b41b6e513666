//! Value ranges of the classic language, and the wider ranges of the kernel.

use std::fmt;

use super::field::{Fields, Numbers, Shape, Unit, Value};
use super::{Daemon, MAX_SYNC_LENGTH, MAX_TIMEOUT, Timeouts};

/// A value outside its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange {
    /// Name of the field in JSON.
    pub(crate) field: &'static str,
    expected: Expected,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    Numbers(u32, u32),
    Seconds(u32, u32),
    Multicast,
}

/// Writes `weight: 0 to 2147483647`.
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

/// Values of a service or real server that no rule line can express, but that another program may
/// have set.
pub(crate) fn out_of_range<T: Fields>(thing: &T) -> impl Iterator<Item = OutOfRange> {
    checked(thing, |field, value, legal| match legal.unit {
        Unit::Seconds => seconds(field, value, legal.least, legal.most),
        Unit::One | Unit::Limit => numbers(field, value, legal.least, legal.most),
    })
}

/// Values of a service or real server that no kernel can hold. Thresholds are not checked here:
/// kernels before 7.2 accept more than 2147483647, and later ones refuse it themselves.
pub(crate) fn impossible<T: Fields>(thing: &T) -> impl Iterator<Item = OutOfRange> {
    checked(thing, |field, value, legal| numbers(field, value, 0, legal.most_possible))
}

// Every IPv4 mask is possible, even a noncontiguous one.
fn checked<T: Fields>(
    thing: &T,
    check: impl Fn(&'static str, u32, Numbers) -> Option<OutOfRange>,
) -> impl Iterator<Item = OutOfRange> {
    T::fields().iter().filter_map(move |field| {
        let value = || (field.get)(thing).as_ref().and_then(Value::number);
        match field.shape {
            Shape::Number(legal) => check(field.name, value()?, legal),
            Shape::Mask => numbers(field.name, value()?, 1, 128),
            _ => None,
        }
    })
}

/// Values of a sync daemon that neither a rule line can express nor a kernel hold. For 0 the kernel
/// uses its default.
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

/// Time-outs that no rule line can set, but that another program may have set. The kernel's limit
/// depends on its clock rate; it refuses longer ones itself.
pub(crate) fn odd_timeouts(timeouts: &Timeouts) -> impl Iterator<Item = OutOfRange> {
    let Timeouts { tcp, tcp_fin, udp } = *timeouts;
    let fields = [("tcp", tcp), ("tcp_fin", tcp_fin), ("udp", udp)];
    fields.into_iter().filter_map(|(field, value)| seconds(field, value, 0, MAX_TIMEOUT))
}

#[cfg(test)]
#[test]
fn an_object_with_a_value_out_of_range_is_never_usual() {
    use super::{Destination, MAX_WEIGHT};
    let values = [0, 1, MAX_WEIGHT, MAX_WEIGHT + 1, u32::MAX];
    for (weight, upper_threshold) in values.iter().flat_map(|a| values.map(|b| (*a, b))) {
        for lower_threshold in values {
            let endpoint: std::net::SocketAddr = "10.0.0.1:80".parse().unwrap();
            let server = Destination {
                weight,
                upper_threshold,
                lower_threshold,
                ..Destination::new(endpoint)
            };
            let is_in_range = out_of_range(&server).next().is_none();
            assert_eq!(server.is_usual(), is_in_range, "{server:?}");
        }
    }
}
