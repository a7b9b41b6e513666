//! Socket options of IPVS and netlink give the same table, and columns that the options lack come
//! from netlink.

use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use ipvsadm::Client;
use ipvsadm::model::{Change, Destination, Family, Protocol, ServiceKey, Stats, Table};

use crate::common::{namespace, run};
use crate::program::{Random, inside, live, reference, restore};
use crate::tables::table;

/// Options of the listings to compare.
const LISTINGS: [&[&str]; 6] = [
    &["-L", "-n"],
    &["-L", "-n", "--stats", "--exact"],
    &["-L", "-n", "--rate", "--exact"],
    &["-L", "-n", "--thresholds"],
    &["-L", "-n", "--persistent-conn"],
    &["-L", "-n", "--tun-info"],
];

/// Number of header lines after the version.
const TITLES: usize = 2;

fn load(table: &Table) {
    let mut client = Client::open().unwrap();
    client.flush().unwrap();
    for pool in table.pools.values() {
        let service = Change::AddService(pool.service.clone());
        let servers = pool.destinations.values();
        let servers = servers.map(|server| Change::AddDestination(pool.service.key, *server));
        assert_eq!(client.batch([service].into_iter().chain(servers)).unwrap(), []);
    }
}

/// The option and value that name a service.
fn words_of(key: &ServiceKey) -> Vec<String> {
    let option = match key.protocol() {
        Protocol::Tcp => "-t",
        Protocol::Udp => "-u",
        Protocol::Sctp => "--sctp-service",
        Protocol::Other(_) => "-f",
    };
    let value = match key.address() {
        Some(address) => SocketAddr::new(address, key.port()).to_string(),
        None => key.mark().to_string(),
    };
    let is_marked_ipv6 = key.address().is_none() && key.family() == Family::V6;
    let family = is_marked_ipv6.then(|| "-6".to_owned());
    [option.to_owned(), value].into_iter().chain(family).collect()
}

/// Compares the table with netlink's, as a whole and service by service.
fn agrees_with_netlink() {
    let mut read = Client::open().unwrap().table().unwrap();
    read.timeouts = None;
    read.daemons.clear();
    for pool in read.pools.values_mut() {
        std::sync::Arc::make_mut(pool).destinations.reverse();
    }
    assert_eq!(read, live());
    for words in LISTINGS {
        let all = inside(words).out;
        let mut lines = all.lines().count() - TITLES - 1;
        for key in read.pools.keys() {
            let key = words_of(key);
            let one: Vec<&str> =
                words.iter().copied().chain(key.iter().map(String::as_str)).collect();
            let one = inside(&one).out;
            let rows: Vec<&str> = one.lines().skip(TITLES).collect();
            assert!(all.contains(&rows.join("\n")), "{words:?} {key:?}:\n{one}\n{all}");
            lines -= rows.len();
        }
        assert_eq!(lines, 0, "{all}");
    }
}

#[test]
fn random_tables_are_equal_from_every_source() {
    namespace(|| {
        let mut random = Random::new();
        for _ in 0..100 {
            load(&random.draw(table()));
            agrees_with_netlink();
        }
    });
}

fn dns() -> ServiceKey {
    let address = [192, 0, 2, 80].into();
    ServiceKey::Address { protocol: Protocol::Udp, address, port: 53 }
}

/// Sockets with a port each. A socket that is closed early may leave its port to the next one, whose
/// datagram then belongs to the same connection.
fn clients(count: usize) -> Vec<UdpSocket> {
    (0..count).map(|_| UdpSocket::bind("0.0.0.0:0").unwrap()).collect()
}

/// Waits until the counters satisfy `what`. The kernel updates them every two seconds.
fn once(what: impl Fn(&Stats, &Stats) -> bool) -> (Stats, Stats) {
    let mut client = Client::open().unwrap();
    loop {
        let service = client.service(&dns()).unwrap().stats;
        let server = client.destinations(&dns()).unwrap()[0].stats;
        if what(&service, &server) {
            return (service, server);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn counters_are_equal_from_every_source_and_bytes_bound_the_packets() {
    namespace(|| {
        run("ip", &["address", "add", "192.0.2.80/32", "dev", "lo"]);
        restore("-A -u 192.0.2.80:53 -s rr\n-a -u 192.0.2.80:53 -r 127.0.0.1:5353 -m -w 1\n")
            .expect(0);
        let server = UdpSocket::bind("127.0.0.1:5353").unwrap();
        let clients = clients(20);
        for client in &clients {
            // The shortest possible datagram.
            client.send_to(&[], "192.0.2.80:53").unwrap();
        }
        let (service, counted) =
            once(|service, server| service.connections == 20 && server.connections == 20);
        for stats in [service, counted] {
            assert!(stats.in_bytes >= 20 * stats.in_packets, "{stats:?}");
            assert!(stats.in_packets >= stats.connections, "{stats:?}");
        }
        // Stop the kernel's updates of the counters.
        std::fs::write("/proc/sys/net/ipv4/vs/run_estimation", "0").unwrap();
        agrees_with_netlink();
        for words in LISTINGS {
            // The old tool uses only netlink.
            assert_eq!(inside(words).out, reference("", words).out, "{words:?}");
        }
        std::fs::write("/proc/sys/net/ipv4/vs/run_estimation", "1").unwrap();
        drop(server);
    });
}

/// A real server that is added again soon after its deletion keeps its counters. So a reader must not
/// conclude from a service's counters how large those of its real servers can be.
#[test]
fn a_server_added_again_can_exceed_the_counters_of_its_zeroed_service() {
    namespace(|| {
        run("ip", &["address", "add", "192.0.2.80/32", "dev", "lo"]);
        restore("-A -u 192.0.2.80:53 -s rr\n-a -u 192.0.2.80:53 -r 127.0.0.1:5353 -m -w 1\n")
            .expect(0);
        for client in &clients(5) {
            client.send_to(&[], "192.0.2.80:53").unwrap();
        }
        once(|service, server| service.connections == 5 && server.connections == 5);
        let mut client = Client::open().unwrap();
        let server: Destination = client.destinations(&dns()).unwrap()[0].destination;
        client.delete_destination(dns(), server.key).unwrap();
        client.zero(Some(dns())).unwrap();
        client.add_destination(dns(), server).unwrap();
        let (service, server) = once(|_, _| true);
        assert!(server.connections > service.connections, "{service:?} {server:?}");
        let listed = inside(&["-L", "-n", "--stats", "--exact"]).out;
        assert_eq!(listed, reference("", &["-L", "-n", "--stats", "--exact"]).out);
    });
}
