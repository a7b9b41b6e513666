//! IPVS on a real server itself: it takes packets away from the daemon that is to answer them.

use super::finding::{Finding, Remedy, good, problem};
use crate::host::facts::Facts;
use crate::host::spec::{Mode, Spec};
use crate::model::{DestinationKey, ServiceKey};

/// A service in this host's own table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnService {
    /// Its key.
    pub key: ServiceKey,
    /// The key in rule words.
    pub words: String,
    /// The real servers that get packets: those with a weight.
    pub servers: Vec<DestinationKey>,
}

/// A service in the table of a real server: only its administrator knows why it is there.
const STANDBY: &str = "on a host that is a real server only, delete the service; a standby director \
                       that is a real server too must have it only while it is active";

/// What the host's own table does with packets to the virtual addresses of a real server. Services
/// by mark stand in the notes: which packets get a mark cannot be known.
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
                        other.map_or("drops them".to_owned(), |it| {
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
