//! Silence: a real server must not speak for the virtual address.

use std::net::IpAddr;

use super::facts::{ArpTables, Facts};
use super::spec::{ArpMethod, RealServer};
use super::state::Ledger;
use super::step::Step;
use crate::error::Obstacle;
use crate::model::quote::nft;
use crate::model::{Family, Link};

/// The steps that silence this host for one IPv4 address. For IPv6 none are needed: the kernel
/// answers only for addresses of the interface that was asked.
pub fn silence(
    wish: &RealServer,
    facts: &Facts,
    ledger: &Ledger,
    vip: IpAddr,
) -> Result<Vec<Step>, Obstacle> {
    if vip.is_ipv6() {
        return Ok(Vec::new());
    }
    match wish.arp {
        ArpMethod::Sysctl => sysctls(wish, facts, ledger),
        ArpMethod::Nft => match facts.nft {
            Some(true) => Ok(vec![table(wish, facts, vip)?]),
            Some(false) => {
                Err(Obstacle::Unsupported { what: "nftables tables for ARP".to_owned() })
            }
            None => Err(Obstacle::NoProgram { name: "nft".to_owned() }),
        },
        ArpMethod::Arptables => match &facts.arptables {
            ArpTables::Program(program) => {
                let program = made_with(ledger, vip).unwrap_or(program);
                Ok(vec![rules(wish, facts, vip, program)?])
            }
            ArpTables::Unsupported => Err(Obstacle::Unsupported { what: "arptables".to_owned() }),
            ArpTables::Absent => Err(Obstacle::NoProgram { name: "arptables".to_owned() }),
        },
        ArpMethod::None => Ok(Vec::new()),
    }
}

/// The program with which the rules for this address were made: another one would not find them.
fn made_with(ledger: &Ledger, vip: IpAddr) -> Option<&str> {
    ledger.entries.iter().find_map(|entry| match &entry.step {
        Step::Arptables { program, vip: other, .. } if *other == vip => Some(&program[..]),
        _ => None,
    })
}

/// The interfaces that neighbours can ask: those named, or all.
pub fn listeners<'a>(wish: &RealServer, facts: &'a Facts) -> Result<Vec<&'a Link>, Obstacle> {
    if wish.interfaces.is_empty() {
        return Ok(facts.links.iter().filter(|link| link.arp && link.up).collect());
    }
    let checked = |name: &String| {
        let link = facts.present(name)?;
        if !link.arp {
            let why = "it takes no part in ARP".to_owned();
            return Err(Obstacle::InterfaceUnfit { name: name.clone(), why });
        }
        if !link.up {
            return Err(Obstacle::InterfaceDown { name: name.clone() });
        }
        Ok(link)
    };
    wish.interfaces.iter().map(checked).collect()
}

fn key(name: &str, parameter: &str) -> String {
    format!("ipv4/conf/{name}/{parameter}")
}

fn sysctls(wish: &RealServer, facts: &Facts, ledger: &Ledger) -> Result<Vec<Step>, Obstacle> {
    let listeners = listeners(wish, facts)?;
    for link in &listeners {
        loud(facts, &link.name)?;
    }
    let scope: Vec<&str> = if wish.interfaces.is_empty() {
        vec!["all"]
    } else {
        listeners.iter().map(|link| &link.name[..]).collect()
    };
    let mut steps = Vec::new();
    for (parameter, enough, value) in [("arp_announce", 2, "2"), ("arp_ignore", 1, "1")] {
        for name in &scope {
            let set = |name| Step::Sysctl { key: key(name, parameter), value: value.to_owned() };
            let step = set(name);
            let own = facts.number(&key(name, parameter));
            // What another address has set for all interfaces goes with that address.
            let lent = ledger.owns(&set("all"));
            let present = if lent { own } else { facts.effective(name, parameter) } >= enough;
            // What somebody has made stricter since is not ours any more.
            let is_ours = ledger.owns(&step) && own <= enough;
            if !present || is_ours {
                steps.push(step);
            }
        }
    }
    if !facts.writable && !steps.is_empty() {
        return Err(Obstacle::ReadOnly);
    }
    Ok(steps)
}

/// Whether `arp_ignore` keeps a host from answering for addresses of other interfaces: of the values
/// above 2 only 8 does.
pub fn is_silent(ignore: u32) -> bool {
    matches!(ignore, 1 | 2 | 8)
}

/// Whether a parameter does what `value` was to do, as it does where somebody made it stricter.
pub fn is_enough(key: &str, value: &str, now: &str) -> bool {
    let stricter = || {
        key.ends_with("/arp_ignore")
            && [value, now].iter().all(|it| it.parse().is_ok_and(is_silent))
    };
    now == value || stricter()
}

/// The greater of `all` and the interface counts, so a smaller one here would not help.
fn loud(facts: &Facts, name: &str) -> Result<(), Obstacle> {
    let ignore = facts.effective(name, "arp_ignore");
    if ignore == 0 || is_silent(ignore) {
        return Ok(());
    }
    let of = |holder: &str| facts.number(&key(holder, "arp_ignore"));
    let culprit = if of(name) >= of("all") { name } else { "all" };
    let key = key(culprit, "arp_ignore");
    let value = of(culprit).to_string();
    Err(Obstacle::AnswersArp { name: name.to_owned(), key, value })
}

/// Each interface with the address that it may speak for.
fn speakers(wish: &RealServer, facts: &Facts) -> Result<Vec<(String, Option<IpAddr>)>, Obstacle> {
    let own = |name: &str| {
        let mut own = facts.own_addresses(Family::V4);
        own.find(|(link, it)| link.name == name && !wish.vips.contains(it)).map(|(_, it)| it)
    };
    Ok(listeners(wish, facts)?
        .into_iter()
        .map(|link| (link.name.clone(), own(&link.name)))
        .collect())
}

fn table(wish: &RealServer, facts: &Facts, vip: IpAddr) -> Result<Step, Obstacle> {
    use std::fmt::Write as _;
    let mut input = String::new();
    let mut output = String::new();
    let narrow = !wish.interfaces.is_empty();
    for (name, own) in speakers(wish, facts)? {
        let name = nft(&name).ok_or_else(|| unsayable(&name, "nft"))?;
        if narrow {
            let _ = writeln!(input, "\t\tiifname {name} arp daddr ip {vip} drop");
        }
        let _ = match own {
            Some(own) => {
                writeln!(output, "\t\toifname {name} arp saddr ip {vip} arp saddr ip set {own}")
            }
            None => writeln!(output, "\t\toifname {name} arp saddr ip {vip} drop"),
        };
    }
    if !narrow {
        let _ = writeln!(input, "\t\tarp daddr ip {vip} drop");
        let _ = writeln!(output, "\t\tarp saddr ip {vip} drop");
    }
    let hook = |hook: &str| format!("\t\ttype filter hook {hook} priority 0; policy accept;\n");
    let body = format!(
        "\tchain in {{\n{}{input}\t}}\n\tchain out {{\n{}{output}\t}}\n",
        hook("input"),
        hook("output")
    );
    Ok(Step::Nft { table: table_of(&vip), body })
}

/// The language of the rules would take the name for another, or for none.
fn unsayable(name: &str, program: &str) -> Obstacle {
    let why = format!("{program} cannot name it in a rule: rename it, or choose --arp sysctl");
    Obstacle::InterfaceUnfit { name: name.to_owned(), why }
}

/// The nftables table for a virtual address.
pub fn table_of(vip: &IpAddr) -> String {
    format!("ipvsadm_rs_{vip}")
}

fn rules(wish: &RealServer, facts: &Facts, vip: IpAddr, program: &str) -> Result<Step, Obstacle> {
    let narrow = !wish.interfaces.is_empty();
    let mut rules = Vec::new();
    if !narrow {
        rules.push(format!("INPUT -d {vip} -j DROP"));
    }
    for (name, own) in speakers(wish, facts)? {
        // A plus at the end stands for any rest, an exclamation mark for all others.
        if name == "!" || name.ends_with('+') {
            return Err(unsayable(&name, "arptables"));
        }
        if narrow {
            rules.push(format!("INPUT -i {name} -d {vip} -j DROP"));
        }
        rules.push(match own {
            Some(own) => format!("OUTPUT -o {name} -s {vip} -j mangle --mangle-ip-s {own}"),
            None => format!("OUTPUT -o {name} -s {vip} -j DROP"),
        });
    }
    // What was rewritten is accepted there and then.
    if !narrow {
        rules.push(format!("OUTPUT -s {vip} -j DROP"));
    }
    Ok(Step::Arptables { program: program.to_owned(), vip, rules })
}
