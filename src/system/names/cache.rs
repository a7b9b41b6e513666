//! Cache of host and port names, which looks up many names in parallel.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use dns_lookup::getnameinfo;

use super::patience;
use crate::model::Protocol;

const NI_NUMERICSERV: i32 = 2;
const NI_NAMEREQD: i32 = 8;

/// Number of threads that ask the resolver.
const WORKERS: usize = 8;

/// Successive timeouts after which the resolver is not asked again. With the resolver's default
/// timeouts, 10,000 names could take hours.
const TIMEOUTS: usize = 8;

/// Duration from which a failed lookup counts as a timeout: the shortest timeout that resolv.conf
/// permits. A negative answer comes sooner.
const TIMED_OUT: Duration = Duration::from_secs(1);

/// Results of lookups, including negative ones.
#[derive(Debug, Default)]
pub struct Cache {
    hosts: RefCell<HashMap<IpAddr, Option<String>>>,
    ports: RefCell<HashMap<(u16, Protocol), Option<String>>>,
    resolver: Resolver,
}

/// The name of `address`, if it has one. May ask the DNS.
fn host_of(address: IpAddr) -> Option<String> {
    let flags = NI_NAMEREQD | NI_NUMERICSERV;
    getnameinfo(&SocketAddr::new(address, 0), flags).ok().map(|(host, _)| host)
}

/// Function that finds the name of an address.
pub type HostOf<'a> = &'a dyn Fn(IpAddr) -> Option<String>;

impl Cache {
    /// Looks up all addresses that are not in the cache. `name` gets a function that asks the
    /// system.
    pub fn look_up(
        &self,
        addresses: &mut dyn Iterator<Item = IpAddr>,
        name: impl Fn(IpAddr, HostOf<'_>) -> Option<String> + Sync,
    ) {
        let mut hosts = self.hosts.borrow_mut();
        let mut wanted: Vec<IpAddr> = addresses.filter(|it| !hosts.contains_key(it)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return;
        }
        let notice = || "looking up names; -n avoids it".to_owned();
        hosts.extend(patience::with_notice(notice, || self.resolver.ask(&wanted, &name)));
    }

    /// The cached name of an address.
    pub fn host(&self, address: IpAddr) -> Option<String> {
        self.hosts.borrow().get(&address).cloned().flatten()
    }

    /// The cached name of a port; on a miss, the result of `name` is stored.
    pub fn port(
        &self,
        port: u16,
        protocol: Protocol,
        name: impl FnOnce(u16, Protocol) -> Option<String>,
    ) -> Option<String> {
        let mut ports = self.ports.borrow_mut();
        ports.entry((port, protocol)).or_insert_with(|| name(port, protocol)).clone()
    }
}

/// The system's resolver. After [`TIMEOUTS`] successive timeouts, only `/etc/hosts` is read.
#[derive(Debug, Default)]
struct Resolver {
    /// Number of timeouts since the last answer.
    timeouts: AtomicUsize,
    hosts_file: OnceLock<HashMap<IpAddr, String>>,
}

impl Resolver {
    fn ask(
        &self,
        addresses: &[IpAddr],
        name: &(impl Fn(IpAddr, HostOf<'_>) -> Option<String> + Sync),
    ) -> Vec<(IpAddr, Option<String>)> {
        let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(addresses.len())));
        let work = || {
            while let Some(address) = addresses.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = name(*address, &|address| self.host_of(address));
                found.lock().unwrap_or_else(PoisonError::into_inner).push((*address, answer));
            }
        };
        thread::scope(|scope| {
            for _ in 1..addresses.len().min(WORKERS) {
                // If no further thread can be started, the existing ones do the work.
                if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn host_of(&self, address: IpAddr) -> Option<String> {
        if self.timeouts.load(Ordering::Relaxed) >= TIMEOUTS {
            return self.hosts_file.get_or_init(read_hosts).get(&address).cloned();
        }
        let start = Instant::now();
        let answer = host_of(address);
        if answer.is_none() && start.elapsed() >= TIMED_OUT {
            self.timeouts.fetch_add(1, Ordering::Relaxed);
        } else {
            self.timeouts.store(0, Ordering::Relaxed);
        }
        answer
    }
}

/// Reads the first name of each address from `/etc/hosts`, which works without a resolver.
fn read_hosts() -> HashMap<IpAddr, String> {
    let text = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let mut names = HashMap::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        if let (Some(Ok(address)), Some(name)) = (words.next().map(str::parse), words.next()) {
            names.entry(address).or_insert_with(|| name.to_owned());
        }
    }
    names
}
