//! What the classic language allows though the kernel takes more.

use crate::error::Misuse;
use crate::model::{Destination, Forwarding, Protocol, Service, ServiceKey};

/// Whether a rule line can make this service.
///
/// # Errors
/// What is wrong with it.
pub fn check_service(service: &Service) -> Result<(), Misuse> {
    match service.key {
        ServiceKey::Address { port: 0, .. } if service.persistence.is_none() => {
            Err(Misuse::ZeroPort)
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
    let tunnel = matches!(destination.forwarding, Forwarding::Tunnel(_));
    (own_port || destination.key.port == service.port())
        && (tunnel || !destination.key.is_of_other_family(service))
}
