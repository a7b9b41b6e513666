//! Checks whether the real server itself runs IPVS, which would take packets away from its daemon.

use super::finding::{Finding, Remedy, good, problem};
use crate::host::facts::Facts;
use crate::host::spec::{Mode, Spec};
use crate::model::{DestinationKey, ServiceKey};

/// A service in this host's own IPVS table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnService {
    pub key: ServiceKey,
    /// The key in the words of a rule line.
    pub words: String,
    /// Real servers with a weight above 0, which get packets.
    pub servers: Vec<DestinationKey>,
}

/// Advice about a service in the table of a real server. Only its administrator knows its
/// purpose.
const STANDBY: &str = "on a host that is a real server only, delete the service; a standby director \
                       that is also a real server must have the service only while active";

/// Finds services of this host that match the virtual addresses of a real server. Services by
/// firewall mark become notes, since it is not known which packets get the mark.
pub fn check(
    desired: &Spec,
    facts: &Facts,
    services: &[OwnService],
) -> (Vec<Finding>, Vec<String>) {
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    let Spec::RealServer(desired) = desired else { return (findings, notes) };
    if desired.mode == Mode::Nat {
        return (findings, notes);
    }
    let is_own = |server: &&DestinationKey| {
        let address = server.address;
        address.is_loopback() || facts.addresses.iter().any(|it| it.address == address)
    };
    for service in services {
        let words = &service.words;
        let other = service.servers.iter().find(|server| !is_own(server));
        match service.key {
            ServiceKey::Address { address, .. } if !desired.vips.contains(&address) => {}
            ServiceKey::Address { .. } => findings.push(match (other, service.servers.is_empty()) {
                (None, false) => good(format!(
                    "IPVS on this host has the service {words}, and sends its packets to this host \
                     itself"
                )),
                (other, _) => problem(
                    format!(
                        "IPVS on this host takes the packets of {words} and {}: no program here \
                         gets them",
                        other.map_or("refuses them".to_owned(), |it| {
                            format!("sends them to {}", it.address)
                        })
                    ),
                    Remedy::Advice(STANDBY.to_owned()),
                ),
            }),
            ServiceKey::Fwmark { .. } if other.is_some() => notes.push(format!(
                "IPVS on this host has the service {words}: packets to a virtual address that get \
                 this mark here go to other servers"
            )),
            ServiceKey::Fwmark { .. } => {}
        }
    }
    (findings, notes)
}
