//! Destinations: the kernel returns each attribute as it was set.

use ipvsadm::model::{
    Checksum, Destination, DestinationEntry, Forwarding, MAX_WEIGHT, Operation, Protocol, Stats,
    Tunnel,
};

use super::common::{client, namespace};
use super::{EEXIST, EINVAL, ENOENT, ESRCH, key, refused, server, service, web};

fn every_kind() -> Vec<Destination> {
    let full = Checksum::Full;
    let mut list: Vec<_> = [
        Forwarding::Masquerade,
        Forwarding::Local,
        Forwarding::Route,
        Forwarding::Bypass,
        Forwarding::Other(5),
        Forwarding::Tunnel(Tunnel::Ipip),
        Forwarding::Tunnel(Tunnel::Gue { port: 6080, checksum: Checksum::None }),
        Forwarding::Tunnel(Tunnel::Gue { port: 1, checksum: full }),
        Forwarding::Tunnel(Tunnel::Gue { port: 65535, checksum: Checksum::Remote }),
        Forwarding::Tunnel(Tunnel::Gre { checksum: Checksum::None }),
        Forwarding::Tunnel(Tunnel::Gre { checksum: full }),
        Forwarding::Tunnel(Tunnel::Other { kind: 3, port: 7, flags: 9 }),
        Forwarding::Tunnel(Tunnel::Other { kind: 2, port: 0, flags: 2 }),
    ]
    .into_iter()
    .zip(1..)
    .map(|(forwarding, port)| Destination { forwarding, ..server("10.0.0.2", port) })
    .collect();
    list.extend([
        Destination { weight: 0, ..server("10.0.0.3", 80) },
        Destination { weight: MAX_WEIGHT, ..server("10.0.0.4", 80) },
        Destination { upper_threshold: 100, lower_threshold: 50, ..server("10.0.0.5", 80) },
        // The other address family.
        Destination { forwarding: Forwarding::Tunnel(Tunnel::Ipip), ..server("fd00::2", 80) },
    ]);
    list
}

fn fresh(destination: Destination) -> DestinationEntry {
    DestinationEntry { destination, active: 0, inactive: 0, persistent: 0, stats: Stats::default() }
}

#[test]
fn every_kind_is_made_read_and_deleted() {
    namespace(|| {
        let mut client = client();
        client.add_service(service(web())).unwrap();
        for destination in every_kind() {
            client.add_destination(web(), destination).unwrap();
        }
        let mut newest_first: Vec<_> = every_kind().into_iter().map(fresh).collect();
        newest_first.reverse();
        assert_eq!(client.destinations(&web()).unwrap(), newest_first);
        for destination in every_kind() {
            client.delete_destination(web(), destination.key).unwrap();
        }
        assert_eq!(client.destinations(&web()).unwrap(), []);
    });
}

#[test]
fn ipv6_service_takes_both_families() {
    namespace(|| {
        let mut client = client();
        let key = key(Protocol::Tcp, "fd00::1", 80);
        let mixed =
            Destination { forwarding: Forwarding::Tunnel(Tunnel::Ipip), ..server("10.0.0.9", 80) };
        client.add_service(service(key)).unwrap();
        client.add_destination(key, server("fd00::2", 80)).unwrap();
        client.add_destination(key, mixed).unwrap();
        let expected = [fresh(mixed), fresh(server("fd00::2", 80))];
        assert_eq!(client.destinations(&key).unwrap(), expected);
        client.delete_destination(key, mixed.key).unwrap();
        assert_eq!(client.destinations(&key).unwrap(), expected[1..]);
    });
}

#[test]
fn update_replaces_everything() {
    namespace(|| {
        let mut client = client();
        client.add_service(service(web())).unwrap();
        let plain = server("10.0.0.2", 80);
        let gue = Tunnel::Gue { port: 6080, checksum: Checksum::Full };
        let full = Destination {
            forwarding: Forwarding::Tunnel(gue),
            weight: 9,
            upper_threshold: 8,
            lower_threshold: 7,
            ..plain
        };
        for destination in [plain, full, plain] {
            if client.destinations(&web()).unwrap().is_empty() {
                client.add_destination(web(), destination).unwrap();
            } else {
                client.update_destination(web(), destination).unwrap();
            }
            assert_eq!(client.destinations(&web()).unwrap(), [fresh(destination)]);
        }
    });
}

#[test]
fn refusals() {
    namespace(|| {
        let mut client = client();
        let it = server("10.0.0.2", 80);
        refused(client.add_destination(web(), it), Operation::AddDestination, ESRCH);
        assert_eq!(client.destinations(&web()).unwrap(), []);
        client.add_service(service(web())).unwrap();
        refused(client.update_destination(web(), it), Operation::UpdateDestination, ENOENT);
        refused(client.delete_destination(web(), it.key), Operation::DeleteDestination, ENOENT);
        client.add_destination(web(), it).unwrap();
        refused(client.add_destination(web(), it), Operation::AddDestination, EEXIST);
        let multicast = server("224.0.0.1", 80);
        refused(client.add_destination(web(), multicast), Operation::AddDestination, EINVAL);
        let mixed = server("fd00::2", 80);
        refused(client.add_destination(web(), mixed), Operation::AddDestination, EINVAL);
        let heavy = Destination { weight: MAX_WEIGHT + 1, ..server("10.0.0.3", 80) };
        refused(
            client.add_destination(web(), heavy),
            Operation::AddDestination,
            ipvsadm::Errno(34),
        );
        assert_eq!(client.destinations(&web()).unwrap(), [fresh(it)]);
    });
}
