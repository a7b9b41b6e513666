//! Conditions that a host must meet before a plan can use it.

use std::net::IpAddr;

use crate::error::Obstacle;
use crate::host::address_owner::{Clues, owner};
use crate::host::facts::Facts;
use crate::host::state::State;
use crate::host::steps::{Address, Step};

/// Checks that the address can be a virtual one.
pub fn unicast(address: IpAddr) -> Result<(), Obstacle> {
    let why = match address {
        _ if address.is_unspecified() => "unspecified",
        _ if address.is_loopback() => "a loopback address",
        _ if address.is_multicast() => "a multicast address",
        IpAddr::V4(address) if address.is_broadcast() => "a broadcast address",
        IpAddr::V4(address) if address.octets()[0] == 0 => "an address of this network (0.0.0.0/8)",
        IpAddr::V6(address) if address.is_unicast_link_local() => "a link-local address",
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => "an IPv4-mapped address",
        _ => return Ok(()),
    };
    Err(Obstacle::BadAddress { address, why })
}

/// Checks that the interface has IPv6 enabled. A new interface inherits the value of `default`.
pub fn ipv6_on(facts: &Facts, device: &str) -> Result<(), Obstacle> {
    let name = if facts.link(device).is_some() { device } else { "default" };
    match facts.sysctl(&format!("ipv6/conf/{name}/disable_ipv6")) {
        Some("0") => Ok(()),
        _ => Err(Obstacle::NoIpv6 { name: name.to_owned() }),
    }
}

/// Checks that nobody else has the address, and that this program has not added it to another
/// interface.
pub fn free(
    facts: &Facts,
    state: &State,
    vip: IpAddr,
    device: &str,
    verb: &'static str,
) -> Result<(), Obstacle> {
    for found in facts.addresses.iter().filter(|it| it.address == vip) {
        let Some(link) = facts.link_at(found.index) else { continue };
        let step = Step::from(Address { device: link.name.clone(), address: vip });
        if !state.owns(&step) {
            return Err(Obstacle::AddressTaken {
                address: vip,
                prefix: found.prefix,
                device: link.name.clone(),
                verb,
                owner: owner(found, link, Clues::default()),
            });
        }
        if link.name != device {
            return Err(Obstacle::Options(format!(
                "{vip} is already prepared on {}: first run `ipvsadm {verb} undo --vip {vip}'",
                link.name
            )));
        }
    }
    Ok(())
}

/// Checks that the kernel does not certainly lack the module.
pub fn needs(facts: &Facts, module: &str) -> Result<(), Obstacle> {
    if facts.missing.contains(module) {
        return Err(Obstacle::NoModule { name: module.to_owned() });
    }
    Ok(())
}
