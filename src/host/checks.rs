//! Whether a host is as wished.

use std::net::IpAddr;

use serde::Serialize;

use super::facts::Facts;
use super::spec::{ArpMethod, Mode, RealServer};
use super::state::Ledger;
use super::step::Step;
use super::{arp, filter, tunnel};
use crate::model::quote::shell;
use crate::model::{Family, Link};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// As it must be.
    pub ok: bool,
    /// What was found.
    pub text: String,
}

pub fn finding(ok: bool, text: impl Into<String>) -> Finding {
    Finding { ok, text: text.into() }
}

/// Looks at the effective state, whoever brought it about.
pub fn judge(wish: &RealServer, facts: &Facts) -> Vec<Finding> {
    if wish.mode == Mode::Nat {
        return way_back(wish, facts);
    }
    let mut findings = Vec::new();
    let mut heard = wish.vips.iter().filter(|vip| vip.is_ipv4()).peekable();
    match wish.arp {
        ArpMethod::Sysctl if heard.peek().is_some() => findings.extend(quiet(wish, facts)),
        ArpMethod::Nft | ArpMethod::Arptables => {
            findings.extend(heard.map(|vip| filtered(wish, facts, *vip)));
        }
        // Whether the gateway has its static entry cannot be seen from here.
        ArpMethod::Sysctl | ArpMethod::None => {}
    }
    for vip in &wish.vips {
        findings.extend(address(wish, facts, *vip));
    }
    findings
}

/// Whether the rules stand that a preparation would make.
fn filtered(wish: &RealServer, facts: &Facts, vip: IpAddr) -> Finding {
    let steps = match arp::silence(wish, facts, &Ledger::default(), vip) {
        Ok(steps) => steps,
        Err(obstacle) => return finding(false, obstacle.to_string()),
    };
    match steps.iter().find_map(|step| lacking(step, facts)) {
        None => {
            finding(true, format!("rules of {} keep this host from answering for {vip}", wish.arp))
        }
        Some(what) => {
            let remedy = remedy(wish, vip);
            finding(false, format!("this host may answer ARP for {vip}: {what}; {remedy}"))
        }
    }
}

/// What of a step's rules is not there.
fn lacking(step: &Step, facts: &Facts) -> Option<String> {
    match step {
        Step::Nft { table, body } => match facts.tables.get(table) {
            None => Some(format!("there is no nftables table arp {table}")),
            Some(listing) if filter::is_table(listing, table, body) => None,
            Some(_) => Some(format!("nftables table arp {table} has not the rules for it")),
        },
        Step::Arptables { program, rules, .. } => {
            let mut rules = rules.iter();
            let missing = rules.find(|rule| !filter::is_listed(&facts.arp_rules, rule))?;
            Some(format!("{program} has no rule {missing}"))
        }
        _ => None,
    }
}

/// The command that puts it right.
pub fn remedy(wish: &RealServer, vip: IpAddr) -> String {
    let words = wish.words(&vip.to_string());
    let words: Vec<_> = words.iter().map(|word| shell(word)).collect();
    format!("ipvsadm rs prepare {}", words.join(" "))
}

/// Addresses of interfaces without neighbours for which others answer ARP: perhaps virtual ones.
pub fn loud(facts: &Facts) -> impl Iterator<Item = (IpAddr, &Link)> {
    let heard = facts.links.iter().any(|link| {
        let ignore = facts.effective(&link.name, "arp_ignore");
        link.arp && link.up && !arp::is_silent(ignore)
    });
    facts.addresses.iter().filter_map(move |it| {
        let link = facts.link_at(it.index)?;
        let fits = heard && link.up && !link.arp && it.address.is_ipv4();
        (fits && !it.address.is_loopback()).then_some((it.address, link))
    })
}

fn quiet(wish: &RealServer, facts: &Facts) -> Vec<Finding> {
    let listeners = match arp::listeners(wish, facts) {
        Ok(listeners) => listeners,
        Err(obstacle) => return vec![finding(false, obstacle.to_string())],
    };
    let mut findings = Vec::new();
    for link in listeners {
        let name = &link.name;
        let ignore = facts.effective(name, "arp_ignore");
        let silent = arp::is_silent(ignore);
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

fn address(wish: &RealServer, facts: &Facts, vip: IpAddr) -> Vec<Finding> {
    let mut findings = Vec::new();
    let found: Vec<_> = facts.addresses.iter().filter(|it| it.address == vip).collect();
    if found.is_empty() {
        findings.push(finding(false, format!("{vip} is on no interface")));
    }
    for it in found {
        let Some(link) = facts.link_at(it.index) else { continue };
        let whole = it.prefix == if vip.is_ipv4() { 32 } else { 128 };
        let quiet = !link.arp || vip.is_ipv4() && wish.arp != ArpMethod::Sysctl;
        let text = format!("{vip}/{} is on {}", it.prefix, link.name);
        findings.push(match (whole, quiet, it.duplicate) {
            (_, _, true) => finding(false, text + ", but unusable: found to be a duplicate"),
            (_, false, _) => finding(false, text + ", which answers neighbours for it"),
            (false, ..) => finding(false, text + ", which makes its whole subnet local"),
            _ => finding(link.up, if link.up { text } else { text + ", which is down" }),
        });
    }
    if let Mode::Tunnel(encapsulation) = wish.mode {
        findings.extend(tunnel::judge(wish, encapsulation, facts, vip));
    }
    let local = facts.routes.get(&vip).is_some_and(|route| route.local);
    let not = if local { "" } else { "not " };
    findings.push(finding(local, format!("packets to {vip} are {not}for this host")));
    findings
}

fn way_back(wish: &RealServer, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let directors = wish.directors.iter();
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
    if wish.directors.is_empty() {
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
