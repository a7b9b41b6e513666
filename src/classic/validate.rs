//! What the classic language allows though the kernel takes more.

use super::print::Unsayable;
use crate::error::Misuse;
use crate::model::{
    Daemon, Destination, Forwarding, OutOfRange, Protocol, Service, ServiceKey, Timeouts,
    odd_daemon, odd_timeouts, out_of_range,
};

/// Whether a rule line can make this service.
///
/// # Errors
/// What is wrong with it.
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

/// Whether a rule line can give `service` this real server: through a tunnel of any family, and
/// with a port of its own by masquerading only.
pub fn fits(service: &ServiceKey, destination: &Destination) -> bool {
    let by_address = matches!(service, ServiceKey::Address { .. });
    let own_port = destination.forwarding == Forwarding::Masquerade || !by_address;
    (own_port || destination.key.port == service.port()) && is_reached(service, destination)
}

fn is_reached(service: &ServiceKey, destination: &Destination) -> bool {
    matches!(destination.forwarding, Forwarding::Tunnel(_))
        || !destination.key.is_of_other_family(service)
}

/// Whether the line of this service can be read again. That it can be written is another question.
pub(crate) fn readable_service(service: &Service) -> Result<(), Unsayable> {
    in_range(out_of_range(service))?;
    check_service(service).map_err(|why| match why {
        Misuse::ZeroPort { .. } => Unsayable::ZeroPort,
        _ => Unsayable::OnePacket,
    })
}

/// The same of a real server; it may be read as another one, where only [`fits`] says no.
pub(crate) fn readable_destination(
    service: &ServiceKey,
    destination: &Destination,
) -> Result<(), Unsayable> {
    in_range(out_of_range(destination))?;
    is_reached(service, destination).then_some(()).ok_or(Unsayable::Family)
}

/// The same of time-outs.
pub(crate) fn readable_timeouts(timeouts: &Timeouts) -> Result<(), Unsayable> {
    in_range(odd_timeouts(timeouts))
}

/// The same of a sync daemon. The kernel takes a name with which a comment would begin.
pub(crate) fn readable_daemon(daemon: &Daemon) -> Result<(), Unsayable> {
    in_range(odd_daemon(daemon))?;
    let comment = daemon.interface.as_str().starts_with('#');
    (!comment).then_some(()).ok_or(Unsayable::Value("interface"))
}

fn in_range(mut odd: impl Iterator<Item = OutOfRange>) -> Result<(), Unsayable> {
    odd.next().map_or(Ok(()), |odd| Err(Unsayable::Value(odd.field)))
}
