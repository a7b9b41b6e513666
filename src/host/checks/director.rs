//! Whether a host is a director as asked.

use std::net::IpAddr;

use super::finding::{Finding, finding};
use crate::host::facts::Facts;
use crate::host::spec::Director;

/// Checks the state that is in effect.
pub fn check(spec: &Director, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for vip in &spec.vips {
        let index = facts.link(&spec.interface).map(|link| link.index);
        let found = facts.addresses.iter().find(|it| it.address == *vip);
        findings.push(match found {
            Some(it) if it.duplicate => finding(false, format!("{vip} is a duplicate: unusable")),
            Some(it) if Some(it.index) == index => {
                finding(true, format!("{vip}/{} is on {}", it.prefix, spec.interface))
            }
            _ => finding(false, format!("{vip} is not on {}", spec.interface)),
        });
        let local = facts.routes.get(vip).is_some_and(|route| route.local);
        let not = if local { "" } else { "not " };
        findings.push(finding(local, format!("packets to {vip} are {not}for this host")));
        if spec.nat && vip.is_ipv6() {
            let on = facts.sysctl("ipv6/conf/all/forwarding") == Some("1");
            findings.push(finding(on, format!("IPv6 forwarding is {}", word(on))));
        }
    }
    if spec.nat && spec.vips.iter().any(IpAddr::is_ipv4) {
        let name = &spec.interface;
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
    for (key, value) in spec.keys() {
        let now = facts.sysctl(&key).unwrap_or("absent");
        findings.push(finding(now == value, format!("net/{key} is {now}")));
    }
    findings
}

fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
