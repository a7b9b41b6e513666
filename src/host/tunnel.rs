//! Tunnels: what unpacks the director's packets.
//!
//! The interface is an own one with the real server's address as its end. The kernel prefers it to
//! its fallback interface (`tunl0` and so on), which stays untouched, and undoing is deleting it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::checks::{Finding, finding, remedy};
use super::facts::Facts;
use super::spec::{Encapsulation, RealServer};
use super::state::Ledger;
use super::step::Step;
use crate::error::Obstacle;
use crate::model::quote::shell;
use crate::model::{Family, GuePort, Link, NewLink, set_parameter};

/// The steps for one virtual address, and the interface on which its packets arrive.
pub fn dig(
    wish: &RealServer,
    encapsulation: Encapsulation,
    facts: &Facts,
    ledger: &Ledger,
    vip: IpAddr,
) -> Result<(Vec<Step>, String), Obstacle> {
    let link = interface(encapsulation, own_address(wish, facts, vip)?, vip);
    let name = name(&link);
    let mut steps = Vec::new();
    if let Some(port) = gue_port(encapsulation, &link) {
        needs(facts, "fou")?;
        steps.push(Step::Module { name: "fou".to_owned() });
        steps.push(Step::Gue { port });
    }
    needs(facts, link.module())?;
    steps.push(made(facts, ledger, &name, link)?);
    if vip.is_ipv4() {
        steps.push(reverse_path(wish, facts, &name)?);
    }
    steps.push(Step::Up { device: name.clone() });
    Ok((steps, name))
}

/// Reverse path filtering drops what comes out of the tunnel: strictly always, loosely where the
/// interface has no address, as it has none with the virtual address elsewhere. The greater of
/// `all` and the interface counts, and `all` is the whole host's.
fn reverse_path(wish: &RealServer, facts: &Facts, name: &str) -> Result<Step, Obstacle> {
    let all = facts.number(ALL_FILTERED);
    match &wish.device {
        Some(device) if all != 0 && device != name => Err(Obstacle::ReversePath {
            value: all,
            tunnel: name.to_owned(),
            device: device.clone(),
        }),
        _ => {
            let value = if all == 0 { "0" } else { "2" };
            let key = format!("ipv4/conf/{name}/rp_filter");
            Ok(Step::Sysctl { key, value: value.to_owned() })
        }
    }
}

const ALL_FILTERED: &str = "ipv4/conf/all/rp_filter";

fn name(link: &NewLink) -> String {
    format!("ipvs-{}", link.kind())
}

fn gue_port(encapsulation: Encapsulation, link: &NewLink) -> Option<GuePort> {
    let Encapsulation::Gue { port } = encapsulation else { return None };
    Some(GuePort { port, ipv6: matches!(link, NewLink::Ip6tnl { .. }) })
}

/// Whether the director's packets are unpacked and let in, whoever brought that about.
pub fn judge(
    wish: &RealServer,
    encapsulation: Encapsulation,
    facts: &Facts,
    vip: IpAddr,
) -> Vec<Finding> {
    let own = match own_address(wish, facts, vip) {
        Ok(own) => own,
        // Any of them tells the kind.
        Err(Obstacle::NoOwnAddress { found, .. }) if !found.is_empty() => found[0],
        Err(obstacle) => return vec![finding(false, obstacle.to_string())],
    };
    let wanted = interface(encapsulation, own, vip);
    let mut findings = Vec::new();
    if let Some(port) = gue_port(encapsulation, &wanted) {
        findings.push(if facts.gue_ports.contains(&port) {
            finding(true, format!("UDP port {} unpacks GUE", port.port))
        } else {
            let remedy = remedy(wish, vip);
            finding(false, format!("UDP port {} does not unpack GUE; {remedy}", port.port))
        });
    }
    findings.push(match unpacker(facts, &wanted) {
        None => {
            let remedy = remedy(wish, vip);
            finding(false, format!("no interface unpacks {} packets; {remedy}", wanted.kind()))
        }
        Some(Link { name, up: false, .. }) => {
            let up = format!("ip link set dev {} up", shell(name));
            finding(false, format!("{name} is down and unpacks nothing; {up}"))
        }
        Some(link) if vip.is_ipv4() => let_in(facts, link),
        Some(Link { name, .. }) => finding(true, format!("{name} is up")),
    });
    findings
}

/// The own interface, or another of its kind that is up, such as the fallback interface.
fn unpacker<'a>(facts: &'a Facts, wanted: &NewLink) -> Option<&'a Link> {
    let mut fit = facts.links.iter().filter(|link| link.kind == wanted.kind());
    let own = name(wanted);
    fit.clone().find(|link| link.name == own).or_else(|| fit.find(|link| link.up))
}

fn let_in(facts: &Facts, link: &Link) -> Finding {
    let name = &link.name;
    let bare = !facts.addresses.iter().any(|it| it.index == link.index && it.address.is_ipv4());
    match facts.effective(name, "rp_filter") {
        1 => finding(false, format!("{name} drops what comes out of it (rp_filter 1)")),
        2 if bare => {
            let whose = if facts.number(ALL_FILTERED) == 0 { name } else { "all" };
            let remedy = set_parameter(&format!("ipv4/conf/{whose}/rp_filter"), "0");
            finding(
                false,
                format!(
                    "{name} drops what comes out of it (rp_filter 2, and it has no IPv4 address); \
                     {remedy}"
                ),
            )
        }
        it => finding(true, format!("{name} lets packets in (rp_filter {it})")),
    }
}

/// An interface that this program may make: nobody else has one of that name.
pub fn made(facts: &Facts, ledger: &Ledger, name: &str, link: NewLink) -> Result<Step, Obstacle> {
    let step = Step::Link { name: name.to_owned(), link };
    let known = ledger.find(&step).map(|index| &ledger.entries[index]);
    match known {
        Some(former) if former.step != step => {
            let holders: Vec<&str> = former.holders.iter().map(String::as_str).collect();
            let why =
                format!("it was made in another way for {}: undo that first", holders.join(", "));
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
