//! Every listing contains all services that exist throughout the read, while another program
//! writes.
//!
//! The kernel sends a list in pieces and continues each time at the n-th entry. strace delays the
//! reader between two pieces, so that the other program writes in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ipvsadm::model::{
    Change, Destination, DestinationKey, Family, Protocol, SchedulerName, Service, ServiceKey,
};

use crate::common::{client, namespace};
use crate::program::{file, traced};

/// Number of services that exist throughout: four pieces of a list.
const STAY: u8 = 240;

/// Number of services that the other program adds and deletes, between the others.
const COME_AND_GO: u8 = 40;

/// A service and its real server. Successive numbers are far apart in the kernel's hash table.
fn numbered(family: Family, net: u8, host: u8) -> [Change; 2] {
    let address = |first: u16| -> IpAddr {
        match family {
            Family::V4 => Ipv4Addr::new(10, u8::try_from(first).unwrap(), net, host).into(),
            Family::V6 => {
                Ipv6Addr::new(0x2001, 0xdb8, first, 0, 0, 0, net.into(), host.into()).into()
            }
        }
    };
    let key = ServiceKey::Address { protocol: Protocol::Tcp, address: address(1), port: 80 };
    let server = DestinationKey { address: address(2), port: 80 };
    [
        Change::AddService(Service::new(key, SchedulerName::new("rr").unwrap())),
        Change::AddDestination(key, Destination::new(server)),
    ]
}

fn all(family: Family, net: u8, count: u8) -> Vec<Change> {
    (0..count).flat_map(|host| numbered(family, net, host)).collect()
}

/// Stops the writer when dropped, even if reading fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Calls `read` repeatedly while another program adds and deletes services of `families`.
fn during_writes(families: &[Family], mut read: impl FnMut()) {
    let (stop, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    let added: Vec<Change> =
        families.iter().flat_map(|family| all(*family, 9, COME_AND_GO)).collect();
    let deleted: Vec<Change> = added
        .iter()
        .filter_map(|change| match change {
            Change::AddService(service) => Some(Change::DeleteService(service.key)),
            _ => None,
        })
        .collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = client();
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(writer.batch(&added).unwrap(), []);
                for change in &deleted {
                    writer.change(change).unwrap();
                }
                written.fetch_add(1, Ordering::Relaxed);
            }
        });
        let _stop = Stop(&stop);
        read();
    });
    assert!(written.into_inner() > 1, "the other program did not write");
}

/// Lines of the expected services that `text` lacks.
fn missing(text: &str, family: Family) -> Vec<String> {
    let words = (0..STAY).map(|host| match family {
        Family::V4 => format!("10.1.1.{host}"),
        Family::V6 => format!("2001:db8:1::1:{host:x}"),
    });
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_hexdigit());
    let stands =
        |word: &str| text.match_indices(word).any(|(at, _)| ends(&text[at + word.len()..]));
    words.filter(|word| !stands(word)).collect()
}

fn nothing_is_missing(stay: Family, writes: &[Family]) {
    let writes = writes.to_vec();
    namespace(move || {
        assert_eq!(client().batch(all(stay, 1, STAY)).unwrap(), []);
        let rules = traced(&["-e", "trace=none"], &["-S", "-n"]).0.expect(0).out;
        assert_eq!(missing(&rules, stay), [""; 0]);
        let (_rules, path) = file(&rules);
        let trace =
            ["-e", "trace=recvmmsg,recvmsg", "-e", "inject=recvmmsg,recvmsg:delay_exit=1000"];
        during_writes(&writes, || {
            for words in [
                &["-L", "-n"][..],
                &["-L", "-n", "--stats"],
                &["-L", "-n", "--rate"],
                &["-S", "-n"],
                &["-L", "--json"],
                &["-S", "--json"],
            ] {
                let (outcome, _) = traced(&trace, words);
                let gone = missing(&outcome.expect(0).out, stay);
                assert_eq!(gone, [""; 0], "{words:?}");
            }
            // A service that the listing lacks would be reported as an addition.
            let (outcome, _) = traced(&trace, &["diff", &path]);
            let added: Vec<&str> =
                outcome.out.lines().filter(|line| line.starts_with('+')).collect();
            assert_eq!(added, [""; 0], "{outcome:?}");
        });
    });
}

#[test]
fn ipv4_services_stay_listed_while_another_program_writes() {
    nothing_is_missing(Family::V4, &[Family::V4]);
}

#[test]
fn ipv6_services_stay_listed_while_another_program_writes() {
    nothing_is_missing(Family::V6, &[Family::V6]);
}

#[test]
fn services_of_one_family_stay_listed_while_another_program_writes_both() {
    nothing_is_missing(Family::V6, &[Family::V4, Family::V6]);
}
