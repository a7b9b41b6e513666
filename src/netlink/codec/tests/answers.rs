//! Decoding of captured answers, and errors for malformed ones.

use super::{Fixture, bytes, captured, fixtures};
use crate::error::Error;
use crate::model::{
    Checksum, DaemonRole, DestinationEntry, Family, Forwarding, Granularity, Info, Stats, Timeouts,
    Tunnel,
};
use crate::netlink::codec::{
    answer, decode_daemon, decode_destination, decode_info, decode_service, decode_timeouts,
    family_id, read,
};
use crate::netlink::uapi::{command, destination, message, service, stats};

fn server(fixture: &str) -> Result<DestinationEntry, Error> {
    decode_destination(answer(&bytes(fixture), command::NEW_DEST)?, Family::V4)
}

/// Copies `fixture`, with attribute `kind` in the nest `outer` renumbered to an unknown number.
fn without(fixture: &str, outer: u16, kind: u16) -> Vec<u8> {
    let mut message = bytes(fixture);
    let nest = read::find(&message[4..], outer, "nest").unwrap();
    let mut at = nest.as_ptr() as usize - message.as_ptr() as usize;
    let end = at + nest.len();
    while at < end {
        if message[at + 2] == u8::try_from(kind).unwrap() {
            message[at + 2] = 99;
        }
        at += usize::from(message[at]).next_multiple_of(4);
    }
    message
}

const LIVE: Stats = Stats {
    connections: 4,
    in_packets: 4,
    out_packets: 4,
    in_bytes: 240,
    out_bytes: 160,
    connection_rate: 0,
    in_packet_rate: 0,
    out_packet_rate: 0,
    in_byte_rate: 22,
    out_byte_rate: 15,
};

#[test]
fn services_of_every_kind() {
    for Fixture { service: mut expected, answer: fixture, .. } in fixtures() {
        if expected.scheduler.as_str() == "wrr" {
            expected.scheduler = crate::model::SchedulerName::new("rr").unwrap(); // the capture is older than the edit to rr
        }
        let message = bytes(fixture);
        let entry = decode_service(answer(&message, command::NEW_SERVICE).unwrap()).unwrap();
        assert_eq!(entry.service, expected);
        assert_eq!(entry.stats, Stats::default());
    }
}

#[test]
fn destinations_of_every_kind() {
    let gue = Tunnel::Gue { port: 6080, checksum: Checksum::Remote };
    for (fixture, address, port, forwarding, weight) in [
        (captured::SERVER_MASQUERADE, "10.0.0.2", 8080, Forwarding::Masquerade, 5),
        (captured::SERVER_ROUTE, "10.0.0.3", 80, Forwarding::Route, 9),
        (captured::SERVER_IPIP, "10.0.0.4", 80, Forwarding::Tunnel(Tunnel::Ipip), 1),
        (captured::SERVER_GUE, "10.0.0.5", 80, Forwarding::Tunnel(gue), 1),
        (
            captured::SERVER_GRE,
            "10.0.0.6",
            80,
            Forwarding::Tunnel(Tunnel::Gre { checksum: Checksum::Full }),
            1,
        ),
    ] {
        let found = server(fixture).unwrap().destination;
        assert_eq!(found.key.address.to_string(), address);
        assert_eq!(
            (found.key.port, found.forwarding, found.weight),
            (port, forwarding, weight),
            "{address}"
        );
    }
    let found = server(captured::SERVER_MASQUERADE).unwrap().destination;
    assert_eq!((found.upper_threshold, found.lower_threshold), (100, 50));
}

#[test]
fn counters() {
    let message = bytes(captured::SERVICE_LIVE);
    let entry = decode_service(&message[4..]).unwrap();
    assert_eq!(entry.stats, LIVE);
    let persistence = entry.service.persistence.unwrap();
    assert_eq!(persistence.timeout, 60);
    assert_eq!(persistence.granularity, Granularity::V4([255, 255, 255, 0].into()));
    let entry = server(captured::SERVER_LIVE).unwrap();
    assert_eq!(entry.stats, LIVE);
    assert_eq!((entry.active, entry.inactive, entry.persistent), (0, 4, 1));
}

#[test]
fn counters_prefer_64_bits() {
    let mut message = bytes(captured::SERVER_LIVE);
    let narrow = read::find(&message[4..], message::DEST, "destination").unwrap();
    let narrow = read::find(narrow, destination::STATS, "counters").unwrap();
    let connections = read::find(narrow, stats::CONNS, "connections").unwrap();
    let at = connections.as_ptr() as usize - message.as_ptr() as usize;
    message[at] = 77;
    let entry = decode_destination(&message[4..], Family::V4).unwrap();
    assert_eq!(entry.stats, LIVE);
}

/// Kernels before 4.1 send no STATS64.
#[test]
fn counters_with_32_bits_only() {
    let message = without(captured::SERVICE_LIVE, message::SERVICE, service::STATS64);
    assert_eq!(decode_service(&message[4..]).unwrap().stats, LIVE);
    let message = without(captured::SERVER_LIVE, message::DEST, destination::STATS64);
    assert_eq!(decode_destination(&message[4..], Family::V4).unwrap().stats, LIVE);
}

/// Kernels before 3.18 send no address family, and those before 5.2 no tunnel attributes.
#[test]
fn destination_of_an_old_kernel() {
    let message = without(captured::SERVER_MASQUERADE, message::DEST, destination::ADDR_FAMILY);
    let entry = decode_destination(&message[4..], Family::V4).unwrap();
    assert_eq!(entry.destination.key.address.to_string(), "10.0.0.2");
    let entry = decode_destination(&message[4..], Family::V6).unwrap();
    assert_eq!(entry.destination.key.address.to_string(), "a00:2::");
    for kind in [destination::TUN_TYPE, destination::TUN_PORT, destination::TUN_FLAGS] {
        let message = without(captured::SERVER_IPIP, message::DEST, kind);
        let entry = decode_destination(&message[4..], Family::V4).unwrap();
        assert_eq!(entry.destination.forwarding, Forwarding::Tunnel(Tunnel::Ipip));
    }
}

#[test]
fn daemons() {
    let message = bytes(captured::DAEMON_MASTER);
    let master = decode_daemon(&message[4..]).unwrap();
    assert_eq!((master.role, master.interface.as_str()), (DaemonRole::Master, "d0"));
    assert_eq!((master.sync_id, master.max_length), (7, Some(1472)));
    assert_eq!((master.port, master.ttl), (Some(8848), Some(1)));
    assert_eq!(master.group.unwrap().to_string(), "224.0.0.81");
    let message = bytes(captured::DAEMON_BACKUP);
    let backup = decode_daemon(&message[4..]).unwrap();
    assert_eq!((backup.role, backup.sync_id), (DaemonRole::Backup, 8));
    assert_eq!((backup.max_length, backup.port, backup.ttl), (Some(1400), Some(9000), Some(3)));
    assert_eq!(backup.group.unwrap().to_string(), "ff02::51");
}

#[test]
fn zero_values_of_a_daemon_are_none() {
    // A master on lo whose length, port and time to live are 0.
    let message = bytes(
        "01010000 34000300 08000100 01000000 07000200 6c6f0000 08000300 07000000 \
         06000400 00000000 06000700 00000000 05000800 00000000",
    );
    let daemon = decode_daemon(&message[4..]).unwrap();
    assert_eq!((daemon.max_length, daemon.port, daemon.ttl), (None, None, None));
}

#[test]
fn time_outs_and_info() {
    let message = bytes(captured::TIMEOUTS);
    let timeouts = decode_timeouts(answer(&message, command::SET_CONFIG).unwrap()).unwrap();
    assert_eq!(timeouts, Timeouts { tcp: 900, tcp_fin: 120, udp: 300 });
    let message = bytes(captured::INFO);
    let info = decode_info(answer(&message, command::SET_INFO).unwrap()).unwrap();
    assert_eq!(info, Info { version: (1, 2, 1), connection_table_size: 4096 });
}

#[test]
fn family_id_is_found_among_unknown_attributes() {
    let mut message = bytes(captured::FAMILY);
    assert_eq!(family_id(&message).unwrap(), 28);
    message.extend([8, 0, 99, 0, 1, 2, 3, 4]);
    assert_eq!(family_id(&message).unwrap(), 28);
}

#[test]
fn each_missing_attribute_is_an_error() {
    for kind in [1, 2, 3, 4, 6, 7, 8, 9] {
        let message = without(captured::SERVICE_TCP, message::SERVICE, kind);
        let error = decode_service(&message[4..]).unwrap_err();
        assert!(matches!(&error, Error::Answer(text) if text.starts_with("no ")), "{kind} {error}");
    }
    for kind in 1..=9 {
        let message = without(captured::SERVER_ROUTE, message::DEST, kind);
        let error = decode_destination(&message[4..], Family::V4).unwrap_err();
        assert!(matches!(&error, Error::Answer(text) if text.starts_with("no ")), "{kind} {error}");
    }
    for kind in 1..=3 {
        let message = without(captured::DAEMON_MASTER, message::DAEMON, kind);
        assert!(matches!(decode_daemon(&message[4..]), Err(Error::Answer(_))), "{kind}");
    }
}

#[test]
fn short_attribute_and_other_command_are_errors() {
    // An address family of 1 byte instead of 2.
    let message = bytes("01010000 0c000100 05000100 02000000");
    let error = decode_service(&message[4..]).unwrap_err();
    assert_eq!(error.to_string(), "malformed reply from the kernel: 1 bytes instead of 2");
    assert!(matches!(answer(&message, command::NEW_DEST), Err(Error::Answer(_))));
}
