//! The question of a shell: how can the word under the cursor go on?
//!
//! A line each: the word, a tab, and what it is. The line `:files` asks the shell for its own names
//! of files. Whatever cannot be read, for lack of rights or of IPVS, is left out in silence: the
//! user is in the middle of a line.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use crate::cli::complete::{Candidate, Live, Wanted, engines, schedulers};
use crate::cli::options::Opt;
use crate::error::Error;
use crate::model::{
    DestinationKey, Family, Naming, Numbers, Protocol, ServiceKey, is_harmful, printable,
};
use crate::netlink::Client;
use crate::netlink::route::Network;
use crate::output::order;
use crate::system::{modules, namespace, sysctl, table};

use super::Session;

pub(super) fn run(session: &mut Session<'_>, wanted: Wanted) -> Result<u8, Error> {
    if let Some(name) = &wanted.netns
        && namespace::enter(name, name.as_ref()).is_err()
    {
        return Ok(0);
    }
    let mut candidates = wanted.fixed;
    for live in &wanted.live {
        if *live == Live::Files {
            writeln!(session.out, ":files")?;
        } else {
            candidates.extend(look_up(session, *live));
        }
    }
    for Candidate { word, help } in candidates {
        // A shell would show it, and the word with a newline would be two.
        let is_plain = !word.contains(is_harmful);
        if is_plain && word.starts_with(&wanted.typed) {
            writeln!(session.out, "{}{word}\t{}", wanted.before, printable(&help))?;
        }
    }
    Ok(0)
}

fn look_up(session: &mut Session<'_>, live: Live) -> Vec<Candidate> {
    match live {
        Live::Services(option) => services(session, option),
        Live::VirtualAddresses => virtual_addresses(),
        Live::Servers(key) => servers(session, |service| key.is_none_or(|key| key == service)),
        Live::OtherServers(key) => {
            let present = key.map(|key| servers(session, |service| service == key));
            let mut others = servers(session, |service| Some(service) != key);
            others.retain(|it| !present.iter().flatten().any(|there| there.word == it.word));
            others
        }
        Live::OwnAddresses { port } => own_addresses(port).unwrap_or_default(),
        Live::Schedulers => with_module("ip_vs_", schedulers()),
        Live::Engines => with_module("ip_vs_pe_", engines()),
        Live::Interfaces => interfaces().unwrap_or_default(),
        Live::Namespaces => {
            namespace::names().into_iter().map(|name| candidate(name, "")).collect()
        }
        Live::Parameters => parameters(),
        Live::Timeout(place) => timeout(session, place).into_iter().collect(),
        Live::Files => Vec::new(),
    }
}

fn candidate(word: impl Into<String>, help: impl Into<String>) -> Candidate {
    Candidate { word: word.into(), help: help.into() }
}

fn with_module(prefix: &str, candidates: Vec<Candidate>) -> Vec<Candidate> {
    let there = |it: &Candidate| !modules::absent(&format!("{prefix}{}", it.word));
    candidates.into_iter().filter(there).collect()
}

/// Services with what they are. Everybody may read /proc, which lacks services by mark.
fn keys(session: &mut Session<'_>) -> (Vec<(ServiceKey, String)>, table::PlainTable) {
    if !table::is_there() {
        return Default::default();
    }
    let servers = table::plain().unwrap_or_default();
    let entries = session.client().and_then(Client::services);
    let keys = if let Ok(entries) = entries {
        let entries = order::services(entries).into_iter();
        entries.map(|it| (it.service.key, format!("{}, ", it.service.scheduler))).collect()
    } else {
        let keys = servers.services().map(|key| (*key, String::new())).collect();
        order::by_service(keys, |(key, _)| *key)
    };
    (keys, servers)
}

fn services(session: &mut Session<'_>, option: Opt) -> Vec<Candidate> {
    let (keys, servers) = keys(session);
    let names = |key: &ServiceKey| match (option, key) {
        (Opt::Tcp, ServiceKey::Address { protocol: Protocol::Tcp, .. })
        | (Opt::Udp, ServiceKey::Address { protocol: Protocol::Udp, .. })
        | (Opt::Sctp, ServiceKey::Address { protocol: Protocol::Sctp, .. }) => Some(endpoint(key)),
        (Opt::Fwmark, ServiceKey::Fwmark { mark, .. }) => Some(mark.to_string()),
        _ => None,
    };
    let help = |key: &ServiceKey, scheduler: String| match (key, servers.get(key)) {
        (ServiceKey::Fwmark { family: Family::V6, .. }, _) => format!("{scheduler}IPv6: add -6"),
        (_, Some(servers)) if servers.len() == 1 => format!("{scheduler}1 real server"),
        (_, Some(servers)) => format!("{scheduler}{} real servers", servers.len()),
        (_, None) => scheduler.trim_end_matches([',', ' ']).to_owned(),
    };
    let keys = keys.into_iter();
    keys.filter_map(|(key, text)| Some(candidate(names(&key)?, help(&key, text)))).collect()
}

fn endpoint(key: &ServiceKey) -> String {
    match key {
        ServiceKey::Address { protocol, address, port } => {
            Numbers.endpoint(*address, *port, *protocol)
        }
        ServiceKey::Fwmark { mark, .. } => mark.to_string(),
    }
}

fn virtual_addresses() -> Vec<Candidate> {
    let servers = table::plain().unwrap_or_default();
    let address = |key: &ServiceKey| match key {
        ServiceKey::Address { address, .. } => Some(*address),
        ServiceKey::Fwmark { .. } => None,
    };
    let addresses: BTreeSet<IpAddr> = servers.services().filter_map(address).collect();
    addresses.into_iter().map(|it| candidate(it.to_string(), "a service's address")).collect()
}

/// The real servers of these services, each once.
fn servers(session: &mut Session<'_>, of: impl Fn(ServiceKey) -> bool) -> Vec<Candidate> {
    let (keys, by_service) = keys(session);
    let mut found: Vec<(DestinationKey, String)> = Vec::new();
    for (key, _) in keys.into_iter().filter(|(key, _)| of(*key)) {
        let list = by_service.get(&key).map(<[_]>::to_vec).or_else(|| {
            let entries = session.client().and_then(|client| client.destinations(&key)).ok()?;
            Some(entries.iter().map(Into::into).collect())
        });
        for server in list.into_iter().flatten() {
            if !found.iter().any(|(known, _)| *known == server.key) {
                found.push((
                    server.key,
                    format!("{}, weight {}", server.method.name(), server.weight),
                ));
            }
        }
    }
    let words = order::destinations(found, |(key, _)| *key).into_iter();
    words
        .map(|(key, help)| candidate(Numbers.endpoint(key.address, key.port, Protocol::Tcp), help))
        .collect()
}

fn own_addresses(port: bool) -> Result<Vec<Candidate>, Error> {
    let mut network = Network::open()?;
    let names: HashMap<u32, String> =
        network.links()?.into_iter().map(|link| (link.index, link.name)).collect();
    let word = |address: IpAddr| match (address, port) {
        (_, false) => address.to_string(),
        (IpAddr::V4(address), true) => format!("{address}:"),
        (IpAddr::V6(address), true) => format!("[{address}]:"),
    };
    let addresses = network.addresses()?.into_iter().filter(|it| it.global);
    let help = |index| names.get(&index).map(|name| format!("on {name}")).unwrap_or_default();
    Ok(addresses.map(|it| candidate(word(it.address), help(it.index))).collect())
}

fn interfaces() -> Result<Vec<Candidate>, Error> {
    let links = Network::open()?.links()?.into_iter();
    let help = |up| if up { "up" } else { "down" };
    Ok(links.map(|link| candidate(link.name, help(link.up))).collect())
}

fn parameters() -> Vec<Candidate> {
    let now = |name: &str| match sysctl::read(&format!("ipv4/vs/{name}")) {
        Ok(Some(value)) => format!("now {value}"),
        _ => String::new(),
    };
    let names = sysctl::names("ipv4/vs").into_iter();
    names.map(|name| candidate(format!("{name}="), now(&name))).collect()
}

fn timeout(session: &mut Session<'_>, place: usize) -> Option<Candidate> {
    if !table::is_there() {
        return None;
    }
    let now = session.client().and_then(Client::timeouts).ok()?;
    let (seconds, what) =
        [(now.tcp, "TCP: now"), (now.tcp_fin, "TCP after FIN: now"), (now.udp, "UDP: now")]
            .into_iter()
            .nth(place)?;
    Some(candidate(seconds.to_string(), what))
}
