//! Limits of the classic language. The kernel accepts more.

use super::options::Opt;
use crate::error::Misuse;
use crate::model::field::Fields;
use crate::model::{
    Change, Daemon, Destination, Forwarding, Granularity, OutOfRange, Protocol, Service,
    ServiceKey, Timeouts, odd_daemon, odd_timeouts, out_of_range,
};

/// A value that no rule line can express. Only another program can have set it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotExpressible {
    /// A service of a protocol other than TCP, UDP and SCTP.
    #[error("protocol {0}")]
    Protocol(u16),
    /// A forwarding method other than masquerading, tunnelling and direct routing.
    #[error("forwarding method {0}")]
    Forwarding(u8),
    /// An encapsulation other than IPIP, GUE and GRE with their checksum modes.
    #[error("tunnel type {kind} with checksum flags {flags}")]
    Tunnel {
        /// Kind of the tunnel (`IP_VS_CONN_F_TUNNEL_TYPE_*`).
        kind: u8,
        /// Checksum flags (`IP_VS_TUNNEL_ENCAP_FLAG_*`).
        flags: u16,
    },
    /// A value outside the range of its option, with the name of the JSON field.
    #[error("this {0}")]
    Value(&'static str),
    /// A service for every port without persistence.
    #[error("port 0 without persistence")]
    ZeroPort,
    /// One-packet scheduling with a protocol other than UDP.
    #[error("one-packet scheduling of a protocol other than UDP")]
    OnePacket,
    /// A real server of the other address family without a tunnel.
    #[error("another address family without a tunnel")]
    Family,
}

/// Checks that a rule line can express this service.
///
/// # Errors
/// The mistake that the classic parser would report.
pub fn check_service(service: &Service) -> Result<(), Misuse> {
    match service.key {
        ServiceKey::Address { port: 0, address, .. } if service.persistence.is_none() => {
            Err(Misuse::ZeroPort { address })
        }
        ServiceKey::Address { protocol, .. } if service.one_packet && protocol != Protocol::Udp => {
            Err(Misuse::OnePacketNotUdp)
        }
        _ => Ok(()),
    }
}

/// Whether a rule line can express this real server: the other address family needs a tunnel, and
/// another port needs masquerading.
pub fn fits(service: &ServiceKey, destination: &Destination) -> bool {
    let by_address = matches!(service, ServiceKey::Address { .. });
    let own_port = destination.forwarding == Forwarding::Masquerade || !by_address;
    (own_port || destination.key.port == service.port()) && is_reached(service, destination)
}

fn is_reached(service: &ServiceKey, destination: &Destination) -> bool {
    matches!(destination.forwarding, Forwarding::Tunnel(_))
        || !destination.key.is_of_other_family(service)
}

/// Whether the line of this service can be read again. Whether it can be written is not checked.
pub(crate) fn readable_service(service: &Service) -> Result<(), NotExpressible> {
    usual_or_in_range(service)?;
    check_service(service).map_err(|why| match why {
        Misuse::ZeroPort { .. } => NotExpressible::ZeroPort,
        _ => NotExpressible::OnePacket,
    })
}

/// Whether the line of this real server can be read again. If [`fits`] is false, it is read as a
/// different real server.
pub(crate) fn readable_destination(
    service: &ServiceKey,
    destination: &Destination,
) -> Result<(), NotExpressible> {
    usual_or_in_range(destination)?;
    is_reached(service, destination).then_some(()).ok_or(NotExpressible::Family)
}

/// Whether the line of these time-outs can be read again.
pub(crate) fn readable_timeouts(timeouts: &Timeouts) -> Result<(), NotExpressible> {
    in_range(odd_timeouts(timeouts))
}

/// Whether the line of this sync daemon can be read again. The kernel accepts an interface name
/// that begins with `#`, which would begin a comment.
pub(crate) fn readable_daemon(daemon: &Daemon) -> Result<(), NotExpressible> {
    in_range(odd_daemon(daemon))?;
    let comment = daemon.interface.as_str().starts_with('#');
    (!comment).then_some(()).ok_or(NotExpressible::Value("interface"))
}

fn usual_or_in_range<T: Fields>(thing: &T) -> Result<(), NotExpressible> {
    if thing.is_usual() { Ok(()) } else { in_range(out_of_range(thing)) }
}

fn in_range(mut odd: impl Iterator<Item = OutOfRange>) -> Result<(), NotExpressible> {
    odd.next().map_or(Ok(()), |odd| Err(NotExpressible::Value(odd.field)))
}

/// Whether a service with the options in `has` accepts `option`.
pub(crate) fn service_takes(option: Opt, has: impl Fn(Opt) -> bool) -> bool {
    option != Opt::Ops || has(Opt::Udp) || has(Opt::Fwmark)
}

/// Notes about a change. Not used for lines of a file, since a saved table may contain such values.
pub(crate) fn usual_notes(change: &Change) -> impl Iterator<Item = String> {
    let notes = [mask_with_gaps(change), marked_one_packet(change), idle_engine(change)];
    notes.into_iter().flatten()
}

/// Note about `--pe` without `-p`. The kernel asks the engine where to send a packet only for
/// persistent services; other functions of an engine, such as `sip` for outgoing calls, work
/// nevertheless.
fn idle_engine(change: &Change) -> Option<String> {
    let (Change::AddService(service) | Change::UpdateService(service)) = change else {
        return None;
    };
    (service.engine.is_some() && service.persistence.is_none())
        .then(|| "without -p, --pe does not keep clients on one real server".to_owned())
}

/// Note about `-o` with a firewall mark: it affects only UDP packets, because the kernel checks the
/// protocol of each packet.
fn marked_one_packet(change: &Change) -> Option<String> {
    let (Change::AddService(service) | Change::UpdateService(service)) = change else {
        return None;
    };
    let is_marked = matches!(service.key, ServiceKey::Fwmark { .. });
    (service.one_packet && is_marked)
        .then(|| "-o has no effect on packets other than UDP".to_owned())
}

/// Note about a noncontiguous mask. Other programs and saved tables use such masks, but a typed one
/// is usually a mistake.
fn mask_with_gaps(change: &Change) -> Option<String> {
    let (Change::AddService(service) | Change::UpdateService(service)) = change else {
        return None;
    };
    match service.persistence?.granularity {
        Granularity::V4(mask) if !Granularity::V4(mask).is_prefix() => Some(format!(
            "the mask {mask} has gaps; a network mask has none, as in 255.255.255.0 or /24"
        )),
        _ => None,
    }
}

/// Whether replies of this real server can stay untranslated. If so, [`untranslated`] needs its
/// service.
pub(crate) fn may_be_untranslated(key: &ServiceKey, server: &Destination) -> bool {
    let is_possible = match key {
        ServiceKey::Address { protocol, .. } => *protocol == Protocol::Udp,
        ServiceKey::Fwmark { .. } => true,
    };
    is_possible && server.forwarding == Forwarding::Masquerade
}

/// A note about a masqueraded real server of this service. Without a connection, the kernel does not
/// know to which packet a reply belongs.
pub(crate) fn untranslated(service: &Service) -> Option<String> {
    service.one_packet.then(|| {
        "with one-packet scheduling (-o), replies are not translated back: use -g or -i".to_owned()
    })
}
