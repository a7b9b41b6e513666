//! Whether a host is a real server as asked.

use std::net::IpAddr;

use super::finding::{Finding, finding, prepare_command};
use super::tunnel;
use crate::host::facts::{Facts, is_silent};
use crate::host::plan::arp;
use crate::host::spec::{ArpMethod, Mode, RealServer};
use crate::host::state::State;
use crate::model::Family;

/// Checks the state that is in effect, whoever brought it about.
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
        // Whether the gateway has its static entry cannot be seen from here.
        ArpMethod::Sysctl | ArpMethod::None => {}
    }
    for vip in &spec.vips {
        findings.extend(address(spec, facts, *vip));
    }
    findings
}

/// Whether the rules stand that a preparation would make.
fn filtered(spec: &RealServer, facts: &Facts, vip: IpAddr) -> Finding {
    let steps = match arp::steps(spec, facts, &State::default(), vip) {
        Ok(steps) => steps,
        Err(obstacle) => return finding(false, obstacle.to_string()),
    };
    match steps.iter().find_map(|step| step.missing_rules(facts)) {
        None => {
            finding(true, format!("rules of {} keep this host from answering for {vip}", spec.arp))
        }
        Some(what) => {
            let remedy = prepare_command(spec, vip);
            finding(false, format!("this host may answer ARP for {vip}: {what}; {remedy}"))
        }
    }
}

fn suppression(spec: &RealServer, facts: &Facts) -> Vec<Finding> {
    let listeners = match arp::listeners(spec, facts) {
        Ok(listeners) => listeners,
        Err(obstacle) => return vec![finding(false, obstacle.to_string())],
    };
    let mut findings = Vec::new();
    for link in listeners {
        let name = &link.name;
        let ignore = facts.effective(name, "arp_ignore");
        let silent = is_silent(ignore);
        let answers = if silent { "does not answer" } else { "answers" };
        findings.push(finding(silent, format!("{name} {answers} ARP (arp_ignore {ignore})")));
        let announce = facts.effective(name, "arp_announce");
        findings.push(match announce {
            2 => finding(true, format!("{name} announces its own address only (arp_announce 2)")),
            _ => finding(
                false,
                format!(
                    "{name} announces the virtual address when it asks (arp_announce {announce})"
                ),
            ),
        });
    }
    findings
}

fn address(spec: &RealServer, facts: &Facts, vip: IpAddr) -> Vec<Finding> {
    let mut findings = Vec::new();
    let found: Vec<_> = facts.addresses.iter().filter(|it| it.address == vip).collect();
    if found.is_empty() {
        findings.push(finding(false, format!("{vip} is on no interface")));
    }
    for it in found {
        let Some(link) = facts.link_at(it.index) else { continue };
        let whole = it.prefix == if vip.is_ipv4() { 32 } else { 128 };
        let quiet = !link.arp || vip.is_ipv4() && spec.arp != ArpMethod::Sysctl;
        let text = format!("{vip}/{} is on {}", it.prefix, link.name);
        findings.push(match (whole, quiet, it.duplicate) {
            (_, _, true) => finding(false, text + ", but unusable: found to be a duplicate"),
            (_, false, _) => finding(false, text + ", which answers neighbours for it"),
            (false, ..) => finding(false, text + ", which makes its whole subnet local"),
            _ => finding(link.up, if link.up { text } else { text + ", which is down" }),
        });
    }
    if let Mode::Tunnel(encapsulation) = spec.mode {
        findings.extend(tunnel::check(spec, encapsulation, facts, vip));
    }
    let local = facts.routes.get(&vip).is_some_and(|route| route.local);
    let not = if local { "" } else { "not " };
    findings.push(finding(local, format!("packets to {vip} are {not}for this host")));
    findings
}

fn default_route(spec: &RealServer, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let directors = spec.directors.iter();
    for director in directors {
        let gateway = facts.default_route(Family::of(director)).and_then(|route| route.gateway);
        findings.push(match gateway {
            Some(gateway) if gateway == *director => {
                finding(true, format!("the default route goes through the director {director}"))
            }
            Some(gateway) => finding(
                false,
                format!("the default route goes through {gateway}, not the director {director}"),
            ),
            None => finding(false, "there is no default route through the director"),
        });
    }
    if spec.directors.is_empty() {
        let routes = [Family::V4, Family::V6].map(|family| facts.default_route(family));
        let gateways: Vec<IpAddr> =
            routes.into_iter().flatten().filter_map(|it| it.gateway).collect();
        if gateways.is_empty() {
            findings.push(finding(false, "there is no default route"));
        }
        for gateway in gateways {
            let text =
                format!("the default route goes through {gateway}: this must be the director");
            findings.push(finding(true, text));
        }
    }
    findings
}
