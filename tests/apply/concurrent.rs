//! Every listing contains all services that exist throughout the read, while another program
//! writes.
//!
//! The kernel sends a list in pieces and continues each time at the n-th entry. strace delays the
//! reader between two pieces, so that the other program writes in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use ipvsadm::model::{
    Change, Destination, DestinationKey, Family, Protocol, SchedulerName, Service, ServiceKey,
};

use crate::common::{client, namespace};
use crate::program::{OURS, Outcome, file, finish, start, traced, traced_restore};

/// Number of services that exist throughout: four pieces of a list.
const STAY: u8 = 240;

/// Number of services that the other program adds and deletes, between the others.
const COME_AND_GO: u8 = 40;

/// Options of strace that delay the reader between two pieces of a list.
const DELAYED: [&str; 4] =
    ["-e", "trace=recvmmsg,recvmsg", "-e", "inject=recvmmsg,recvmsg:delay_exit=1000"];

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

/// Action of the other program if its own services are gone.
#[derive(Clone, Copy, PartialEq)]
enum Rival {
    Fails,
    GoesOn,
}

/// Calls `read` while another program adds and deletes services of `families`.
fn during_writes(families: &[Family], rival: Rival, mut read: impl FnMut()) {
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
                let refused = writer.batch(&added).unwrap();
                assert!(rival == Rival::GoesOn || refused.is_empty(), "{refused:?}");
                for change in &deleted {
                    let outcome = writer.change(change);
                    assert!(rival == Rival::GoesOn || outcome.is_ok(), "{outcome:?}");
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
        during_writes(&writes, Rival::Fails, || {
            for words in [
                &["-L", "-n"][..],
                &["-L", "-n", "--stats"],
                &["-L", "-n", "--rate"],
                &["-S", "-n"],
                &["-L", "--json"],
                &["-S", "--json"],
            ] {
                let (outcome, _) = traced(&DELAYED, words);
                let gone = missing(&outcome.expect(0).out, stay);
                assert_eq!(gone, [""; 0], "{words:?}");
            }
            // A service that the listing lacks would be reported as an addition.
            let (outcome, _) = traced(&DELAYED, &["diff", &path]);
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

/// Options of strace that delay the reader between the pieces of its first lists, long enough for
/// many changes of the other program, and log all requests to the kernel.
const LOGGED: [&str; 7] = [
    "-xx",
    "-s",
    "256",
    "-e",
    "trace=recvmmsg,recvmsg,sendto",
    "-e",
    "inject=recvmmsg,recvmsg:delay_exit=20000:when=1..40",
];

/// From a trace: the commands to the kernel that change one of the expected IPv6 services.
fn changes_of_expected(log: &str) -> Vec<u8> {
    let address = "\\x20\\x01\\x0d\\xb8\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01\\x00\\x";
    let sends = log.lines().filter(|row| row.contains("sendto("));
    let requests = sends.flat_map(|row| {
        row.split("nlmsg_type=IPVS").skip(1).filter_map(|part| part.split_once("}, \"\\x"))
    });
    let named = requests.filter(|(_, payload)| payload.contains(address));
    let commands = named.map(|(_, payload)| u8::from_str_radix(&payload[..2], 16).unwrap());
    commands.filter(|command| ![4, 8].contains(command)).collect()
}

/// Loads rules in which one of 240 services has another weight. No other service may be touched.
fn one_weight_changes(load: impl Fn(&str) -> (Outcome, String) + Send + 'static) {
    namespace(move || {
        assert_eq!(client().batch(all(Family::V6, 1, STAY)).unwrap(), []);
        let rules = traced(&["-e", "trace=none"], &["-S", "-n"]).0.expect(0).out;
        during_writes(&[Family::V6], Rival::GoesOn, || {
            for (weight, host) in [(7, 3), (8, 120), (9, 239), (5, 60), (6, 180)] {
                let server = format!("-r [2001:db8:2::1:{host:x}]:80 -g -w ");
                assert!(rules.contains(&server), "{server}");
                let (outcome, log) =
                    load(&rules.replace(&format!("{server}1\n"), &format!("{server}{weight}\n")));
                assert_eq!(changes_of_expected(&log), [6], "SET_DEST is 6: {outcome:?}");
                load(&rules).0.expect(0);
            }
        });
        let (listed, _) = traced(&["-e", "trace=none"], &["-S", "-n"]);
        assert_eq!(missing(&listed.expect(0).out, Family::V6), [""; 0]);
    });
}

#[test]
fn apply_changes_one_weight_while_another_program_writes() {
    one_weight_changes(|rules| {
        let (_rules, path) = file(rules);
        // The services of the other program are outside the scope.
        let (outcome, log) = traced(&LOGGED, &["apply", "--scope", "2001:db8:1::1:0/112", &path]);
        let said = "1 change made: 0 added, 1 edited, 0 deleted\n";
        assert_eq!((outcome.status, &*outcome.out), (0, said), "{outcome:?}");
        (outcome, log)
    });
}

#[test]
fn restore_changes_one_weight_while_another_program_writes() {
    one_weight_changes(|rules| {
        let (outcome, log) = traced_restore(&LOGGED, rules);
        assert_eq!(outcome.status, 0, "{outcome:?}");
        (outcome, log)
    });
}

/// Runs a command that stops after each request to the kernel. Before it continues, one more
/// service is added, so no list is complete.
fn never_settled(words: &[&str]) -> Outcome {
    let stops = ["-e", "trace=sendto", "-e", "inject=sendto:signal=SIGSTOP"];
    // With -D the child is the program; otherwise it would be strace.
    let words = [&["-D", "-o", "/dev/null"], &stops[..], &[OURS], words].concat();
    let mut child = start("strace", "strace", &words);
    let pid = Pid::from_raw(child.id().cast_signed());
    let mut writer = client();
    let mut others = (1..=u8::MAX).flat_map(|net| all(Family::V6, net, STAY)).skip(2 * 240);
    while child.try_wait().unwrap().is_none() {
        let next: Vec<Change> = others.by_ref().take(2).collect();
        assert_eq!(writer.batch(next).unwrap(), []);
        let _ = kill(pid, Signal::SIGCONT);
        thread::sleep(Duration::from_millis(10));
    }
    finish(child, "")
}

#[test]
fn a_list_that_never_settles_is_an_error() {
    for (words, status) in [
        (&["-L", "-n"][..], 1),
        (&["-L", "-n", "--stats"], 1),
        (&["-L", "--json"], 1),
        (&["-S", "-n"], 1),
        (&["diff", "FILE"], 2),
        (&["apply", "FILE"], 2),
    ] {
        namespace(move || {
            assert_eq!(client().batch(all(Family::V6, 1, STAY)).unwrap(), []);
            let (_rules, path) = file("-A -t 192.0.2.80:80 -s rr\n");
            let words: Vec<&str> = words
                .iter()
                .map(|word| if *word == "FILE" { path.as_str() } else { word })
                .collect();
            let outcome = never_settled(&words);
            let why = "the table changed while it was read, 16 times in a row\n";
            assert!(outcome.complaints.starts_with(why), "{words:?}: {outcome:?}");
            assert_eq!(outcome.status, status, "{words:?}: {outcome:?}");
            // A part of the list must not pass for the whole.
            assert!(!outcome.out.contains("2001:db8"), "{words:?}: {outcome:?}");
        });
    }
}
