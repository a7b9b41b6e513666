//! Plans a director: the virtual address on its front interface, and what the forwarding method
//! needs.

use std::net::IpAddr;

use super::preconditions::{free, ipv6_on, needs, unicast};
use crate::error::Obstacle;
use crate::host::facts::Facts;
use crate::host::spec::Director;
use crate::host::state::State;
use crate::host::steps::{Address, Announce, Module, Step, Sysctl};

/// Plans parameters and modules, then forwarding, then the address.
pub fn steps(
    spec: &Director,
    facts: &Facts,
    state: &State,
    vip: IpAddr,
) -> Result<[Vec<Step>; 3], Obstacle> {
    unicast(vip)?;
    let link = facts.present(&spec.interface)?;
    if !link.arp {
        let why = "it takes no part in ARP: clients would not find the address".to_owned();
        return Err(Obstacle::InterfaceUnfit { name: spec.interface.clone(), why });
    }
    if !link.up {
        return Err(Obstacle::InterfaceDown { name: spec.interface.clone() });
    }
    if vip.is_ipv6() {
        ipv6_on(facts, &spec.interface)?;
    }
    free(facts, state, vip, &spec.interface, "director")?;
    let device = spec.interface.clone();
    let address = Step::from(Address { device: device.clone(), address: vip });
    // No host is asked while this host has the address. If the address was lost, another director
    // may have it by now.
    if !spec.takeover
        && let Some((_, mac)) = facts.answers.iter().find(|(address, _)| *address == vip)
    {
        return Err(Obstacle::Answered { address: vip, mac: mac.clone(), name: device });
    }
    let announce = Step::from(Announce { device, address: vip });
    Ok([ipvs(spec, facts, state)?, forwarding(spec, facts, state, vip)?, vec![address, announce]])
}

fn ipvs(spec: &Director, facts: &Facts, state: &State) -> Result<Vec<Step>, Obstacle> {
    needs(facts, "ip_vs")?;
    let mut steps = vec![Step::from(Module { name: "ip_vs".to_owned() })];
    for scheduler in &spec.schedulers {
        let name = format!("ip_vs_{scheduler}");
        needs(facts, &name)?;
        steps.push(Module { name }.into());
    }
    let parameters = spec.keys().map(|(key, value)| Sysctl::new(key, value));
    steps.extend(wanted(facts, state, parameters)?);
    Ok(steps)
}

/// Plans masquerading: the director must forward replies, and must not send ICMP redirects to real
/// servers.
fn forwarding(
    spec: &Director,
    facts: &Facts,
    state: &State,
    vip: IpAddr,
) -> Result<Vec<Step>, Obstacle> {
    if !spec.nat {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    if vip.is_ipv6() {
        let forwarding = Sysctl::new("ipv6/conf/all/forwarding", "1");
        if forwarding.differs(facts) || state.owns(&forwarding.clone().into()) {
            steps.extend(router_advertisements(facts, state));
        }
        steps.push(forwarding);
    } else {
        for name in ["all", &spec.interface] {
            steps.push(Sysctl::new(format!("ipv4/conf/{name}/send_redirects"), "0"));
        }
        // Not `all`, which would also write to interfaces that do not exist yet.
        for link in facts.links.iter().filter(|link| link.arp && link.up) {
            steps.push(Sysctl::new(format!("ipv4/conf/{}/forwarding", link.name), "1"));
        }
    }
    wanted(facts, state, steps)
}

/// Keeps default routes from router advertisements. An interface that forwards ignores
/// advertisements unless `accept_ra` is 2, and the kernel then drops the routes that it had learnt.
fn router_advertisements(facts: &Facts, state: &State) -> Vec<Sysctl> {
    let mut steps = Vec::new();
    for link in facts.links.iter().filter(|link| !link.loopback) {
        let of = |parameter| format!("ipv6/conf/{}/{parameter}", link.name);
        let step = Sysctl::new(of("accept_ra"), "2");
        let accepts = facts.number(&of("accept_ra")) == 1 && facts.number(&of("forwarding")) == 0;
        if accepts || state.owns(&step.clone().into()) {
            steps.push(step);
        }
    }
    steps
}

/// Keeps the steps that are not in effect yet, or that this program did.
fn wanted(
    facts: &Facts,
    state: &State,
    steps: impl IntoIterator<Item = Sysctl>,
) -> Result<Vec<Step>, Obstacle> {
    let differing = steps.into_iter().map(|step| (step.differs(facts), Step::from(step)));
    let steps: Vec<Step> = differing
        .filter(|(differs, step)| *differs || state.owns(step))
        .map(|(_, step)| step)
        .collect();
    if !facts.writable && !steps.is_empty() {
        return Err(Obstacle::ReadOnly { is_arp_suppression: false });
    }
    Ok(steps)
}
