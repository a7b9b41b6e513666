//! Slow operations: a resolver that does not answer, and changes right after a rollback.

use std::fs::{self, File};
use std::io::Read;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use nix::pty::{OpenptyResult, openpty};

use crate::common::namespace;
use crate::program::{OURS, file, ours, restore, shell};

/// Standard output of the program, and the screen of a terminal at its standard error.
fn at_a_terminal(words: &[&str]) -> (String, String) {
    let OpenptyResult { master, slave } = openpty(None, None).unwrap();
    let shown = thread::spawn(move || until_its_end(master));
    let mut command = Command::new(OURS);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(slave);
    let child = command.spawn().unwrap();
    drop(command); // closes our copy of the terminal's other end
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), shown.join().unwrap())
}

/// Reads until the read fails, because no process has the terminal open any more.
fn until_its_end(master: OwnedFd) -> String {
    let (mut text, mut buffer, mut terminal) = (Vec::new(), [0; 4096], File::from(master));
    while let Ok(length @ 1..) = terminal.read(&mut buffer) {
        text.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8(text).unwrap()
}

/// Restores a file when dropped.
struct Kept(&'static str, Vec<u8>);

impl Kept {
    fn with(path: &'static str, text: &str) -> Self {
        let kept = Self(path, fs::read(path).unwrap_or_default());
        fs::write(path, text).unwrap();
        kept
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        fs::write(self.0, &self.1).unwrap();
    }
}

/// Stops the server when dropped.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `test` with a DNS server that answers or not, and returns the number of its questions.
fn with_resolver(answers: bool, limits: &str, test: impl FnOnce()) -> usize {
    let _kept = [
        Kept::with("/etc/resolv.conf", &format!("nameserver 127.0.0.1\noptions {limits}\n")),
        Kept::with("/etc/nsswitch.conf", "hosts: files dns\nservices: files\n"),
        Kept::with("/etc/hosts", "127.0.0.1 localhost\n192.0.2.250 last.example\n"),
    ];
    let server = UdpSocket::bind("127.0.0.1:53").unwrap();
    server.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let (stop, questions) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut packet = [0; 512];
            loop {
                // Count every question that came before the end.
                let is_last = stop.load(Ordering::Relaxed);
                let Ok((length, from)) = server.recv_from(&mut packet) else {
                    if is_last {
                        break;
                    }
                    continue;
                };
                questions.fetch_add(1, Ordering::Relaxed);
                if answers {
                    // Reply that the name does not exist.
                    packet[2..4].copy_from_slice(&[0x81, 0x83]);
                    server.send_to(&packet[..length], from).unwrap();
                }
            }
        });
        let _stop = Stop(&stop);
        test();
    });
    questions.into_inner()
}

/// Rules with a service for each of these hosts. All services have the same two real servers.
fn rules(hosts: std::ops::RangeInclusive<u8>) -> String {
    let service = |host| {
        let vip = format!("192.0.2.{host}:65000");
        let server = |n| format!("-a -t {vip} -r 198.51.100.{n}:65000 -g -w 1\n");
        format!("-A -t {vip} -s rr\n{}{}", server(1), server(2))
    };
    hosts.map(service).collect()
}

#[test]
fn a_silent_resolver_is_given_up() {
    namespace(|| {
        restore(&rules(1..=250)).expect(0);
        let numeric = ours(&["-L", "-n"]).expect(0).out;
        let saved = ours(&["-S", "-n"]).expect(0).out;
        let expected = |text: &str| text.replace("192.0.2.250:65000", "last.example:65000");
        let questions = with_resolver(false, "timeout:1 attempts:1", || {
            let listed = ours(&["-L"]).expect(0).out;
            // Columns are as wide as the name, so compare without repeated blanks.
            assert_eq!(squeezed(&listed), squeezed(&expected(&numeric)));
            assert!(ours(&["-S"]).expect(0).out.lines().count() == saved.lines().count());
        });
        assert!((1..=64).contains(&questions), "{questions} questions about 252 addresses");
    });
}

fn squeezed(text: &str) -> Vec<Vec<String>> {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    text.lines().map(words).collect()
}

#[test]
fn each_address_is_looked_up_once() {
    namespace(|| {
        restore(&rules(1..=40)).expect(0);
        for words in [["-L"].as_slice(), &["-L", "--stats"], &["-S"]] {
            let questions = || with_resolver(true, "timeout:30", || drop(ours(words).expect(0)));
            // The program gives up a resolver that takes longer than a second, which can happen on a
            // busy machine. It never asks more.
            let all = (0..10).map(|_| questions()).find(|asked| *asked >= 42);
            assert_eq!(all, Some(42), "40 services, 2 real servers: {words:?}");
        }
    });
}

#[test]
fn each_name_is_looked_up_once() {
    namespace(|| {
        let rules = "-A -t web.example:80 -s rr\n-a -t web.example:80 -r 192.0.2.1:80 -g\n";
        let (_rules, path) = file(rules);
        for (answers, limits, expected) in [
            (true, "timeout:30", 2), // one question for each family
            (false, "timeout:1 attempts:1", 1),
        ] {
            let questions = with_resolver(answers, limits, || drop(ours(&["apply", &path])));
            assert_eq!(questions, expected, "the resolver answers: {answers}");
        }
    });
}

#[test]
fn a_slow_lookup_prints_a_notice_on_a_terminal() {
    namespace(|| {
        restore(&rules(1..=4)).expect(0);
        with_resolver(false, "timeout:4 attempts:1", || {
            let notice = "looking up names; -n avoids it\r\n";
            let (listed, shown) = at_a_terminal(&["-L"]);
            assert_eq!((shown.as_str(), listed.lines().count()), (notice, 15));
            // Without a terminal there is no notice.
            assert_eq!(ours(&["-L"]).expect(0).complaints, "");
            let (_rules, path) = file("-A -t web.example:80 -s rr\n");
            let (_, shown) = at_a_terminal(&["apply", &path]);
            assert!(shown.starts_with("looking up web.example\r\n"), "{shown}");
            assert!(shown.contains("web.example:80"), "{shown}");
        });
    });
}

/// Too little memory for a thread is an ordinary error.
#[test]
fn lookups_whose_threads_cannot_start_are_no_panic() {
    namespace(|| {
        restore(&rules(1..=4)).expect(0);
        let (_rules, path) = file("-A -t last.example:80 -s rr\n");
        with_resolver(true, "timeout:30", || {
            for words in ["-L".to_owned(), "-S".to_owned(), format!("diff {path}")] {
                let usual = shell(&format!("$ours {words}"));
                let huge = shell(&format!("RUST_MIN_STACK=99999999999999 $ours {words}"));
                assert_eq!(huge, usual, "{words}");
                for megabytes in 2..20 {
                    let limit = format!("ulimit -v {}", megabytes * 1024);
                    let limited = shell(&format!("{limit}; $ours {words}"));
                    let said = &limited.complaints;
                    // Rust's own start-up needs a stack for signals; it ends before main begins.
                    let has_begun = !said.contains("failed to allocate an alternative stack");
                    assert!(
                        !has_begun || !said.contains("panicked"),
                        "{words}, {megabytes}: {said}"
                    );
                }
            }
        });
    });
}

#[test]
fn a_rollback_and_the_changes_after_it_show_progress() {
    namespace(|| {
        let good = (0..3000).map(|n| {
            let vip = format!("10.{}.{}.{}:80", n / 250, n % 250, n % 251);
            format!("-A -t {vip} -s rr\n-a -t {vip} -r 172.16.{}.{}:80 -g\n", n / 250, n % 250)
        });
        let good: String = good.collect();
        // The kernel refuses the last line, which has a broadcast address.
        let (_bad, bad) = file(&format!(
            "{good}-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 127.255.255.255:80 -g\n"
        ));
        let (_good, good) = file(&good);
        let (_, shown) = at_a_terminal(&["apply", &bad]);
        assert!(shown.contains("rolled back: the table is as before"), "{shown}");
        assert!(shown.contains(" changes rolled back"), "{shown}");
        let (_, shown) = at_a_terminal(&["apply", &good]);
        assert!(shown.contains(" of 6000 changes made"), "{shown}");
    });
}
