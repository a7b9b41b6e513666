//! ipvsadm-restore makes the same table as the old program, without clearing it first.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ipvsadm::Client;
use ipvsadm::diff::plan;
use ipvsadm::model::ServiceKey;
use ipvsadm::read_table;
use proptest::prelude::*;

use crate::common::namespace;
use crate::program::{
    REFUSED, Random, called, file, journals, killed, lines, live, live_whole, ours, ours_with,
    reference, restore, shell, slow_restore,
};
use crate::tables::table;

/// Spoils a rule file in one of several ways.
fn spoil(rows: &mut Vec<String>, how: u8, at: usize) {
    if rows.is_empty() {
        return;
    }
    let at = at % rows.len();
    match how {
        0 => rows.insert(at, rows[at].clone()),
        1 => drop(rows.remove(at)),
        2 => "-a -t 192.0.2.80:80 -r 127.255.255.255:80 -g -w 1".clone_into(&mut rows[at]),
        3 => rows.push("-e -t 192.0.2.80:80 -r 127.255.255.255:80 -g -w 1".to_owned()),
        4 => rows.insert(at, "-d -t 192.0.2.80:80 -r 198.51.100.1:80".to_owned()),
        5 => rows.insert(at, "-D -t 192.0.2.80:80".to_owned()),
        6 => rows.insert(at, "-a -t 192.0.2.80:80 -r 224.0.0.1:80 -g -w 1".to_owned()),
        7 => rows.insert(at, "-e -u 192.0.2.80:53 -r 198.51.100.1:53 -g -w 9".to_owned()),
        8 => rows.insert(at, "-C".to_owned()),
        9 => rows.insert(at, "-Z".to_owned()),
        10 => rows.push("-L -n --timeout".to_owned()),
        _ => {}
    }
}

#[test]
fn the_table_and_the_messages_equal_the_old_ones() {
    namespace(|| {
        let mut random = Random::new();
        let spoilers = proptest::collection::vec((0..14u8, any::<usize>()), 0..3);
        for round in 0..120 {
            let (old, new, spoilers) =
                (random.draw(table()), random.draw(table()), random.draw(&spoilers));
            let mut rows: Vec<String> = lines(&new).lines().map(str::to_owned).collect();
            for (how, at) in spoilers {
                spoil(&mut rows, how, at);
            }
            let text = rows.join("\n") + "\n";
            restore(&lines(&old)).expect(0);
            assert_eq!(live(), old);
            let outcome = restore(&text);
            let made = live();
            reference("", &["-C"]).expect(0);
            let theirs = reference(&text, &["-R"]);
            assert_eq!(made, live(), "round {round}: {text}{outcome:?}");
            let messages = |text: &str| {
                let rows = text.lines().filter(|row| !row.starts_with("hint: "));
                rows.map(str::to_owned).collect::<Vec<_>>()
            };
            let expected = messages(&theirs.complaints);
            assert_eq!(messages(&outcome.complaints), expected, "round {round}: {text}");
            assert_eq!(outcome.status, if expected.is_empty() { 0 } else { 255 });
            assert_eq!(outcome.out, theirs.out);
        }
    });
}

#[test]
fn a_typo_leaves_the_table_as_it_was() {
    namespace(|| {
        restore("-A -t 192.0.2.80:80 -s rr\n-a -t 192.0.2.80:80 -r 198.51.100.1:80 -g -w 1\n")
            .expect(0);
        let before = live_whole();
        // restore executes the second text line by line on an empty table.
        for text in ["-A -f 7 -s rr\n-A -t nonsense:x:y\n", "-C\n-L -n\n-A -f 7 -w x\n"] {
            for outcome in [restore(text), ours_with(text, &["-R"])] {
                let outcome = outcome.expect(2);
                assert!(outcome.complaints.ends_with("hint: nothing was changed\n"), "{outcome:?}");
                assert_eq!(live_whole(), before, "{text}");
            }
        }
    });
}

#[test]
fn a_closed_pipe_of_a_listing_does_not_stop_later_lines() {
    namespace(|| {
        let mut text = String::new();
        for n in 0..8000 {
            text += &format!("-A -t 10.0.{}.{}:80 -s rr\n", n / 250, n % 250);
        }
        let (_file, path) = file(&format!("{text}-L -n\n-A -f 7 -s rr\n"));
        for (words, status) in [
            (format!("{{ $ours -R <{path}; echo $? >&2; }} | head -c 1 >/dev/null"), "0\n"),
            (format!("$ours -R <{path} >/dev/full; echo $? >&2"), "1\n"),
        ] {
            let outcome = shell(&words);
            assert!(outcome.complaints.ends_with(status), "{outcome:?}");
            assert_eq!(live().pools.len(), 8001, "{words}");
            ours(&["-C"]).expect(0);
        }
    });
}

#[test]
fn counters_of_untouched_services_survive() {
    namespace(|| {
        let text = "-A -u 127.0.0.1:53 -s rr\n-a -u 127.0.0.1:53 -r 127.0.0.1:5353 -m -w 1\n";
        restore(text).expect(0);
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..5 {
            socket.send_to(b"x", "127.0.0.1:53").unwrap();
        }
        let key = ServiceKey::udp("127.0.0.1:53".parse().unwrap());
        let count = || Client::open().unwrap().service(&key).unwrap().stats.in_packets;
        // The kernel updates its counters every two seconds (6.1).
        while count() != 5 {
            thread::sleep(Duration::from_millis(100));
        }
        restore(&format!("{text}-A -f 7 -s rr\n")).expect(0);
        assert_eq!(count(), 5);
        assert_eq!(ours(&["-S", "-n"]).out.lines().count(), 3);
    });
}

#[test]
fn restore_enters_the_namespace_of_netns() {
    namespace(|| {
        let mut other = Command::new("unshare").args(["-n", "sleep", "3600"]).spawn().unwrap();
        let pid = other.id().to_string();
        let own = fs::read_link("/proc/thread-self/ns/net").unwrap();
        let path = format!("/proc/{pid}/ns/net");
        while fs::read_link(&path).is_ok_and(|it| it == own) {
            thread::sleep(Duration::from_millis(10));
        }
        restore("-A -t 192.0.2.80:80 -s rr\n").expect(0);
        let here = live();
        let rules = "-A -t 192.0.2.81:80 -s wlc\n";
        for words in [vec!["--netns".to_owned(), pid.clone()], vec![format!("--netns={pid}")]] {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            called("ipvsadm-restore", rules, &words).expect(0);
            assert_eq!(live(), here);
            let words = [&["-n"], &words[..]].concat();
            assert_eq!(called("ipvsadm-save", "", &words).expect(0).out, rules);
        }
        called("ipvsadm-restore", rules, &["--netns"]).expect(1);
        called("ipvsadm-restore", rules, &["--netns", "no-such"]).expect(2);
        assert_eq!(live(), here);
        other.kill().unwrap();
        other.wait().unwrap();
    });
}

/// Runs restore repeatedly while another program adds and deletes the objects that are in
/// `flickering` but not in `steady`.
fn disturbed(steady: &'static str, flickering: &'static str) {
    namespace(move || {
        restore(steady).expect(0);
        let done = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&done);
        let writer = thread::spawn(move || {
            let tables = [steady, flickering].map(|text| read_table(text).unwrap());
            let [make, delete] = [[0, 1], [1, 0]].map(|[a, b]| plan(&tables[a], &tables[b]));
            let mut client = Client::open().unwrap();
            let mut refused = 0;
            while !stop.load(Ordering::Relaxed) {
                for change in make.iter().chain(&delete) {
                    refused += usize::from(client.change(change).is_err());
                    thread::sleep(Duration::from_micros(300));
                }
            }
            refused
        });
        for round in 0..15 {
            // Each round also changes another service.
            let more = format!("-A -f 7 -s {}\n", ["rr", "wlc"][round % 2]);
            let desired =
                format!("{}{more}--set {} 0 0\n", flickering.replace("-w 9", "-w 1"), 901 + round);
            let outcome = slow_restore(&desired).expect(0);
            assert_eq!(outcome.complaints, "", "round {round}");
            assert!(lines(&live()).contains(&more), "round {round}");
            let timeouts = Client::open().unwrap().timeouts().unwrap();
            assert_eq!(timeouts.tcp as usize, 901 + round);
        }
        done.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 0, "nothing was disturbed");
    });
}

#[test]
fn restore_tolerates_a_real_server_that_comes_and_goes() {
    disturbed(
        "-A -t 192.0.2.80:80 -s rr\n",
        "-A -t 192.0.2.80:80 -s rr\n-a -t 192.0.2.80:80 -r 198.51.100.1:80 -g -w 9\n",
    );
}

#[test]
fn restore_tolerates_a_service_that_comes_and_goes() {
    disturbed(
        "-A -t 192.0.2.80:80 -s rr\n",
        "-A -t 192.0.2.80:80 -s rr\n-A -t 192.0.2.81:80 -s rr\n",
    );
}

#[test]
fn daemons_stop_before_the_rules_and_start_after_them() {
    namespace(|| {
        let service = "-A -t 192.0.2.80:80 -s rr\n";
        let start = "--start-daemon backup --mcast-interface lo\n";
        restore(&format!("{service}{start}")).expect(0);
        // While a daemon runs, the kernel refuses a real server of the other address family.
        let mixed =
            format!("{service}-a -t 192.0.2.80:80 -r [2001:db8::1]:80 -i -w 1 --tun-type ipip\n");
        let daemon = || live_whole().daemons.values().flatten().count();
        assert_eq!(daemon(), 1);
        restore(&format!("{mixed}--stop-daemon backup\n")).expect(0);
        assert_eq!((lines(&live()), daemon()), (mixed, 0));
        restore(&format!("{start}{service}")).expect(0);
        assert_eq!((lines(&live()), daemon()), (service.to_owned(), 1));
        // Lines about daemons keep their order among themselves.
        restore(&format!("--stop-daemon backup\n{start}--stop-daemon backup\n{service}")).expect(0);
        assert_eq!(daemon(), 0);
    });
}

#[test]
fn restore_drops_a_journal_only_if_it_replaces_all_of_it() {
    namespace(|| {
        let (old, new) = ("-A -t 192.0.2.80:80 -s rr\n", "-A -t 192.0.2.80:80 -s wlc\n");
        restore(old).expect(0);
        let (_new, path) = file(new);
        killed(&path);
        let refused = restore(REFUSED).expect(255);
        assert!(refused.complaints.contains("ipvsadm apply --recover"), "{refused:?}");
        assert_eq!(journals(), 1);
        assert_eq!(restore(old).expect(0).complaints, "");
        assert_eq!(journals(), 0);
        let before = live_whole().timeouts;
        let (_whole, path) = file(&format!("{new}--set 1234 0 0\n"));
        killed(&path);
        let hinted = restore(old).expect(0);
        assert!(hinted.complaints.contains("ipvsadm apply --recover"), "{hinted:?}");
        ours(&["apply", "--recover"]).expect(0);
        assert_eq!(live_whole().timeouts, before);
    });
}

/// The kernel refuses a daemon next to a real server of the other address family. The first line in
/// the file wins, whatever the table had.
#[test]
fn the_first_of_two_conflicting_lines_wins() {
    const SERVICE: &str = "-A -t 192.0.2.80:80 -s rr\n";
    const MIXED: &str = "-a -t 192.0.2.80:80 -r [2001:db8::1]:80 -i -w 1\n";
    const DAEMON: &str = "--start-daemon backup --mcast-interface lo\n";
    namespace(|| {
        for rules in [[DAEMON, SERVICE, MIXED], [SERVICE, MIXED, DAEMON]] {
            let rules = rules.concat();
            let [empty, full] = ["", "-A -t 192.0.2.99:80 -s rr\n"].map(|before| {
                restore(before).expect(0);
                restore(&rules).expect(255);
                let made = live_whole();
                reference("", &["--stop-daemon", "backup"]);
                made
            });
            assert_eq!(full, empty, "{rules}");
            assert_eq!(full.destinations(), usize::from(!rules.starts_with(DAEMON)));
        }
    });
}
