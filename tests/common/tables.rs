//! Random tables that rule lines can express. They use few services and real servers, so that two
//! tables usually have some in common.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;

use ipvsadm::model::{
    Checksum, Destination, DestinationKey, EngineName, Family, Forwarding, Granularity,
    Persistence, Pool, Protocol, SchedulerFlags, SchedulerName, Service, ServiceKey, Table, Tunnel,
};
use proptest::prelude::*;
use proptest::sample::select;

/// Up to six services with up to four real servers each.
pub fn table() -> impl Strategy<Value = Table> {
    proptest::collection::vec(pool(), 0..7).prop_map(|pools| Table {
        pools: pools.into_iter().map(|pool| (pool.service.key, pool.into())).collect(),
        ..Table::default()
    })
}

fn pool() -> impl Strategy<Value = Pool> {
    let weights = select(vec![0, 1, 2, 65_536, 0x7fff_ffff]);
    let raw = (0..6u8, 0..5u8, weights, 0..4u32, 0..3u32, any::<bool>());
    (service(), proptest::collection::vec(raw, 0..5)).prop_map(|(service, servers)| {
        let servers = servers.into_iter().map(|raw| server(&service.key, raw));
        let destinations = servers.map(|server| (server.key, server)).collect();
        Pool { service, destinations }
    })
}

fn address(protocol: Protocol, address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address { protocol, address: address.parse().unwrap(), port }
}

fn keys() -> Vec<ServiceKey> {
    let mark = |mark, family| ServiceKey::Fwmark { mark: NonZeroU32::new(mark).unwrap(), family };
    vec![
        address(Protocol::Tcp, "192.0.2.80", 80),
        address(Protocol::Tcp, "192.0.2.80", 443),
        address(Protocol::Udp, "192.0.2.80", 53),
        address(Protocol::Sctp, "192.0.2.81", 80),
        address(Protocol::Tcp, "192.0.2.82", 0),
        address(Protocol::Tcp, "2001:db8::80", 80),
        address(Protocol::Tcp, "2001:db8::80", 65_535),
        mark(1, Family::V4),
        mark(1, Family::V6),
        mark(0x8000_0000, Family::V6),
        mark(u32::MAX, Family::V4),
    ]
}

fn service() -> impl Strategy<Value = Service> {
    let schedulers = vec!["rr", "wrr", "lc", "wlc", "sh", "mh", "sed", "nq"];
    let timeouts = select(vec![1, 300, 2_678_400]);
    let persistence = proptest::option::of((timeouts, 1..=32u32, any::<bool>()));
    (select(keys()), select(schedulers), 0..8u8, any::<bool>(), persistence, any::<bool>())
        .prop_map(|(key, scheduler, flags, one_packet, persistence, sip)| {
            let any_port = matches!(key, ServiceKey::Address { port: 0, .. });
            let udp = matches!(key, ServiceKey::Address { protocol: Protocol::Udp, .. });
            let persistence = persistence.or(any_port.then_some((60, 24, false)));
            let persistence = persistence.map(|(timeout, length, hole)| Persistence {
                timeout,
                granularity: match key.family() {
                    Family::V4 => {
                        let mask = u32::MAX << (32 - length);
                        let hole = if hole { 0x00ff_0000 } else { 0 };
                        Granularity::V4(Ipv4Addr::from_bits(mask & !hole))
                    }
                    Family::V6 => Granularity::V6(length * 4),
                },
            });
            Service {
                flags: SchedulerFlags::from_bits(flags),
                one_packet: one_packet && udp,
                persistence,
                engine: (sip && udp && persistence.is_some())
                    .then(|| EngineName::new("sip").unwrap()),
                ..Service::new(key, SchedulerName::new(scheduler).unwrap())
            }
        })
}

fn server(service: &ServiceKey, raw: (u8, u8, u32, u32, u32, bool)) -> Destination {
    let (host, method, weight, upper, lower, mixed) = raw;
    let forwarding = match method {
        0 => Forwarding::Masquerade,
        1 => Forwarding::Route,
        2 => Forwarding::Tunnel(Tunnel::Ipip),
        3 => Forwarding::Tunnel(Tunnel::Gue { port: 6080, checksum: Checksum::Remote }),
        _ => Forwarding::Tunnel(Tunnel::Gre { checksum: Checksum::Full }),
    };
    let mixed = mixed && matches!(forwarding, Forwarding::Tunnel(_));
    let address: IpAddr = if (service.family() == Family::V4) == mixed {
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0x51, 0, 0, 0, u16::from(host)).into()
    } else {
        Ipv4Addr::new(198, 51, 100, host).into()
    };
    // Only masquerading, and services by firewall mark, permit another port.
    let free = forwarding == Forwarding::Masquerade || service.port() == 0;
    let by_mark = matches!(service, ServiceKey::Fwmark { .. });
    let port = if free && (by_mark || service.port() != 0) {
        [1, 8080, 65_535][usize::from(host) % 3]
    } else {
        service.port()
    };
    Destination {
        key: DestinationKey { address, port },
        forwarding,
        weight,
        upper_threshold: upper * 10,
        lower_threshold: lower.min(upper) * 10,
    }
}
