//! Whether the director's packets are unpacked and let in, whoever brought that about.

use std::net::IpAddr;

use super::finding::{Finding, finding, prepare_command};
use crate::error::Obstacle;
use crate::host::facts::Facts;
use crate::host::plan::tunnel::{ALL_FILTERED, gue_port, interface, name, own_address};
use crate::host::spec::{Encapsulation, RealServer};
use crate::model::quote::shell;
use crate::model::{Link, NewLink, set_parameter};

/// Whether the director's packets are unpacked and let in, whoever brought that about.
pub fn check(
    spec: &RealServer,
    encapsulation: Encapsulation,
    facts: &Facts,
    vip: IpAddr,
) -> Vec<Finding> {
    let own = match own_address(spec, facts, vip) {
        Ok(own) => own,
        // Any of them tells the kind.
        Err(Obstacle::NoOwnAddress { found, .. }) if !found.is_empty() => found[0],
        Err(obstacle) => return vec![finding(false, obstacle.to_string())],
    };
    let wanted = interface(encapsulation, own, vip);
    let mut findings = Vec::new();
    if let Some(port) = gue_port(encapsulation, &wanted) {
        findings.push(if facts.gue_ports.contains(&port) {
            finding(true, format!("UDP port {} unpacks GUE", port.port))
        } else {
            let remedy = prepare_command(spec, vip);
            finding(false, format!("UDP port {} does not unpack GUE; {remedy}", port.port))
        });
    }
    findings.push(match unpacker(facts, &wanted) {
        None => {
            let remedy = prepare_command(spec, vip);
            finding(false, format!("no interface unpacks {} packets; {remedy}", wanted.kind()))
        }
        Some(Link { name, up: false, .. }) => {
            let up = format!("ip link set dev {} up", shell(name));
            finding(false, format!("{name} is down and unpacks nothing; {up}"))
        }
        Some(link) if vip.is_ipv4() => let_in(facts, link),
        Some(Link { name, .. }) => finding(true, format!("{name} is up")),
    });
    findings
}

/// The own interface, or another of its kind that is up, such as the fallback interface.
fn unpacker<'a>(facts: &'a Facts, wanted: &NewLink) -> Option<&'a Link> {
    let mut fit = facts.links.iter().filter(|link| link.kind == wanted.kind());
    let own = name(wanted);
    fit.clone().find(|link| link.name == own).or_else(|| fit.find(|link| link.up))
}

fn let_in(facts: &Facts, link: &Link) -> Finding {
    let name = &link.name;
    let bare = !facts.addresses.iter().any(|it| it.index == link.index && it.address.is_ipv4());
    match facts.effective(name, "rp_filter") {
        1 => finding(false, format!("{name} drops what comes out of it (rp_filter 1)")),
        2 if bare => {
            let whose = if facts.number(ALL_FILTERED) == 0 { name } else { "all" };
            let remedy = set_parameter(&format!("ipv4/conf/{whose}/rp_filter"), "0");
            finding(
                false,
                format!(
                    "{name} drops what comes out of it (rp_filter 2, and it has no IPv4 address); \
                     {remedy}"
                ),
            )
        }
        it => finding(true, format!("{name} lets packets in (rp_filter {it})")),
    }
}
