//! Plans tunnels: the interface that unpacks the director's packets.
//!
//! The plan adds a new interface whose local address is the real server's. The kernel prefers it to
//! its fallback interface (such as `tunl0`), which stays untouched, and undo only deletes the new
//! one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::preconditions::needs;
use crate::error::Obstacle;
use crate::host::facts::Facts;
use crate::host::spec::{Encapsulation, RealServer};
use crate::host::state::State;
use crate::host::steps::{Gue, Link, Module, Step, Sysctl, Up};
use crate::model::{Family, GuePort, NewLink};

/// Plans the tunnel for one virtual address, and returns the interface on which its packets arrive.
pub fn steps(
    spec: &RealServer,
    encapsulation: Encapsulation,
    facts: &Facts,
    state: &State,
    vip: IpAddr,
) -> Result<(Vec<Step>, String), Obstacle> {
    let link = interface(encapsulation, own_address(spec, facts, vip)?, vip);
    let name = name(&link);
    let mut steps = Vec::new();
    if let Some(port) = gue_port(encapsulation, &link) {
        needs(facts, "fou")?;
        steps.push(Module { name: "fou".to_owned() }.into());
        steps.push(Gue { port }.into());
    }
    needs(facts, link.module())?;
    steps.push(made(facts, state, &name, link)?);
    if vip.is_ipv4() {
        steps.push(reverse_path(spec, facts, &name)?);
    }
    steps.push(Up { device: name.clone() }.into());
    Ok((steps, name))
}

/// Sets reverse path filtering so that it does not drop packets from the tunnel. Strict filtering
/// always drops them; loose filtering does if the interface has no address, because the virtual
/// address is elsewhere. The kernel uses the greater value of `all` and the interface, and `all`
/// concerns the whole host.
fn reverse_path(spec: &RealServer, facts: &Facts, name: &str) -> Result<Step, Obstacle> {
    let all = facts.number(ALL_FILTERED);
    match &spec.device {
        Some(device) if all != 0 && device != name => Err(Obstacle::ReversePath {
            value: all,
            tunnel: name.to_owned(),
            device: device.clone(),
        }),
        _ => {
            let value = if all == 0 { "0" } else { "2" };
            let key = format!("ipv4/conf/{name}/rp_filter");
            Ok(Sysctl::new(key, value).into())
        }
    }
}

/// Parameter for reverse path filtering on all interfaces.
pub const ALL_FILTERED: &str = "ipv4/conf/all/rp_filter";

/// Name of the tunnel interface.
pub fn name(link: &NewLink) -> String {
    format!("ipvs-{}", link.kind())
}

/// UDP port to open, for GUE only.
pub fn gue_port(encapsulation: Encapsulation, link: &NewLink) -> Option<GuePort> {
    let Encapsulation::Gue { port } = encapsulation else { return None };
    Some(GuePort { port, ipv6: matches!(link, NewLink::Ip6tnl { .. }) })
}

/// The step that adds the interface; an error if somebody else has an interface of that name.
fn made(facts: &Facts, state: &State, name: &str, link: NewLink) -> Result<Step, Obstacle> {
    let step = Step::from(Link { name: name.to_owned(), link });
    let known = state.find(&step).map(|index| &state.entries[index]);
    match known {
        Some(former) if former.step != step => {
            let holders: Vec<&str> = former.holders.iter().map(String::as_str).collect();
            let why = format!(
                "it was made with other options for {}: first undo that preparation",
                holders.join(", ")
            );
            Err(Obstacle::InterfaceUnfit { name: name.to_owned(), why })
        }
        None if facts.link(name).is_some() => {
            let why = "it exists, and this program did not make it".to_owned();
            Err(Obstacle::InterfaceUnfit { name: name.to_owned(), why })
        }
        _ => Ok(step),
    }
}

/// Address to which the director sends tunnelled packets: the named one, or the only one of this
/// host. If both families have one, the address of the virtual address's family.
pub fn own_address(spec: &RealServer, facts: &Facts, vip: IpAddr) -> Result<IpAddr, Obstacle> {
    if let Some(own) = spec.own {
        if facts.addresses.iter().any(|it| it.address == own) {
            return Ok(own);
        }
        return Err(Obstacle::Options(format!("--rip {own}: this host has no such address")));
    }
    let family = Family::of(&vip);
    let mut found: Vec<IpAddr> = facts
        .own_addresses(family)
        .map(|(_, address)| address)
        .filter(|address| !spec.vips.contains(address))
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            found.extend(last);
            Err(Obstacle::NoOwnAddress { version: if vip.is_ipv4() { 4 } else { 6 }, found })
        }
    }
}

/// The interface that unpacks packets to `own` which contain packets to `vip`.
pub fn interface(encapsulation: Encapsulation, own: IpAddr, vip: IpAddr) -> NewLink {
    match (encapsulation, own) {
        (Encapsulation::Gre { checksum }, IpAddr::V4(local)) => NewLink::Gre { local, checksum },
        (Encapsulation::Gre { checksum }, IpAddr::V6(local)) => NewLink::Ip6gre { local, checksum },
        (_, IpAddr::V4(local)) => four(local, vip),
        (_, IpAddr::V6(local)) => six(local),
    }
}

fn four(local: Ipv4Addr, vip: IpAddr) -> NewLink {
    if vip.is_ipv4() { NewLink::Ipip { local } } else { NewLink::Sit { local } }
}

fn six(local: Ipv6Addr) -> NewLink {
    NewLink::Ip6tnl { local }
}
