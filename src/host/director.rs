//! What a director needs: the virtual address on its front interface, and whatever the mode needs.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::checks::{Finding, finding};
use super::facts::Facts;
use super::plan::{free, ipv6_on, unicast};
use super::state::Ledger;
use super::step::Step;
use super::tunnel::needs;
use crate::error::Obstacle;
use crate::model::quote::option;

/// What is wished of a director.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Director {
    /// The virtual addresses.
    pub vips: Vec<IpAddr>,
    /// The interface towards the clients.
    pub interface: String,
    /// Real servers are masqueraded: their answers come back through here.
    pub nat: bool,
    /// Parameters of IPVS, checked.
    pub parameters: BTreeMap<String, String>,
    /// Schedulers to load.
    pub schedulers: Vec<String>,
    /// Take the address even where another host answers for it.
    pub takeover: bool,
}

impl Director {
    /// The words behind `ipvsadm director prepare` that wish the same for one address.
    pub fn words(&self, holder: &str) -> Vec<String> {
        let mut words = [option("--vip", holder), option("--iface", &self.interface)].concat();
        if self.nat {
            words.extend(option("--mode", "nat"));
        }
        for (name, value) in &self.parameters {
            words.extend(option("--set", &format!("{name}={}", value.replace('\t', ","))));
        }
        for scheduler in &self.schedulers {
            words.extend(option("--scheduler", scheduler));
        }
        if self.takeover {
            words.push("--takeover".to_owned());
        }
        words
    }

    fn keys(&self) -> impl Iterator<Item = (String, &str)> {
        let key = |name: &String| format!("ipv4/vs/{name}");
        self.parameters.iter().map(move |(name, value)| (key(name), &value[..]))
    }
}

/// Parameters and modules, forwarding, address.
pub fn steps(
    wish: &Director,
    facts: &Facts,
    ledger: &Ledger,
    vip: IpAddr,
) -> Result<[Vec<Step>; 3], Obstacle> {
    unicast(vip)?;
    let link = facts.present(&wish.interface)?;
    if !link.arp {
        let why = "it takes no part in ARP: clients would not find the address".to_owned();
        return Err(Obstacle::InterfaceUnfit { name: wish.interface.clone(), why });
    }
    if !link.up {
        return Err(Obstacle::InterfaceDown { name: wish.interface.clone() });
    }
    if vip.is_ipv6() {
        ipv6_on(facts, &wish.interface)?;
    }
    free(facts, ledger, vip, &wish.interface, "director")?;
    let device = wish.interface.clone();
    let address = Step::Address { device: device.clone(), address: vip };
    // It is not asked for while it is here. One that was lost may be another director's by now.
    if !wish.takeover
        && let Some((_, mac)) = facts.answers.iter().find(|(address, _)| *address == vip)
    {
        return Err(Obstacle::Answered { address: vip, mac: mac.clone(), name: device });
    }
    let announce = Step::Announce { device, address: vip };
    Ok([ipvs(wish, facts, ledger)?, ways(wish, facts, ledger, vip)?, vec![address, announce]])
}

fn ipvs(wish: &Director, facts: &Facts, ledger: &Ledger) -> Result<Vec<Step>, Obstacle> {
    needs(facts, "ip_vs")?;
    let mut steps = vec![Step::Module { name: "ip_vs".to_owned() }];
    for scheduler in &wish.schedulers {
        let name = format!("ip_vs_{scheduler}");
        needs(facts, &name)?;
        steps.push(Step::Module { name });
    }
    let parameters = wish.keys().map(|(key, value)| Step::Sysctl { key, value: value.to_owned() });
    steps.extend(wanted(facts, ledger, parameters)?);
    Ok(steps)
}

/// Where it masquerades, answers pass; and real servers must not be told of shorter ways.
fn ways(
    wish: &Director,
    facts: &Facts,
    ledger: &Ledger,
    vip: IpAddr,
) -> Result<Vec<Step>, Obstacle> {
    if !wish.nat {
        return Ok(Vec::new());
    }
    let set = |key: String, value: &str| Step::Sysctl { key, value: value.to_owned() };
    let mut steps = Vec::new();
    if vip.is_ipv6() {
        let forwarding = set("ipv6/conf/all/forwarding".to_owned(), "1");
        if differs(facts, &forwarding) || ledger.owns(&forwarding) {
            steps.extend(hearing(facts, ledger));
        }
        steps.push(forwarding);
    } else {
        for name in ["all", &wish.interface] {
            steps.push(set(format!("ipv4/conf/{name}/send_redirects"), "0"));
        }
        // Not `all`: that would write to every interface, those to come too.
        for link in facts.links.iter().filter(|link| link.arp && link.up) {
            steps.push(set(format!("ipv4/conf/{}/forwarding", link.name), "1"));
        }
    }
    wanted(facts, ledger, steps)
}

/// Interfaces that forward stop listening to routers, and the kernel drops the default routes that
/// it learnt from them, unless they are told to listen all the same.
fn hearing(facts: &Facts, ledger: &Ledger) -> Vec<Step> {
    let mut steps = Vec::new();
    for link in facts.links.iter().filter(|link| !link.loopback) {
        let of = |parameter| format!("ipv6/conf/{}/{parameter}", link.name);
        let step = Step::Sysctl { key: of("accept_ra"), value: "2".to_owned() };
        let hears = facts.number(&of("accept_ra")) == 1 && facts.number(&of("forwarding")) == 0;
        if hears || ledger.owns(&step) {
            steps.push(step);
        }
    }
    steps
}

fn differs(facts: &Facts, step: &Step) -> bool {
    match step {
        Step::Sysctl { key, value } => facts.sysctl(key) != Some(value),
        _ => true,
    }
}

/// Those that are not so already, or are by this program.
fn wanted(
    facts: &Facts,
    ledger: &Ledger,
    steps: impl IntoIterator<Item = Step>,
) -> Result<Vec<Step>, Obstacle> {
    let wanted = |step: &Step| differs(facts, step) || ledger.owns(step);
    let steps: Vec<Step> = steps.into_iter().filter(wanted).collect();
    if !facts.writable && !steps.is_empty() {
        return Err(Obstacle::ReadOnly);
    }
    Ok(steps)
}

/// Looks at the effective state.
pub fn judge(wish: &Director, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for vip in &wish.vips {
        let index = facts.link(&wish.interface).map(|link| link.index);
        let found = facts.addresses.iter().find(|it| it.address == *vip);
        findings.push(match found {
            Some(it) if it.duplicate => finding(false, format!("{vip} is a duplicate: unusable")),
            Some(it) if Some(it.index) == index => {
                finding(true, format!("{vip}/{} is on {}", it.prefix, wish.interface))
            }
            _ => finding(false, format!("{vip} is not on {}", wish.interface)),
        });
        let local = facts.routes.get(vip).is_some_and(|route| route.local);
        let not = if local { "" } else { "not " };
        findings.push(finding(local, format!("packets to {vip} are {not}for this host")));
        if wish.nat && vip.is_ipv6() {
            let on = facts.sysctl("ipv6/conf/all/forwarding") == Some("1");
            findings.push(finding(on, format!("IPv6 forwarding is {}", word(on))));
        }
    }
    if wish.nat && wish.vips.iter().any(IpAddr::is_ipv4) {
        let name = &wish.interface;
        let redirects = facts.effective(name, "send_redirects");
        findings.push(match redirects {
            0 => finding(true, format!("{name} sends no redirects")),
            it => finding(false, format!("{name} tells of shorter ways (send_redirects {it})")),
        });
        for link in facts.links.iter().filter(|link| link.arp && link.up) {
            let on = facts.sysctl(&format!("ipv4/conf/{}/forwarding", link.name)) == Some("1");
            findings.push(finding(on, format!("IPv4 forwarding of {} is {}", link.name, word(on))));
        }
    }
    for (key, value) in wish.keys() {
        let now = facts.sysctl(&key).unwrap_or("absent");
        findings.push(finding(now == value, format!("net/{key} is {now}")));
    }
    findings
}

fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
