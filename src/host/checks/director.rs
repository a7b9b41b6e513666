//! Checks whether a host is a director as desired.

use std::net::IpAddr;

use super::finding::{Finding, Remedy, duplicate, finding, good, not_local, problem};
use crate::host::facts::Facts;
use crate::host::spec::Director;

/// Compares the current state with the desired one.
pub fn check(spec: &Director, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for vip in &spec.vips {
        findings.extend(address(spec, facts, *vip));
        if spec.nat && vip.is_ipv6() {
            let key = "ipv6/conf/all/forwarding";
            let on = facts.sysctl(key) == Some("1");
            findings.push(forwarding("IPv6 forwarding", key, on));
        }
    }
    if spec.nat && spec.vips.iter().any(IpAddr::is_ipv4) {
        findings.push(redirects(&spec.interface, facts));
        for link in facts.links.iter().filter(|link| link.arp && link.up) {
            let key = format!("ipv4/conf/{}/forwarding", link.name);
            let on = facts.sysctl(&key) == Some("1");
            findings.push(forwarding(&format!("IPv4 forwarding of {}", link.name), &key, on));
        }
    }
    for (key, value) in spec.keys() {
        let now = facts.sysctl(&key);
        let text = format!("net/{key} is {}", now.unwrap_or("absent"));
        findings.push(finding(now == Some(value), text, || match now {
            Some(_) => Remedy::Set(vec![(key, value.to_owned())]),
            None => Remedy::Prepare, // the module is not loaded
        }));
    }
    findings
}

fn address(spec: &Director, facts: &Facts, vip: IpAddr) -> [Finding; 2] {
    let name = &spec.interface;
    let here = facts.link(name).map(|link| link.index);
    // The VIP may be on `lo` as well, if the director is also a real server.
    let with_vip = || facts.addresses.iter().filter(|it| it.address == vip);
    let found = with_vip().find(|it| Some(it.index) == here).or_else(|| with_vip().next());
    let local = facts.routes.get(&vip).is_some_and(|route| route.local);
    let not = if local { "" } else { "not " };
    let packets = format!("packets to {vip} are {not}for this host");
    let remedy = || if found.is_some() { not_local() } else { Remedy::Prepare };
    let address = match found {
        Some(it) if it.duplicate => {
            problem(format!("{vip} is unusable: another host has it too"), duplicate())
        }
        Some(it) if Some(it.index) == here => good(format!("{vip}/{} is on {name}", it.prefix)),
        Some(it) => {
            let other = facts.link_at(it.index).map_or("another interface", |link| &link.name);
            problem(
                format!("{vip} is not on {name}, but on {other}"),
                Remedy::Advice(format!("name that interface with --iface, or move {vip}")),
            )
        }
        None => problem(format!("{vip} is not on {name}"), Remedy::Prepare),
    };
    [address, finding(local, packets, remedy)]
}

fn redirects(name: &str, facts: &Facts) -> Finding {
    let keys = ["all", name].map(|of| format!("ipv4/conf/{of}/send_redirects"));
    match facts.effective(name, "send_redirects") {
        0 => good(format!("{name} sends no ICMP redirects")),
        value => {
            let set = keys.into_iter().filter(|key| facts.number(key) != 0);
            let remedy = Remedy::Set(set.map(|key| (key, "0".to_owned())).collect());
            problem(format!("{name} sends ICMP redirects (send_redirects {value})"), remedy)
        }
    }
}

fn forwarding(what: &str, key: &str, on: bool) -> Finding {
    let text = format!("{what} is {}", if on { "on" } else { "off" });
    finding(on, text, || Remedy::Set(vec![(key.to_owned(), "1".to_owned())]))
}
