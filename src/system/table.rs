//! Reads the real servers of every service from `/proc/net/ip_vs`.
//!
//! Reading this file costs far less than a netlink dump for each service. The file lacks
//! thresholds, tunnel parameters, counters, and the address family of services by firewall mark.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;

use crate::model::{DestinationKey, Method, PlainDestination, Protocol, ServiceKey};

use super::connections::address;

/// `/proc/net` shows the namespace of the main thread, but `--netns` changes only this thread.
const FILE: &str = "/proc/thread-self/net/ip_vs";

/// Real servers by service, without services by firewall mark. All lie in one vector, because a
/// table may be large.
#[derive(Debug, Default)]
pub struct PlainTable {
    /// Sorted by key, each with the range of its real servers in `servers`.
    services: Vec<(ServiceKey, Range<u32>)>,
    servers: Vec<PlainDestination>,
}

impl PlainTable {
    /// The real servers of a service in the kernel's order.
    pub fn get(&self, service: &ServiceKey) -> Option<&[PlainDestination]> {
        let place = self.services.binary_search_by_key(service, |(key, _)| *key).ok()?;
        let Range { start, end } = self.services[place].1;
        self.servers.get(start as usize..end as usize)
    }

    /// Keys of the services, sorted.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &ServiceKey> {
        self.services.iter().map(|(key, _)| key)
    }
}

/// Whether the kernel has loaded IPVS. Opening the netlink family would load the module.
pub fn is_there() -> bool {
    Path::new(FILE).exists()
}

/// Reads the file. `None` if it is missing or malformed; callers then use netlink.
pub fn plain() -> Option<PlainTable> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(FILE).ok()?);
    let mut table = PlainTable::default();
    let mut has_address = false;
    let mut line = String::new();
    for number in 0.. {
        line.clear();
        if file.read_line(&mut line).ok()? == 0 {
            break;
        }
        if number < TITLE_LINES {
            continue;
        }
        if line.starts_with("  ->") {
            let destination = parse_destination(&line)?;
            if let (true, Some((_, range))) = (has_address, table.services.last_mut()) {
                table.servers.push(destination);
                range.end += 1;
            }
            continue;
        }
        let service = parse_service(&line)?;
        has_address = matches!(service, ServiceLine::Address(_));
        if let ServiceLine::Address(key) = service {
            let place = u32::try_from(table.servers.len()).ok()?;
            table.services.push((key, place..place));
        }
    }
    table.services.sort_unstable_by_key(|(key, _)| *key);
    Some(table)
}

const TITLE_LINES: usize = 3;

/// The key on a service line. For a firewall mark the file does not tell the address family.
enum ServiceLine {
    Address(ServiceKey),
    Mark,
}

fn parse_service(line: &str) -> Option<ServiceLine> {
    let mut words = line.split_ascii_whitespace();
    let protocol = match words.next()? {
        "TCP" => Protocol::Tcp,
        "UDP" => Protocol::Udp,
        "SCTP" => Protocol::Sctp,
        "FWM" => return Some(ServiceLine::Mark),
        _ => return None,
    };
    let DestinationKey { address, port } = endpoint(words.next()?)?;
    Some(ServiceLine::Address(ServiceKey::Address { protocol, address, port }))
}

fn parse_destination(line: &str) -> Option<PlainDestination> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let key = endpoint(words.next()?)?;
    let method = words.next()?;
    let method = Method::NAMED.into_iter().find(|known| known.name() == method)?;
    let mut number = || words.next()?.parse().ok();
    Some(PlainDestination {
        key,
        method,
        weight: number()?,
        active: number()?,
        inactive: number()?,
    })
}

/// Parses `0A0A0064:0050` or `[2001:0db8:…]:0050`.
fn endpoint(word: &str) -> Option<DestinationKey> {
    let (host, port) = word.rsplit_once(':')?;
    Some(DestinationKey { address: address(host)?, port: u16::from_str_radix(port, 16).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services() {
        let key = |line| match parse_service(line).unwrap() {
            ServiceLine::Address(key) => Some(key),
            ServiceLine::Mark => None,
        };
        let vip = "192.0.2.80:80".parse().unwrap();
        assert_eq!(key("TCP  C0000250:0050 rr "), Some(ServiceKey::tcp(vip)));
        let vip = "[2001:db8::80]:53".parse().unwrap();
        let line = "UDP  [2001:0db8:0000:0000:0000:0000:0000:0080]:0035 rr ops";
        assert_eq!(key(line), Some(ServiceKey::udp(vip)));
        assert_eq!(key("FWM  00000007 mh "), None);
        assert!(parse_service("IP   C0000250:0050 rr ").is_none());
    }

    #[test]
    fn a_destination() {
        let line = "  -> CB00710B:1F90      Masq    3      12         7";
        let expected = PlainDestination {
            key: "203.0.113.11:8080".parse::<std::net::SocketAddr>().unwrap().into(),
            method: Method::Masquerade,
            weight: 3,
            active: 12,
            inactive: 7,
        };
        assert_eq!(parse_destination(line), Some(expected));
    }

    #[test]
    fn unknown_lines_are_left_to_netlink() {
        for line in
            ["  -> CB00710B:1F90", "  -> x:1F90 Masq 1 1 1", "  -> CB00710B:1F90 What 1 1 1"]
        {
            assert_eq!(parse_destination(line), None, "{line}");
        }
    }
}
