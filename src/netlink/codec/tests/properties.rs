//! Properties: decoding inverts encoding, and no bytes make the decoders panic.

use std::net::IpAddr;
use std::num::NonZeroU32;

use proptest::prelude::*;
use proptest::{collection, option};

use super::{bytes, captured, emitted};
use crate::model::field::Fields;
use crate::model::{
    Checksum, Daemon, DaemonRole, Destination, DestinationKey, EngineName, Family, Forwarding,
    Granularity, InterfaceName, Persistence, Protocol, SchedulerFlags, SchedulerName, Service,
    ServiceKey, Tunnel,
};
use crate::netlink::codec::{
    Attributes, answer, daemon, decode_daemon, decode_destination, decode_info, decode_service,
    decode_timeouts, destination, family_id, service,
};
use crate::netlink::generic::Request;
use crate::netlink::message::messages;
use crate::netlink::uapi::{command, destination as dest, message, service as svc};

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::V4), Just(Family::V6)]
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
}

fn service_key() -> impl Strategy<Value = ServiceKey> {
    let by_address =
        (any::<u16>(), address(), any::<u16>()).prop_map(|(protocol, address, port)| {
            ServiceKey::Address { protocol: Protocol::from(protocol), address, port }
        });
    let by_mark = (1..=u32::MAX, family()).prop_map(|(mark, family)| {
        let mark = NonZeroU32::new(mark).unwrap();
        ServiceKey::Fwmark { mark, family }
    });
    prop_oneof![by_address, by_mark]
}

fn any_service() -> impl Strategy<Value = Service> {
    let name = "[ -~]{1,15}".prop_map(|name| SchedulerName::new(name).unwrap());
    let engine = option::of("[ -~]{1,16}".prop_map(|name| EngineName::new(name).unwrap()));
    let persistence = option::of((any::<u32>(), any::<u32>()));
    let switches = collection::vec(any::<bool>(), Service::fields().len());
    (service_key(), name, any::<u8>(), switches, persistence, engine).prop_map(
        |(key, scheduler, flags, switches, persistence, engine)| {
            let granularity = |number: u32| match key.family() {
                Family::V4 => Granularity::V4(number.into()),
                Family::V6 => Granularity::V6(number),
            };
            let persistence = persistence
                .map(|(timeout, number)| Persistence { timeout, granularity: granularity(number) });
            let flags = SchedulerFlags::from_bits(flags);
            let plain = Service::new(key, scheduler);
            let mut service = Service { flags, persistence, engine, ..plain };
            for (field, is_on) in Service::fields().iter().zip(switches) {
                if field.switch().is_some() && is_on {
                    field.turn_on(&mut service);
                }
            }
            service
        },
    )
}

fn tunnel() -> impl Strategy<Value = Tunnel> {
    let checksum = prop_oneof![Just(Checksum::None), Just(Checksum::Full), Just(Checksum::Remote)];
    prop_oneof![
        Just(Tunnel::Ipip),
        (1..=u16::MAX, checksum).prop_map(|(port, checksum)| Tunnel::Gue { port, checksum }),
        any::<bool>().prop_map(|full| Tunnel::Gre {
            checksum: if full { Checksum::Full } else { Checksum::None }
        }),
        (3..=u8::MAX, any::<u16>(), any::<u16>()).prop_map(|(kind, port, flags)| Tunnel::Other {
            kind,
            port,
            flags
        }),
        // Known tunnel types with flags that no option of the classic tool sets.
        (0..=2_u8, any::<u16>(), 3..=u16::MAX).prop_map(|(kind, port, flags)| Tunnel::Other {
            kind,
            port,
            flags
        }),
    ]
}

fn any_destination() -> impl Strategy<Value = Destination> {
    let forwarding = prop_oneof![
        Just(Forwarding::Masquerade),
        Just(Forwarding::Local),
        tunnel().prop_map(Forwarding::Tunnel),
        Just(Forwarding::Route),
        Just(Forwarding::Bypass),
        (5..=7_u8).prop_map(Forwarding::Other),
    ];
    (address(), any::<u16>(), forwarding, any::<u32>(), any::<u32>(), any::<u32>()).prop_map(
        |(address, port, forwarding, weight, upper_threshold, lower_threshold)| Destination {
            key: DestinationKey { address, port },
            forwarding,
            weight,
            upper_threshold,
            lower_threshold,
        },
    )
}

fn any_daemon() -> impl Strategy<Value = Daemon> {
    let role = prop_oneof![Just(DaemonRole::Master), Just(DaemonRole::Backup)];
    let interface = "[!-~]{1,15}".prop_map(|name| InterfaceName::new(name).unwrap());
    let optional = (
        option::of(1..=u16::MAX),
        option::of(address()),
        option::of(1..=u16::MAX),
        option::of(1..=u8::MAX),
    );
    (role, interface, any::<u8>(), optional).prop_map(
        |(role, interface, sync_id, (max_length, group, port, ttl))| Daemon {
            role,
            interface,
            sync_id,
            max_length,
            group,
            port,
            ttl,
        },
    )
}

/// Runs every decoder on `bytes`.
fn read_all(bytes: &[u8]) {
    for message in messages(bytes) {
        drop(message);
    }
    drop(family_id(bytes));
    drop(answer(bytes, command::NEW_SERVICE));
    drop(decode_service(bytes));
    drop(decode_destination(bytes, Family::V4));
    drop(decode_destination(bytes, Family::V6));
    drop(decode_daemon(bytes));
    drop(decode_timeouts(bytes));
    drop(decode_info(bytes));
}

proptest! {
    #[test]
    fn service_packed_and_unpacked(expected in any_service()) {
        let mut attributes = Attributes::new();
        attributes.nested(message::SERVICE, |to| {
            service::encode(to, &expected);
            to.nested(svc::STATS64, |_| {});
        });
        let bytes = emitted(Request::new(command::NEW_SERVICE, attributes));
        let entry = decode_service(answer(&bytes, command::NEW_SERVICE).unwrap()).unwrap();
        prop_assert_eq!(entry.service, expected);
    }

    #[test]
    fn destination_packed_and_unpacked(expected in any_destination(), counts in any::<[u32; 3]>(), family in family()) {
        let mut attributes = Attributes::new();
        attributes.nested(message::DEST, |to| {
            destination::encode(to, &expected, family);
            to.u32(dest::ACTIVE_CONNS, counts[0])
                .u32(dest::INACT_CONNS, counts[1])
                .u32(dest::PERSIST_CONNS, counts[2])
                .nested(dest::STATS, |_| {});
        });
        let bytes = emitted(Request::new(command::NEW_DEST, attributes));
        let entry = decode_destination(answer(&bytes, command::NEW_DEST).unwrap(), family).unwrap();
        prop_assert_eq!(entry.destination, expected);
        prop_assert_eq!([entry.active, entry.inactive, entry.persistent], counts);
    }

    #[test]
    fn daemon_packed_and_unpacked(expected in any_daemon()) {
        let mut attributes = Attributes::new();
        attributes.nested(message::DAEMON, |to| daemon::encode(to, &expected));
        let bytes = emitted(Request::new(command::NEW_DAEMON, attributes));
        let found = decode_daemon(answer(&bytes, command::NEW_DAEMON).unwrap()).unwrap();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn damaged_answers_never_panic(
        which in 0..6_usize,
        damage in collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        end in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = bytes([
            captured::SERVICE_LIVE,
            captured::SERVER_LIVE,
            captured::DAEMON_BACKUP,
            captured::FAMILY,
            captured::EXISTS,
            captured::TIMEOUTS,
        ][which]);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(end.index(bytes.len()) + 1);
        read_all(&bytes);
        read_all(bytes.get(4..).unwrap_or_default());
    }
}
