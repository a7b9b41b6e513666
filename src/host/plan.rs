//! From a wish and facts to steps.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::Facts;
use super::owner::{Clues, owner};
use super::spec::{ArpMethod, Mode, RealServer, Wish};
use super::state::{Ledger, Planned};
use super::step::Step;
use super::{arp, director, nat, persist, tunnel};
use crate::error::Obstacle;
use crate::model::{Family, NewLink, RouteImage};

/// How routes are put into the kernel's bytes.
pub struct Images<'a> {
    /// A default route: gateway, number of the interface, metric.
    pub default_route: &'a dyn Fn(IpAddr, u32, u32) -> RouteImage,
    /// The same route with another greatest segment.
    pub with_advmss: &'a dyn Fn(&RouteImage, u32) -> RouteImage,
}

/// What is to be kept over a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep<'a> {
    /// Nothing.
    Nothing,
    /// Everything, in the network namespace of that name, or the host's.
    Everything(Option<&'a str>),
}

/// Every step of the wish in its order, done already or not.
pub fn plan(
    wish: &Wish,
    facts: &Facts,
    ledger: &Ledger,
    images: &Images<'_>,
    keep: Keep<'_>,
) -> Result<Vec<Planned>, Obstacle> {
    let mut phases: [Vec<(Step, String)>; 4] = Default::default();
    for holder in wish.holders() {
        let steps = match (wish, holder.parse()) {
            (Wish::RealServer(wish), Ok(vip)) => one(wish, facts, ledger, images, vip)?,
            (Wish::RealServer(wish), Err(_)) => {
                [Vec::new(), nat::way_back(wish, facts, ledger, images)?, Vec::new()]
            }
            (Wish::Director(wish), Ok(vip)) => director::steps(wish, facts, ledger, vip)?,
            (Wish::Director(_), Err(_)) => continue,
        };
        if let Keep::Everything(netns) = keep {
            let files = persist::files(wish, facts, ledger, &holder, &steps.concat(), netns)?;
            phases[3].extend(files.into_iter().map(|step| (step, holder.clone())));
        }
        for (phase, steps) in phases.iter_mut().zip(steps) {
            phase.extend(steps.into_iter().map(|step| (step, holder.clone())));
        }
    }
    Ok(merge(phases.into_iter().flatten()))
}

/// Silence, ways for packets, address.
fn one(
    wish: &RealServer,
    facts: &Facts,
    ledger: &Ledger,
    images: &Images<'_>,
    vip: IpAddr,
) -> Result<[Vec<Step>; 3], Obstacle> {
    unicast(vip)?;
    if let Some((_, index)) = facts.proxies.iter().find(|(address, _)| *address == vip) {
        let name = facts.link_at(*index).map_or_else(String::new, |link| link.name.clone());
        return Err(Obstacle::Proxy { address: vip, name });
    }
    let silence = arp::silence(wish, facts, ledger, vip)?;
    let mut ways = Vec::new();
    let mut device = wish.device.clone();
    if let Mode::Tunnel(encapsulation) = wish.mode {
        let (steps, name) = tunnel::dig(wish, encapsulation, facts, ledger, vip)?;
        ways.extend(steps);
        device.get_or_insert(name);
    }
    let device = device.unwrap_or_else(|| "lo".to_owned());
    let made = ways.iter().any(|step| matches!(step, Step::Link { name, .. } if *name == device));
    if !made {
        ways.extend(home(wish, facts, ledger, &device, vip)?);
    }
    if vip.is_ipv6() {
        ipv6_on(facts, &device)?;
    }
    free(facts, ledger, vip, &device, "rs")?;
    ways.extend(segments(wish, facts, images, vip)?);
    Ok([silence, ways, vec![Step::Address { device, address: vip }]])
}

pub fn unicast(address: IpAddr) -> Result<(), Obstacle> {
    let why = match address {
        _ if address.is_unspecified() => "unspecified",
        _ if address.is_loopback() => "a loopback address",
        _ if address.is_multicast() => "a multicast address",
        IpAddr::V4(address) if address.is_broadcast() => "a broadcast address",
        IpAddr::V4(address) if address.octets()[0] == 0 => "of this network (0.0.0.0/8)",
        IpAddr::V6(address) if address.is_unicast_link_local() => "a link-local address",
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => "an IPv4-mapped address",
        _ => return Ok(()),
    };
    Err(Obstacle::BadAddress { address, why })
}

/// The interface for the virtual address: one without neighbours, or a new dummy.
fn home(
    wish: &RealServer,
    facts: &Facts,
    ledger: &Ledger,
    device: &str,
    vip: IpAddr,
) -> Result<Vec<Step>, Obstacle> {
    let dummy = Step::Link { name: device.to_owned(), link: NewLink::Dummy };
    let up = Step::Up { device: device.to_owned() };
    let name_of_dummy = device.starts_with("dummy") || device.starts_with("ipvs");
    if ledger.owns(&dummy) || facts.link(device).is_none() && name_of_dummy {
        tunnel::needs(facts, "dummy")?;
        return Ok(vec![dummy, up]);
    }
    let link = facts.present(device)?;
    let filtered = vip.is_ipv4() && wish.arp != ArpMethod::Sysctl;
    if link.arp && !filtered {
        let why = format!(
            "neighbours can ask it for {vip}, and it would answer; lo or a dummy interface cannot be \
             asked"
        );
        return Err(Obstacle::InterfaceUnfit { name: device.to_owned(), why });
    }
    if !link.up {
        return Err(Obstacle::InterfaceDown { name: device.to_owned() });
    }
    Ok(Vec::new())
}

/// New interfaces do as `default` says.
pub fn ipv6_on(facts: &Facts, device: &str) -> Result<(), Obstacle> {
    let name = if facts.link(device).is_some() { device } else { "default" };
    match facts.sysctl(&format!("ipv6/conf/{name}/disable_ipv6")) {
        Some("0") => Ok(()),
        _ => Err(Obstacle::NoIpv6 { name: name.to_owned() }),
    }
}

pub fn free(
    facts: &Facts,
    ledger: &Ledger,
    vip: IpAddr,
    device: &str,
    verb: &'static str,
) -> Result<(), Obstacle> {
    for found in facts.addresses.iter().filter(|it| it.address == vip) {
        let Some(link) = facts.link_at(found.index) else { continue };
        let step = Step::Address { device: link.name.clone(), address: vip };
        if !ledger.owns(&step) {
            return Err(Obstacle::AddressTaken {
                address: vip,
                prefix: found.prefix,
                device: link.name.clone(),
                verb,
                owner: owner(found, link, Clues::default()),
            });
        }
        if link.name != device {
            return Err(Obstacle::Wish(format!(
                "{vip} is prepared on {} already: `ipvsadm {verb} undo --vip {vip}' first",
                link.name
            )));
        }
    }
    Ok(())
}

/// Clients are told of smaller segments with the answer that opens a connection, which goes
/// straight to them.
fn segments(
    wish: &RealServer,
    facts: &Facts,
    images: &Images<'_>,
    vip: IpAddr,
) -> Result<Option<Step>, Obstacle> {
    let Some(advmss) = wish.advmss else { return Ok(None) };
    let Some(route) = facts.default_route(Family::of(&vip)) else {
        let version = if vip.is_ipv4() { 4 } else { 6 };
        return Err(Obstacle::Route(format!(
            "--advmss {advmss} is set on the default route, and there is none for IPv{version}: \
             add one first, or leave --advmss away"
        )));
    };
    let gateway = route.gateway.map(|it| format!(" via {it}")).unwrap_or_default();
    let device = route.device.and_then(|index| facts.link_at(index));
    let device = device.map(|link| format!(" dev {}", link.name)).unwrap_or_default();
    let metric =
        if route.metric == 0 { String::new() } else { format!(" metric {}", route.metric) };
    Ok(Some(Step::Route {
        new: (images.with_advmss)(&route.image, advmss),
        former: Some(route.image.clone()),
        words: format!("default{gateway}{device}{metric} advmss {advmss}"),
        ipv6: vip.is_ipv6(),
    }))
}

/// A step that several need stands once, where the first of them needs it.
fn merge(steps: impl IntoIterator<Item = (Step, String)>) -> Vec<Planned> {
    let mut planned: Vec<Planned> = Vec::new();
    for (step, holder) in steps {
        match planned.iter_mut().find(|it| it.step == step) {
            Some(it) => {
                it.holders.insert(holder);
            }
            None => planned.push(Planned { step, holders: BTreeSet::from([holder]) }),
        }
    }
    planned
}

#[cfg(test)]
mod tests;
