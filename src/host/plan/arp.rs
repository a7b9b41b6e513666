//! Plans ARP suppression: a real server must not answer ARP for the virtual address.

use std::net::IpAddr;

use crate::error::Obstacle;
use crate::host::facts::{ArpTables, Facts, is_silent};
use crate::host::spec::{ArpMethod, RealServer};
use crate::host::state::State;
use crate::host::steps::{Arptables, Nft, Step, Sysctl};
use crate::model::quote::nft;
use crate::model::{Family, Link};

/// The steps that suppress ARP for one IPv4 address. IPv6 needs none, because the kernel answers
/// neighbour solicitations only for addresses of the interface that received them.
pub fn steps(
    spec: &RealServer,
    facts: &Facts,
    state: &State,
    vip: IpAddr,
) -> Result<Vec<Step>, Obstacle> {
    if vip.is_ipv6() {
        return Ok(Vec::new());
    }
    match spec.arp {
        ArpMethod::Sysctl => sysctls(spec, facts, state),
        ArpMethod::Nft => match facts.nft {
            Some(true) => Ok(vec![table(spec, facts, vip)?]),
            Some(false) => {
                Err(Obstacle::Unsupported { what: "nftables tables for ARP".to_owned() })
            }
            None => Err(Obstacle::NoProgram { name: "nft".to_owned() }),
        },
        ArpMethod::Arptables => match &facts.arptables {
            ArpTables::Program(program) => {
                let program = made_with(state, vip).unwrap_or(program);
                Ok(vec![rules(spec, facts, vip, program)?])
            }
            ArpTables::Unsupported => Err(Obstacle::Unsupported { what: "arptables".to_owned() }),
            ArpTables::Absent => Err(Obstacle::NoProgram { name: "arptables".to_owned() }),
        },
        ArpMethod::None => Ok(Vec::new()),
    }
}

/// The arptables program that added the rules for this address. Another program would not find
/// them.
fn made_with(state: &State, vip: IpAddr) -> Option<&str> {
    let mut steps = state.entries.iter().filter_map(|entry| entry.step.arptables_for(vip));
    steps.next().map(|step| &step.program[..])
}

/// The interfaces on which neighbours can ask: the named ones, or all.
pub fn listeners<'a>(spec: &RealServer, facts: &'a Facts) -> Result<Vec<&'a Link>, Obstacle> {
    if spec.interfaces.is_empty() {
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
    spec.interfaces.iter().map(checked).collect()
}

fn key(name: &str, parameter: &str) -> String {
    format!("ipv4/conf/{name}/{parameter}")
}

fn sysctls(spec: &RealServer, facts: &Facts, state: &State) -> Result<Vec<Step>, Obstacle> {
    let listeners = listeners(spec, facts)?;
    for link in &listeners {
        check_silence(facts, &link.name)?;
        check_announcements(facts, &link.name)?;
    }
    let scope: Vec<&str> = if spec.interfaces.is_empty() {
        vec!["all"]
    } else {
        listeners.iter().map(|link| &link.name[..]).collect()
    };
    let mut steps = Vec::new();
    for (parameter, enough, value) in [("arp_announce", 2, "2"), ("arp_ignore", 1, "1")] {
        for name in &scope {
            let set = |name| Step::from(Sysctl::new(key(name, parameter), value));
            let step = set(name);
            let own = facts.number(&key(name, parameter));
            // A value that another address has set for `all` is undone with that address, so it
            // does not count.
            let borrowed = state.owns(&set("all"));
            let present = if borrowed { own } else { facts.effective(name, parameter) } >= enough;
            // A value that somebody has made stricter since is no longer ours.
            let is_ours = state.owns(&step) && own <= enough;
            if !present || is_ours {
                steps.push(step);
            }
        }
    }
    if !facts.writable && !steps.is_empty() {
        return Err(Obstacle::ReadOnly { is_arp_suppression: true });
    }
    Ok(steps)
}

/// Returns an error for an interface that would still answer. The kernel uses the greater value of
/// `all` and the interface, so setting a smaller one would not help.
pub fn check_silence(facts: &Facts, name: &str) -> Result<(), Obstacle> {
    let ignore = facts.effective(name, "arp_ignore");
    if ignore == 0 || is_silent(ignore) {
        return Ok(());
    }
    let (key, value) = greater(facts, name, "arp_ignore");
    Err(Obstacle::AnswersArp { name: name.to_owned(), key, value })
}

/// Returns an error for an interface that would announce the virtual address whatever is set for
/// `all`: the kernel treats values above 2 as 0, and uses the greater value.
pub fn check_announcements(facts: &Facts, name: &str) -> Result<(), Obstacle> {
    if facts.effective(name, "arp_announce") <= 2 {
        return Ok(());
    }
    let (key, value) = greater(facts, name, "arp_announce");
    Err(Obstacle::AnnouncesVip { name: name.to_owned(), key, value })
}

/// The parameter that takes effect on an interface, its own or that of `all`, and its value.
fn greater(facts: &Facts, name: &str, parameter: &str) -> (String, String) {
    let of = |holder: &str| facts.number(&key(holder, parameter));
    let holder = if of(name) >= of("all") { name } else { "all" };
    (key(holder, parameter), of(holder).to_string())
}

/// Each interface with the address that it may use as source of its ARP requests.
fn speakers(spec: &RealServer, facts: &Facts) -> Result<Vec<(String, Option<IpAddr>)>, Obstacle> {
    let own = |name: &str| {
        let mut own = facts.own_addresses(Family::V4);
        own.find(|(link, it)| link.name == name && !spec.vips.contains(it)).map(|(_, it)| it)
    };
    Ok(listeners(spec, facts)?
        .into_iter()
        .map(|link| (link.name.clone(), own(&link.name)))
        .collect())
}

fn table(spec: &RealServer, facts: &Facts, vip: IpAddr) -> Result<Step, Obstacle> {
    use std::fmt::Write as _;
    let mut input = String::new();
    let mut output = String::new();
    let narrow = !spec.interfaces.is_empty();
    for (name, own) in speakers(spec, facts)? {
        let name = nft(&name).ok_or_else(|| unnameable(&name, "nft"))?;
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
    Ok(Nft { table: table_of(&vip), body }.into())
}

/// Error for an interface name that the program would read as a wildcard or refuse.
fn unnameable(name: &str, program: &str) -> Obstacle {
    let why = format!("{program} cannot name it in a rule: rename it, or choose --arp sysctl");
    Obstacle::InterfaceUnfit { name: name.to_owned(), why }
}

/// Name of the nftables table for a virtual address.
pub fn table_of(vip: &IpAddr) -> String {
    format!("ipvsadm_rs_{vip}")
}

fn rules(spec: &RealServer, facts: &Facts, vip: IpAddr, program: &str) -> Result<Step, Obstacle> {
    let narrow = !spec.interfaces.is_empty();
    let mut rules = Vec::new();
    if !narrow {
        rules.push(format!("INPUT -d {vip} -j DROP"));
    }
    for (name, own) in speakers(spec, facts)? {
        // arptables reads a final plus as a wildcard, and an exclamation mark as a negation.
        if name == "!" || name.ends_with('+') {
            return Err(unnameable(&name, "arptables"));
        }
        if narrow {
            rules.push(format!("INPUT -i {name} -d {vip} -j DROP"));
        }
        rules.push(match own {
            Some(own) => format!("OUTPUT -o {name} -s {vip} -j mangle --mangle-ip-s {own}"),
            None => format!("OUTPUT -o {name} -s {vip} -j DROP"),
        });
    }
    // A rule that rewrites a packet also accepts it, so DROP comes last.
    if !narrow {
        rules.push(format!("OUTPUT -s {vip} -j DROP"));
    }
    Ok(Arptables { program: program.to_owned(), vip, rules }.into())
}
