//! Checks whether the host unpacks and accepts the director's packets.

use std::net::IpAddr;

use super::finding::{Finding, Remedy, finding, good, obstacle, problem, set_up};
use crate::error::Obstacle;
use crate::host::facts::Facts;
use crate::host::plan::tunnel::{ALL_FILTERED, gue_port, interface, name, own_address};
use crate::host::spec::{Encapsulation, RealServer};
use crate::model::{Link, NewLink, set_parameter};

/// Checks the tunnel's interface, its GUE port and its reverse path filter.
pub fn check(
    spec: &RealServer,
    encapsulation: Encapsulation,
    facts: &Facts,
    vip: IpAddr,
) -> Vec<Finding> {
    let own = match own_address(spec, facts, vip) {
        Ok(own) => own,
        // Any of the addresses gives the same kind of tunnel.
        Err(Obstacle::NoOwnAddress { found, .. }) if !found.is_empty() => found[0],
        Err(why) => return vec![obstacle(&why)],
    };
    let wanted = interface(encapsulation, own, vip);
    let mut findings = Vec::new();
    if let Some(port) = gue_port(encapsulation, &wanted) {
        let unpacks = facts.gue_ports.contains(&port);
        let verb = if unpacks { "unpacks" } else { "does not unpack" };
        let text = format!("UDP port {} {verb} GUE", port.port);
        findings.push(finding(unpacks, text, || Remedy::Prepare));
    }
    findings.push(match unpacker(facts, &wanted) {
        None => problem(format!("no interface unpacks {} packets", wanted.kind()), Remedy::Prepare),
        Some(Link { name, up: false, .. }) => {
            problem(format!("{name} is down and unpacks nothing"), set_up(name))
        }
        Some(link) if vip.is_ipv4() => let_in(facts, link, &name(&wanted)),
        Some(Link { name, .. }) => good(format!("{name} is up")),
    });
    findings
}

/// The tunnel interface that `prepare` adds, or another one of its kind that is up, such as the
/// kernel's fallback interface.
fn unpacker<'a>(facts: &'a Facts, wanted: &NewLink) -> Option<&'a Link> {
    let mut fit = facts.links.iter().filter(|link| link.kind == wanted.kind());
    let own = name(wanted);
    fit.clone().find(|link| link.name == own).or_else(|| fit.find(|link| link.up))
}

/// Checks whether reverse path filtering passes the packets. Strict filtering never does; loose
/// filtering does if the interface has an address.
fn let_in(facts: &Facts, link: &Link, own: &str) -> Finding {
    let name = &link.name;
    let bare = !facts.addresses.iter().any(|it| it.index == link.index && it.address.is_ipv4());
    let value = facts.effective(name, "rp_filter");
    let why = match value {
        1 => "",
        2 if bare => ", and it has no IPv4 address",
        _ => return good(format!("{name} lets packets in (rp_filter {value})")),
    };
    let text = format!("{name} drops the packets that it has unpacked (rp_filter {value}{why})");
    problem(text, loosened(facts, name, bare, own))
}

/// Remedy for the filter. The kernel uses the greater value of `all` and the interface. `all`
/// concerns the whole host, so it stays if loose filtering on the interface is enough.
fn loosened(facts: &Facts, name: &str, bare: bool, own: &str) -> Remedy {
    let key = format!("ipv4/conf/{name}/rp_filter");
    let all = facts.number(ALL_FILTERED);
    let value = if all == 0 || bare { "0" } else { "2" };
    if bare && all != 0 {
        let set = [ALL_FILTERED, &key].into_iter().filter(|key| facts.number(key) != 0);
        return Remedy::Commands(set.map(|key| set_parameter(key, "0")).collect());
    }
    if name == own {
        return Remedy::Set(vec![(key, value.to_owned())]);
    }
    Remedy::Commands(vec![set_parameter(&key, value)])
}
