//! Tunnels: what unpacks the director's packets.
//!
//! The interface is an own one with the real server's address as its end. The kernel prefers it to
//! its fallback interface (`tunl0` and so on), which stays untouched, and undoing is deleting it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::facts::Facts;
use super::ledger::Ledger;
use super::step::Step;
use super::wish::{Encapsulation, RealServer};
use crate::error::Obstacle;
use crate::model::{Family, GuePort, NewLink};

/// The steps for one virtual address, and the interface on which its packets arrive.
pub fn dig(
    wish: &RealServer,
    encapsulation: Encapsulation,
    facts: &Facts,
    ledger: &Ledger,
    vip: IpAddr,
) -> Result<(Vec<Step>, String), Obstacle> {
    let link = interface(encapsulation, own_address(wish, facts, vip)?, vip);
    let name = format!("ipvs-{}", link.kind());
    let mut steps = Vec::new();
    if let Encapsulation::Gue { port } = encapsulation {
        let ipv6 = matches!(link, NewLink::Ip6tnl { .. });
        needs(facts, "fou")?;
        steps.push(Step::Module { name: "fou".to_owned() });
        steps.push(Step::Gue { port: GuePort { port, ipv6 } });
    }
    needs(facts, link.module())?;
    steps.push(made(facts, ledger, &name, link)?);
    // Reverse path filtering drops what comes out of the tunnel: strictly always, loosely where the
    // interface has no address.
    if vip.is_ipv4() {
        let value = if facts.number("ipv4/conf/all/rp_filter") == 0 { "0" } else { "2" };
        let key = format!("ipv4/conf/{name}/rp_filter");
        steps.push(Step::Sysctl { key, value: value.to_owned() });
    }
    steps.push(Step::Up { device: name.clone() });
    Ok((steps, name))
}

/// An interface that this program may make: nobody else has one of that name.
pub fn made(facts: &Facts, ledger: &Ledger, name: &str, link: NewLink) -> Result<Step, Obstacle> {
    let step = Step::Link { name: name.to_owned(), link };
    let known = ledger.find(&step).map(|index| &ledger.entries[index].step);
    match known {
        Some(former) if *former != step => {
            let why = "another virtual address uses it in another way".to_owned();
            Err(Obstacle::InterfaceUnfit { name: name.to_owned(), why })
        }
        None if facts.link(name).is_some() => {
            let why = "it exists, and is not from this program".to_owned();
            Err(Obstacle::InterfaceUnfit { name: name.to_owned(), why })
        }
        _ => Ok(step),
    }
}

/// A module that the kernel has, or may have.
pub fn needs(facts: &Facts, module: &str) -> Result<(), Obstacle> {
    if facts.missing.contains(module) {
        return Err(Obstacle::NoModule { name: module.to_owned() });
    }
    Ok(())
}

/// The address to which the director sends: the one named, or the only one there is; of the
/// virtual address's family where both families have one.
fn own_address(wish: &RealServer, facts: &Facts, vip: IpAddr) -> Result<IpAddr, Obstacle> {
    if let Some(own) = wish.own {
        if facts.addresses.iter().any(|it| it.address == own) {
            return Ok(own);
        }
        return Err(Obstacle::Wish(format!("--rip {own}: this host has no such address")));
    }
    let family = Family::of(&vip);
    let mut found: Vec<IpAddr> = facts
        .own_addresses(family)
        .map(|(_, address)| address)
        .filter(|address| !wish.vips.contains(address))
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            found.extend(last);
            Err(Obstacle::NoOwnAddress { version: if vip.is_ipv4() { 4 } else { 6 }, found })
        }
    }
}

fn interface(encapsulation: Encapsulation, own: IpAddr, vip: IpAddr) -> NewLink {
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
