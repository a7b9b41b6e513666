//! `__complete`: completes the word under the cursor for a shell.
//!
//! Prints a line for each candidate: the word, a tab, and a description. The line `:files` asks the
//! shell for file names. If something cannot be read, for lack of privileges or of IPVS, its
//! candidates are missing; a message would disturb the line that the user types.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use crate::classic::options::Opt;
use crate::cli::complete::{Candidate, Live, Wanted, engines, schedulers};
use crate::error::Error;
use crate::model::{
    DestinationKey, Family, Naming, Numbers, PlainDestination, Protocol, ServiceKey, is_harmful,
    printable,
};
use crate::netlink::Client;
use crate::netlink::route::Network;
use crate::output::order;
use crate::reader::{Columns, Reader};
use crate::system::{modules, namespace, sysctl, table};
use crate::transaction::history::{History, Summary};

use super::Session;
use super::listing::rows;

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
        // A control character would act on the terminal, and a line feed would split the word.
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
        Live::Records => records().unwrap_or_default(),
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

/// A service, its description, and its real servers if they are known.
struct Known {
    key: ServiceKey,
    help: String,
    servers: Option<Vec<PlainDestination>>,
}

/// Services with descriptions. Without privileges they come from /proc, which lacks services by
/// firewall mark.
fn known(session: &mut Session<'_>) -> Vec<Known> {
    if !table::is_there() {
        return Vec::new();
    }
    if let Ok(known) = session.client().and_then(from_the_kernel) {
        return known;
    }
    let table = table::plain().unwrap_or_default();
    let keys = order::by_service(table.services().copied().collect(), |key| *key).into_iter();
    let servers = |key: &ServiceKey| table.get(key).map(<[_]>::to_vec);
    keys.map(|key| Known { key, help: String::new(), servers: servers(&key) }).collect()
}

fn from_the_kernel(client: &mut Client) -> Result<Vec<Known>, Error> {
    let mut reader = Reader::open(client, Columns::default())?;
    let mut known = Vec::new();
    for row in rows(&mut reader, true) {
        let Some(servers) = reader.servers(client, row)? else { continue };
        let service = reader.service(row);
        known.push(Known {
            key: service.key,
            help: format!("{}, ", service.scheduler),
            servers: Some(servers.iter().map(Into::into).collect()),
        });
    }
    Ok(known)
}

fn services(session: &mut Session<'_>, option: Opt) -> Vec<Candidate> {
    let names = |key: &ServiceKey| match (option, key) {
        (Opt::Tcp, ServiceKey::Address { protocol: Protocol::Tcp, .. })
        | (Opt::Udp, ServiceKey::Address { protocol: Protocol::Udp, .. })
        | (Opt::Sctp, ServiceKey::Address { protocol: Protocol::Sctp, .. }) => Some(endpoint(key)),
        (Opt::Fwmark, ServiceKey::Fwmark { mark, .. }) => Some(mark.to_string()),
        _ => None,
    };
    let help = |it: &Known| match (&it.key, &it.servers, &it.help) {
        (ServiceKey::Fwmark { family: Family::V6, .. }, _, scheduler) => {
            format!("{scheduler}IPv6: add -6")
        }
        (_, Some(servers), scheduler) if servers.len() == 1 => format!("{scheduler}1 real server"),
        (_, Some(servers), scheduler) => format!("{scheduler}{} real servers", servers.len()),
        (_, None, scheduler) => scheduler.trim_end_matches([',', ' ']).to_owned(),
    };
    let known = known(session).into_iter();
    known.filter_map(|it| Some(candidate(names(&it.key)?, help(&it)))).collect()
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

/// Real servers of the services that `of` selects, without duplicates.
fn servers(session: &mut Session<'_>, of: impl Fn(ServiceKey) -> bool) -> Vec<Candidate> {
    let mut found: Vec<(DestinationKey, String)> = Vec::new();
    for it in known(session).into_iter().filter(|it| of(it.key)) {
        for server in it.servers.into_iter().flatten() {
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

fn records() -> Result<Vec<Candidate>, Error> {
    let listed = History::look()?.list()?.into_iter();
    let readable = listed.filter_map(|it| Some((it.number, it.record.ok()?.summary)));
    let help = |it: Summary| format!("{} {}: {}", it.time, it.by, it.command);
    Ok(readable.map(|(number, it)| candidate(number.to_string(), help(it))).collect())
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
