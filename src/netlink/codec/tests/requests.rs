//! Our requests equal the classic tool's, except for attributes that it sends without effect.

use super::{Fixture, bytes, captured, emitted, fixtures, key, mark, service};
use crate::model::{
    Change, Checksum, Daemon, DaemonRole, Destination, DestinationKey, Family, Forwarding,
    InterfaceName, Protocol, ServiceKey, Timeouts, Tunnel,
};
use crate::netlink::codec::{encode, get_destinations, get_service, plain, read};
use crate::netlink::uapi::{command, message};

fn sent(change: &Change) -> Vec<u8> {
    emitted(encode(change))
}

fn web() -> ServiceKey {
    key(Protocol::Tcp, "10.0.0.1", 80)
}

fn server(address: &str, port: u16, forwarding: Forwarding) -> Destination {
    let key = DestinationKey { address: address.parse().unwrap(), port };
    Destination { forwarding, ..Destination::new(key) }
}

fn destination(request: &[u8]) -> &[u8] {
    read::find(&request[4..], message::DEST, "destination").unwrap()
}

/// Removes the attributes with these numbers.
fn without(attributes: &[u8], numbers: &[u8]) -> Vec<u8> {
    let mut rest = Vec::new();
    let mut at = 0;
    while at < attributes.len() {
        let length = usize::from(attributes[at]).next_multiple_of(4);
        if !numbers.contains(&attributes[at + 2]) {
            rest.extend(&attributes[at..at + length]);
        }
        at += length;
    }
    rest
}

/// The address family, which the kernel takes from the service if it is missing.
const FAMILY: u8 = 11;

/// The tunnel attributes, which the classic tool sends with every forwarding method.
const TUNNEL: [u8; 3] = [13, 14, 15];

/// Removes from the classic tool's request the family and the tunnel, which ours leaves out.
fn without_tunnel(attributes: &[u8]) -> Vec<u8> {
    without(&without(attributes, &TUNNEL), &[FAMILY])
}

#[test]
fn services_byte_for_byte() {
    for Fixture { service, request: expected, .. } in fixtures() {
        assert_eq!(sent(&Change::AddService(service)), bytes(expected), "{expected}");
    }
    let edited = service(web(), "rr");
    assert_eq!(sent(&Change::UpdateService(edited)), bytes(captured::EDIT_SERVICE));
}

#[test]
fn a_service_is_deleted_by_its_key_alone() {
    let request = sent(&Change::DeleteService(mark(7, Family::V4)));
    // Command, AF and FWMARK of the fixture DELETE_FWMARK.
    assert_eq!(request, bytes("03010000 14000180 0600010002000000 0800050007000000"));
    let theirs = bytes(captured::DELETE_FWMARK);
    assert_eq!(request[..4], theirs[..4]);
    assert_eq!(request[8..], theirs[8..24]);
}

#[test]
fn tunnels_attribute_for_attribute() {
    let gue = Tunnel::Gue { port: 6080, checksum: Checksum::Remote };
    let gre = Tunnel::Gre { checksum: Checksum::Full };
    for (address, port, tunnel, expected) in [
        ("10.0.0.4", 80, Tunnel::Ipip, captured::ADD_IPIP),
        ("10.0.0.5", 80, gue, captured::ADD_GUE),
        ("10.0.0.6", 80, gre, captured::ADD_GRE),
    ] {
        let server = server(address, port, Forwarding::Tunnel(tunnel));
        let request = sent(&Change::AddDestination(web(), server));
        let theirs = bytes(expected);
        assert_eq!(request[..4], theirs[..4]);
        assert_eq!(destination(&request), without(destination(&theirs), &[FAMILY]), "{expected}");
    }
}

#[test]
fn the_family_is_sent_where_it_is_not_that_of_the_service() {
    let server = server("10.0.0.9", 0, Forwarding::Tunnel(Tunnel::Ipip));
    let request = sent(&Change::AddDestination(mark(9, Family::V6), server));
    assert_eq!(destination(&request), destination(&bytes(captured::ADD_MIXED)));
}

#[test]
fn only_tunnels_have_tunnel_attributes() {
    let masquerade = Destination {
        weight: 5,
        upper_threshold: 100,
        lower_threshold: 50,
        ..server("10.0.0.2", 8080, Forwarding::Masquerade)
    };
    let route = server("10.0.0.3", 80, Forwarding::Route);
    for (server, expected) in [(masquerade, captured::ADD_MASQUERADE), (route, captured::ADD_ROUTE)]
    {
        let request = sent(&Change::AddDestination(web(), server));
        let theirs = bytes(expected);
        assert_eq!(destination(&request), without_tunnel(destination(&theirs)), "{expected}");
    }
    let edited = sent(&Change::UpdateDestination(web(), Destination { weight: 9, ..route }));
    let theirs = bytes(captured::EDIT_SERVER);
    assert_eq!(edited[..4], theirs[..4]);
    assert_eq!(destination(&edited), without_tunnel(destination(&theirs)));
}

#[test]
fn a_destination_is_deleted_by_its_key_alone() {
    let request = sent(&Change::DeleteDestination(web(), route_key()));
    assert_eq!(request[..4], [command::DEL_DEST, 1, 0, 0]);
    // After the family, ADD_ROUTE begins with the same address and port.
    let theirs = bytes(captured::ADD_ROUTE);
    assert_eq!(destination(&request), &destination(&theirs)[8..36]);
}

fn route_key() -> DestinationKey {
    DestinationKey { address: "10.0.0.3".parse().unwrap(), port: 80 }
}

#[test]
fn daemons_byte_for_byte() {
    let interface = InterfaceName::new("d0").unwrap();
    let master = Daemon {
        role: DaemonRole::Master,
        interface,
        sync_id: 7,
        max_length: None,
        group: None,
        port: None,
        ttl: None,
    };
    assert_eq!(sent(&Change::StartDaemon(master.clone())), bytes(captured::START_MASTER));
    let backup = Daemon {
        role: DaemonRole::Backup,
        sync_id: 8,
        max_length: Some(1400),
        group: Some("ff02::51".parse().unwrap()),
        port: Some(9000),
        ttl: Some(3),
        ..master
    };
    assert_eq!(sent(&Change::StartDaemon(backup)), bytes(captured::START_BACKUP));
    let stop = sent(&Change::StopDaemon(DaemonRole::Backup));
    assert_eq!(stop, bytes("0a010000 0c000380 0800010002000000"));
}

#[test]
fn a_time_out_of_0_is_not_sent() {
    let request = sent(&Change::SetTimeouts(Timeouts { tcp: 900, tcp_fin: 0, udp: 300 }));
    assert_eq!(request, bytes("0c010000 0800040084030000 080006002c010000"));
    // The classic tool also sends the time-out of 0 (attribute 5), which the kernel takes as
    // "keep".
    let theirs = bytes(captured::SET);
    assert_eq!([&theirs[..12], &theirs[20..]].concat(), request);
}

#[test]
fn requests_with_at_most_a_key() {
    assert_eq!(sent(&Change::Zero(None)), bytes(captured::ZERO));
    assert_eq!(sent(&Change::Flush), bytes(captured::CLEAR));
    assert_eq!(emitted(plain(command::GET_SERVICE)), bytes(captured::LIST_SERVICES));
    assert_eq!(emitted(get_destinations(&web())), bytes(captured::LIST_SERVERS));
    let mut one = bytes(captured::LIST_SERVERS);
    one[0] = command::GET_SERVICE;
    assert_eq!(emitted(get_service(&web())), one);
    one[0] = command::ZERO;
    assert_eq!(sent(&Change::Zero(Some(web()))), one);
}
