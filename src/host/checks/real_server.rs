//! Checks whether a host is a real server as desired.

use std::net::IpAddr;

use super::finding::{
    Finding, Remedy, duplicate, finding, good, not_local, obstacle, problem, set_up,
};
use super::tunnel;
use crate::error::Obstacle;
use crate::host::facts::{Facts, is_silent};
use crate::host::plan::arp;
use crate::host::spec::{ArpMethod, Mode, RealServer};
use crate::host::state::State;
use crate::model::{Family, InterfaceAddress, Link, set_parameter};

/// Compares the current state with the desired one, whoever made the current one.
pub fn check(spec: &RealServer, facts: &Facts) -> Vec<Finding> {
    if spec.mode == Mode::Nat {
        return default_route(spec, facts);
    }
    let mut findings = Vec::new();
    let mut heard = spec.vips.iter().filter(|vip| vip.is_ipv4()).peekable();
    match spec.arp {
        ArpMethod::Sysctl if heard.peek().is_some() => findings.extend(suppression(spec, facts)),
        ArpMethod::Nft | ArpMethod::Arptables => {
            findings.extend(heard.map(|vip| filtered(spec, facts, *vip)));
        }
        // This host cannot see whether the gateway has its static entry.
        ArpMethod::Sysctl | ArpMethod::None => {}
    }
    for vip in &spec.vips {
        findings.extend(address(spec, facts, *vip));
    }
    findings
}

/// Checks for the rules that `prepare` would add.
fn filtered(spec: &RealServer, facts: &Facts, vip: IpAddr) -> Finding {
    let steps = match arp::steps(spec, facts, &State::default(), vip) {
        Ok(steps) => steps,
        Err(why) => return obstacle(&why),
    };
    match steps.iter().find_map(|step| step.missing_rules(facts)) {
        None => good(format!("rules of {} keep this host from answering ARP for {vip}", spec.arp)),
        Some(what) => {
            problem(format!("this host may answer ARP for {vip}: {what}"), Remedy::Prepare)
        }
    }
}

fn suppression(spec: &RealServer, facts: &Facts) -> Vec<Finding> {
    let listeners = match arp::listeners(spec, facts) {
        Ok(listeners) => listeners,
        Err(why) => return vec![obstacle(&why)],
    };
    let mut findings = Vec::new();
    for link in listeners {
        let name = &link.name;
        let scope = if spec.interfaces.is_empty() { "all" } else { name };
        let set = |parameter: &str, value: &str| {
            Remedy::Set(vec![(format!("ipv4/conf/{scope}/{parameter}"), value.to_owned())])
        };
        let ignore = facts.effective(name, "arp_ignore");
        let silent = is_silent(ignore);
        let answers = if silent { "does not answer" } else { "answers" };
        let text = format!("{name} {answers} ARP (arp_ignore {ignore})");
        findings.push(finding(silent, text, || match arp::check_silence(facts, name) {
            Err(Obstacle::AnswersArp { key, .. }) => {
                Remedy::Commands(vec![set_parameter(&key, "1")])
            }
            _ => set("arp_ignore", "1"),
        }));
        let announce = facts.effective(name, "arp_announce");
        findings.push(match announce {
            2 => good(format!("{name} announces its own address only (arp_announce 2)")),
            _ => problem(
                format!(
                    "{name} may announce the virtual address in ARP requests (arp_announce \
                     {announce})"
                ),
                match arp::check_announcements(facts, name) {
                    Err(Obstacle::AnnouncesVip { key, .. }) => {
                        Remedy::Commands(vec![set_parameter(&key, "2")])
                    }
                    _ => set("arp_announce", "2"),
                },
            ),
        });
    }
    findings
}

fn address(spec: &RealServer, facts: &Facts, vip: IpAddr) -> Vec<Finding> {
    let mut findings = Vec::new();
    let found: Vec<_> = facts.addresses.iter().filter(|it| it.address == vip).collect();
    if found.is_empty() {
        findings.push(problem(format!("{vip} is on no interface"), Remedy::Prepare));
    }
    for it in &found {
        let Some(link) = facts.link_at(it.index) else { continue };
        findings.push(on_interface(spec, it, link));
    }
    if let Mode::Tunnel(encapsulation) = spec.mode {
        findings.extend(tunnel::check(spec, encapsulation, facts, vip));
    }
    let local = facts.routes.get(&vip).is_some_and(|route| route.local);
    let not = if local { "" } else { "not " };
    findings.push(finding(local, format!("packets to {vip} are {not}for this host"), || {
        if found.is_empty() { Remedy::Prepare } else { not_local() }
    }));
    findings
}

fn on_interface(spec: &RealServer, it: &InterfaceAddress, link: &Link) -> Finding {
    let (vip, device) = (it.address, &link.name);
    let whole = it.prefix == if vip.is_ipv4() { 32 } else { 128 };
    let quiet = !link.arp || vip.is_ipv4() && spec.arp != ArpMethod::Sysctl;
    let text = format!("{vip}/{} is on {device}", it.prefix);
    let elsewhere = || {
        Remedy::Advice(format!(
            "find out what put it on {device}, remove it there, and then run `ipvsadm rs prepare'"
        ))
    };
    match (whole, quiet, it.duplicate) {
        (_, _, true) => problem(text + ", but unusable: another host has it too", duplicate()),
        (_, false, _) => problem(text + ", which answers neighbours for it", elsewhere()),
        (false, ..) => problem(text + ", which makes its whole subnet local", elsewhere()),
        _ if link.up => good(text),
        _ => problem(text + ", which is down", set_up(device)),
    }
}

fn default_route(spec: &RealServer, facts: &Facts) -> Vec<Finding> {
    let gateway = |family| facts.default_route(family).and_then(|route| route.gateway);
    let to_director = |director: &IpAddr| match gateway(Family::of(director)) {
        Some(gateway) if gateway == *director => {
            good(format!("the default route goes through the director {director}"))
        }
        Some(gateway) => problem(
            format!("the default route goes through {gateway}, not the director {director}"),
            Remedy::Prepare,
        ),
        None => problem("there is no default route through the director", Remedy::Prepare),
    };
    if !spec.directors.is_empty() {
        return spec.directors.iter().map(to_director).collect();
    }
    let gateways: Vec<IpAddr> = [Family::V4, Family::V6].into_iter().filter_map(gateway).collect();
    if gateways.is_empty() {
        let advice = "name the director: `ipvsadm rs prepare --mode nat --director ADDR'";
        return vec![problem("there is no default route", Remedy::Advice(advice.to_owned()))];
    }
    let through = |gateway: IpAddr| {
        good(format!("the default route goes through {gateway}, which must be the director"))
    };
    gateways.into_iter().map(through).collect()
}
