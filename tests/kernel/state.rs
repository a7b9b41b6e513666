//! Version, time-outs and counters, and the commands that reset them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use ipvsadm::model::{Destination, Forwarding, Operation, Stats, Timeouts};

use super::common::{client, namespace, run};
use super::{EINVAL, refused, server, service, web};

#[test]
fn info() {
    namespace(|| {
        let info = client().info().unwrap();
        assert_eq!(info.version, (1, 2, 1));
    });
}

#[test]
fn zero_keeps_a_time_out() {
    namespace(|| {
        let mut client = client();
        let default = Timeouts { tcp: 900, tcp_fin: 120, udp: 300 };
        assert_eq!(client.timeouts().unwrap(), default);
        client.set_timeouts(Timeouts { tcp: 0, tcp_fin: 7, udp: 0 }).unwrap();
        assert_eq!(client.timeouts().unwrap(), Timeouts { tcp_fin: 7, ..default });
        client.set_timeouts(Timeouts { tcp: 0, tcp_fin: 0, udp: 0 }).unwrap();
        assert_eq!(client.timeouts().unwrap(), Timeouts { tcp_fin: 7, ..default });
        let long = Timeouts { tcp: u32::MAX, tcp_fin: 0, udp: 0 };
        refused(client.set_timeouts(long), Operation::SetTimeouts, EINVAL);
    });
}

#[test]
fn flush_empties_the_table() {
    namespace(|| {
        let mut client = client();
        client.flush().unwrap();
        client.add_service(service(web())).unwrap();
        client.add_destination(web(), server("10.0.0.2", 80)).unwrap();
        client.flush().unwrap();
        assert_eq!(client.services().unwrap(), []);
    });
}

/// Repeats a check until it holds. The kernel updates rates every 2 seconds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn counters_and_zero() {
    namespace(|| {
        run("ip", &["address", "add", "10.0.0.1/24", "dev", "lo"]);
        let mut client = client();
        let it = Destination { forwarding: Forwarding::Masquerade, ..server("10.0.0.1", 8080) };
        client.add_service(service(web())).unwrap();
        client.add_destination(web(), it).unwrap();
        let listener = TcpListener::bind("10.0.0.1:8080").unwrap();
        let mut near = TcpStream::connect("10.0.0.1:80").unwrap();
        let (mut far, _) = listener.accept().unwrap();
        near.write_all(&[1; 1000]).unwrap();
        far.read_exact(&mut [0; 1000]).unwrap();
        far.write_all(&[2; 3000]).unwrap();
        near.read_exact(&mut [0; 3000]).unwrap();

        until("no traffic is counted", || {
            let stats = client.service(&web()).unwrap().stats;
            stats.connections == 1 && stats.in_bytes > 1000 && stats.out_bytes > 3000
        });
        let stats = client.service(&web()).unwrap().stats;
        assert!(stats.in_packets >= 3 && stats.out_packets >= 2, "{stats:?}");
        let entry = client.destinations(&web()).unwrap()[0];
        assert_eq!((entry.active, entry.inactive, entry.persistent), (1, 0, 0));
        assert_eq!(entry.stats.connections, 1);
        assert_eq!(client.services().unwrap()[0].stats.connections, 1);

        until("rates are zero", || client.service(&web()).unwrap().stats.in_byte_rate > 0);
        // The kernel keeps rates when it zeroes totals, so compare totals only.
        let totals = |stats: Stats| stats.connections + stats.in_packets + stats.out_bytes;
        until("counters survive zeroing", || {
            client.zero(Some(web())).unwrap();
            totals(client.service(&web()).unwrap().stats) == 0
        });
        let of_server =
            |client: &mut ipvsadm::Client| totals(client.destinations(&web()).unwrap()[0].stats);
        assert_eq!(of_server(&mut client), 0);

        near.write_all(&[1; 1000]).unwrap();
        far.read_exact(&mut [0; 1000]).unwrap();
        until("no traffic is counted after zeroing", || of_server(&mut client) > 0);
        until("counters survive zeroing of all services", || {
            client.zero(None).unwrap();
            totals(client.service(&web()).unwrap().stats) + of_server(&mut client) == 0
        });
    });
}
