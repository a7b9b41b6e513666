//! Host and port names from the C library's resolver.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dns_lookup::{AddrInfoHints, LookupErrorKind, getaddrinfo, getnameinfo};

use crate::model::{Family, Naming, Protocol};
use cache::Cache;

mod cache;
mod patience;

const AF_INET: i32 = 2;
const AF_INET6: i32 = 10;
const SOCK_STREAM: i32 = 1;
const SOCK_DGRAM: i32 = 2;
const NI_NUMERICHOST: i32 = 1;
const NI_DGRAM: i32 = 16;

/// Answers of [`address_of`], also negative ones. All rules that name a host get the same address,
/// even if the resolver rotates its answers, and only the first one waits for it.
static ADDRESSES: LazyLock<Mutex<Addresses>> = LazyLock::new(Mutex::default);

/// A lookup that takes longer has waited for a resolver. The shortest limit in resolv.conf is 1 s.
const TIMED_OUT: Duration = Duration::from_secs(1);

type Addresses = HashMap<(String, Family), Option<IpAddr>>;

/// The first address of `host` in `family`; each is looked up once. If the resolver is slow, a
/// notice on the terminal names the host.
pub fn address_of(host: &str, family: Family) -> Option<IpAddr> {
    let addresses = || ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (host.to_owned(), family);
    if let Some(known) = addresses().get(&key) {
        return *known;
    }
    // The lock is free during the lookup, because `ReversibleNames` asks in several threads.
    let start = Instant::now();
    let found = look_up(host, family);
    let mut addresses = addresses();
    if matches!(found, Err(LookupErrorKind::Again)) && start.elapsed() >= TIMED_OUT {
        // A resolver that does not answer would not answer for the other family either. A quick
        // failure says nothing about it: /etc/hosts may have the name in one family only.
        for family in [Family::V4, Family::V6] {
            addresses.entry((host.to_owned(), family)).or_insert(None);
        }
    }
    *addresses.entry(key).or_insert(found.ok().flatten())
}

fn look_up(host: &str, family: Family) -> Result<Option<IpAddr>, LookupErrorKind> {
    let address = if family == Family::V4 { AF_INET } else { AF_INET6 };
    let hints = AddrInfoHints { socktype: SOCK_STREAM, address, ..AddrInfoHints::default() };
    let notice = || format!("looking up {}", host.escape_debug());
    let found = patience::with_notice(notice, || getaddrinfo(Some(host), None, Some(hints)));
    let mut found = found.map_err(|error| error.kind())?.flatten();
    Ok(found.next().map(|info| info.sockaddr.ip()))
}

/// The port number of the service `name` in the services database.
pub fn port_of(name: &str, protocol: Protocol) -> Option<u16> {
    let hints = AddrInfoHints {
        socktype: if protocol == Protocol::Udp { SOCK_DGRAM } else { SOCK_STREAM },
        protocol: i32::from(protocol.number()),
        address: AF_INET,
        ..AddrInfoHints::default()
    };
    let found = getaddrinfo(None, Some(name), Some(hints)).ok()?;
    found.flatten().map(|info| info.sockaddr.port()).next()
}

/// The name of `port` in the services database.
pub fn service_of(port: u16, protocol: Protocol) -> Option<String> {
    match protocol {
        Protocol::Tcp => transport_service(port, 0),
        Protocol::Udp => transport_service(port, NI_DGRAM),
        Protocol::Sctp => sctp_service(port),
        Protocol::Other(_) => None,
    }
}

fn transport_service(port: u16, datagram: i32) -> Option<String> {
    let anywhere = SocketAddr::from(([0, 0, 0, 0], port));
    let (_, name) = getnameinfo(&anywhere, NI_NUMERICHOST | datagram).ok()?;
    (name != port.to_string()).then_some(name)
}

/// Finds an SCTP name in `/etc/services`, since getnameinfo supports only TCP and UDP.
fn sctp_service(port: u16) -> Option<String> {
    let wanted = format!("{port}/sctp");
    let services = fs::read_to_string("/etc/services").ok()?;
    services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let name = words.next()?;
        (words.next()? == wanted).then(|| name.to_owned())
    })
}

/// Names from the C library's databases, for listings.
#[derive(Debug, Default)]
pub struct Resolver(Cache);

impl Naming for Resolver {
    fn prepare(&self, addresses: &mut dyn Iterator<Item = IpAddr>) {
        self.0.look_up(addresses, |address, host_of| host_of(address));
    }

    fn host(&self, address: IpAddr) -> Option<String> {
        self.prepare(&mut std::iter::once(address));
        self.0.host(address)
    }

    fn port(&self, port: u16, protocol: Protocol) -> Option<String> {
        self.0.port(port, protocol, service_of)
    }
}

/// Names that give back the same number when a rule file is loaded, even by the old tool. That tool
/// cannot read names of IPv6 hosts and cuts `HOST:PORT` at 59 bytes.
#[derive(Debug, Default)]
pub struct ReversibleNames(Cache);

impl Naming for ReversibleNames {
    fn prepare(&self, addresses: &mut dyn Iterator<Item = IpAddr>) {
        let mut addresses = addresses.filter(IpAddr::is_ipv4);
        self.0.look_up(&mut addresses, |address, host_of| {
            host_of(address).filter(|name| address_of(name, Family::V4) == Some(address))
        });
    }

    fn host(&self, address: IpAddr) -> Option<String> {
        self.prepare(&mut std::iter::once(address));
        self.0.host(address)
    }

    fn longest(&self) -> usize {
        59
    }

    fn port(&self, port: u16, protocol: Protocol) -> Option<String> {
        self.0.port(port, protocol, |port, protocol| {
            service_of(port, protocol).filter(|name| port_of(name, protocol) == Some(port))
        })
    }
}
