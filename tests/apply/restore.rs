//! ipvsadm-restore: the table that the old one would have made, without clearing.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use ipvsadm::Client;
use ipvsadm::model::ServiceKey;
use proptest::prelude::*;

use crate::common::namespace;
use crate::program::{Random, called, lines, live, ours, reference, restore};
use crate::tables::table;

/// Ways to spoil a rule file.
fn spoil(rows: &mut Vec<String>, how: u8, at: usize) {
    if rows.is_empty() {
        return;
    }
    let at = at % rows.len();
    match how {
        0 => rows.insert(at, rows[at].clone()),
        1 => drop(rows.remove(at)),
        2 => "-A -t 192.0.2.80:80 -s nosuch".clone_into(&mut rows[at]),
        3 => rows.push("-E -t 192.0.2.80:80 -s nosuch".to_owned()),
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
fn the_table_and_the_messages_are_the_old_ones() {
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
fn counters_of_what_is_not_touched_live_on() {
    namespace(|| {
        let text = "-A -u 127.0.0.1:53 -s rr\n-a -u 127.0.0.1:53 -r 127.0.0.1:5353 -m -w 1\n";
        restore(text).expect(0);
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..5 {
            socket.send_to(b"x", "127.0.0.1:53").unwrap();
        }
        let key = ServiceKey::udp("127.0.0.1:53".parse().unwrap());
        let count = || Client::open().unwrap().service(&key).unwrap().stats.in_packets;
        for _ in 0..50 {
            // The kernel adds its counters up every two seconds (6.1).
            if count() == 5 {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(count(), 5);
        restore(&format!("{text}-A -f 7 -s rr\n")).expect(0);
        assert_eq!(count(), 5);
        assert_eq!(ours(&["-S", "-n"]).out.lines().count(), 3);
    });
}

#[test]
fn another_network_namespace_is_meant_where_it_is_named() {
    namespace(|| {
        let mut other = Command::new("unshare").args(["-n", "sleep", "60"]).spawn().unwrap();
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
