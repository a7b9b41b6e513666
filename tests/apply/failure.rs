//! A failure at any step leaves the table unchanged.

use std::fmt::Write;

use ipvsadm::Client;
use ipvsadm::model::{
    Change, Granularity, Persistence, SchedulerName, Service, ServiceKey, Table, Timeouts,
};
use serde_json::Value;

use crate::common::namespace;
use crate::program::{
    Outcome, REFUSAL, REFUSED, Random, file, journals, killed, lines, live, live_whole, ours,
    ours_with, restore, shell, traced,
};
use crate::tables::table;

#[test]
fn apply_names_a_refused_line_and_rolls_back() {
    namespace(|| {
        let mut random = Random::new();
        let mut refused = 0;
        for _ in 0..25 {
            let (old, new) = (random.draw(table()), random.draw(table()));
            let (_old, old_path) = file(&lines(&old));
            ours(&["apply", "--allow-empty", &old_path]).expect(0);
            let text = lines(&new);
            let rows: Vec<&str> = text.lines().collect();
            let services = rows.iter().enumerate().filter(|(_, row)| row.starts_with("-A"));
            for (at, row) in services {
                let key = row.split(" -s ").next().unwrap().replacen("-A", "-a", 1);
                let bad = format!("{key} -r 127.255.255.255 -g -w 1");
                // An IPv6 service accepts an IPv4 real server only by a tunnel.
                let bad = if key.contains('[') || key.contains(" -6") {
                    bad.replace(" -g", " -i")
                } else {
                    bad
                };
                let mut rows = rows.clone();
                rows.insert(at + 1, &bad);
                let (_bad, path) = file(&rows.join("\n"));
                let outcome = ours(&["apply", "--allow-empty", &path]).expect(3);
                let text = &outcome.complaints;
                assert!(text.starts_with(REFUSAL), "{text}");
                assert!(text.contains(&format!("hint: line {}: ", at + 2)), "{text}");
                assert_eq!(live(), old, "{text}");
                refused += 1;
            }
        }
        assert!(refused > 50, "only {refused} lines");
        assert_eq!(journals(), 0);
    });
}

/// The first reading remembers the line of each refusal, so a slow DNS cannot delay the rollback or
/// the message.
#[test]
fn a_refusal_message_needs_no_second_lookup() {
    namespace(|| {
        let (_file, path) =
            file("-A -t localhost:80 -s rr\n-a -t localhost:80 -r 127.255.255.255:80 -g -w 1\n");
        let trace = ["-xx", "-s", "24", "-e", "trace=sendto,openat"];
        let (outcome, log) = traced(&trace, &["apply", &path]);
        assert_eq!(outcome.status, 3, "{outcome:?}");
        assert!(outcome.complaints.contains("hint: line 2: "), "{outcome:?}");
        assert_eq!(live(), Table::default());
        let hosts: String = "/etc/hosts".bytes().map(|byte| format!("\\x{byte:02x}")).collect();
        let rows = || log.lines().enumerate();
        let looked_up = rows().filter(|(_, row)| row.contains(&hosts)).map(|(at, _)| at).last();
        let changed = rows().find(|(_, row)| row.contains("NLM_F_ACK")).map(|(at, _)| at);
        assert!(looked_up.is_some() && looked_up < changed, "{log}");
    });
}

/// Two tables whose plan needs more than one send for each phase.
pub fn big() -> (String, String) {
    let (mut old, mut new) = (String::new(), String::new());
    for vip in 0..2 {
        let service = format!("-A -t 192.0.2.{vip}:80 -s wlc");
        let _ = writeln!(old, "{service}\n-A -u 192.0.2.{vip}:80 -s rr");
        let _ = writeln!(new, "{service} -p 60\n-A -u 192.0.2.{vip}:53 -s rr");
        for n in 0..300 {
            let server = |n| format!("-a -t 192.0.2.{vip}:80 -r 198.51.{}.{}:80", n / 200, n % 200);
            let _ = writeln!(old, "{} -g -w 1", server(n));
            let _ = writeln!(new, "{} -g -w 2", server(n + 150));
        }
    }
    old.push_str("--set 900 120 300\n");
    new.push_str("--set 901 121 301\n");
    (old, new)
}

/// Injects a fault into each send of an apply in turn, until no send is left. Returns how often a
/// rollback happened.
fn at_every_send(
    fault: impl Fn(usize) -> &'static str,
    check: impl Fn(usize, Outcome, &str, &Table) -> bool,
) -> usize {
    let mut undone = 0;
    let (old, new) = big();
    let ((_old, old_path), (_new, new_path)) = (file(&old), file(&new));
    ours(&["apply", &old_path]).expect(0);
    let before = live_whole();
    for send in 1.. {
        let inject = format!("inject=sendto:{}:when={send}", fault(send));
        let (outcome, log) = traced(&["-e", "trace=sendto", "-e", &inject], &["apply", &new_path]);
        let hit = log.contains("INJECTED") || log.contains("killed by") || log.contains("--- SIG");
        if !hit {
            assert_eq!(outcome.status, 0, "{outcome:?}");
            assert!(send > 10, "only {send} sends");
            break;
        }
        undone += usize::from(check(send, outcome, &new_path, &before));
        if live_whole() != before {
            // The fault came after the last change, so the table is the new one.
            ours(&["apply", &old_path]).expect(0);
        }
        assert_eq!(live_whole(), before);
    }
    undone
}

/// Least number of sends of the plan of [`big`]: two or more for additions and edits, two or more
/// for deletions.
const STEPS: usize = 5;

#[test]
fn apply_rolls_back_on_a_broken_socket() {
    namespace(|| {
        let undone = at_every_send(
            |_| "error=ENOBUFS",
            |send, outcome, _, before| {
                assert!([2, 3].contains(&outcome.status), "send {send}: {outcome:?}");
                assert_eq!(&live_whole(), before, "send {send}: {outcome:?}");
                assert_eq!(journals(), 0, "send {send}: {outcome:?}");
                outcome.status == 3
            },
        );
        assert!(undone >= STEPS, "{undone}");
    });
}

#[test]
fn apply_rolls_back_on_sigterm_or_sigint() {
    namespace(|| {
        let name = |send| ["interrupted by SIGTERM", "interrupted"][send % 2];
        let fault = |send| ["signal=SIGTERM", "signal=SIGINT"][send % 2];
        let undone = at_every_send(fault, |send, outcome, new_path, before| {
            // Before the first change, the signal ends the program without a rollback.
            match outcome.status {
                -1 | 130 | 143 => {}
                3 => {
                    let first = outcome.complaints.lines().next();
                    assert_eq!(first, Some(name(send)), "{outcome:?}");
                }
                // The signal came after the last change.
                0 => {
                    assert_eq!(ours(&["diff", new_path]).status, 0, "send {send}");
                    return false;
                }
                _ => panic!("send {send}: {outcome:?}"),
            }
            assert_eq!(&live_whole(), before, "send {send}: {outcome:?}");
            assert_eq!(journals(), 0, "send {send}: {outcome:?}");
            outcome.status == 3
        });
        assert!(undone >= STEPS, "{undone}");
    });
}

#[test]
fn recover_rolls_back_after_sigkill() {
    namespace(|| {
        let undone = at_every_send(
            |_| "signal=SIGKILL",
            |send, outcome, new_path, before| {
                if journals() == 0 {
                    assert_eq!(&live_whole(), before, "send {send}: {outcome:?}");
                    return false;
                }
                // The next apply must not overwrite the journal of the killed one.
                let refused = ours(&["apply", new_path]).expect(2);
                assert!(refused.complaints.contains("apply --recover"), "{refused:?}");
                ours(&["apply", "--recover"]).expect(0);
                assert_eq!(&live_whole(), before, "send {send}");
                assert_eq!(journals(), 0);
                ours(&["apply", "--recover"]).expect(2);
                true
            },
        );
        assert!(undone >= STEPS, "{undone}");
    });
}

#[test]
fn a_failed_rollback_is_reported_and_can_be_repeated() {
    namespace(|| {
        let (old, new) = big();
        let ((_old, old_path), (_new, new_path)) = (file(&old), file(&new));
        ours(&["apply", &old_path]).expect(0);
        let before = live_whole();
        // Skip the sends that only read.
        let (_, log) = traced(&["-e", "trace=sendto"], &["apply", "--dry-run", &new_path]);
        let reading = log.matches("sendto(").count();
        let inject = format!("inject=sendto:error=ENOBUFS:when={}+", reading + 3);
        let words = ["apply", &new_path];
        let (outcome, _) = traced(&["-e", "trace=sendto", "-e", &inject], &words);
        assert_eq!(outcome.status, 4, "{outcome:?}");
        assert_ne!(live_whole(), before);
        // Let the recovery fail at each send in turn, until one of them comes after its first
        // change.
        let status = (1..20).find_map(|send| {
            let inject = format!("inject=sendto:error=ENOBUFS:when={send}+");
            let words = ["apply", "--recover"];
            let (outcome, _) = traced(&["-e", "trace=sendto", "-e", &inject], &words);
            assert_eq!(journals(), 1, "{outcome:?}");
            (outcome.status != 2).then_some(outcome.status)
        });
        assert_eq!(status, Some(4));
        ours(&["apply", "--recover"]).expect(0);
        assert_eq!(live_whole(), before);
    });
}

/// The report of `apply --json` with these words.
fn report(outcome: &Outcome) -> (Value, Value, Value) {
    let json: Value =
        serde_json::from_str(&outcome.out).unwrap_or_else(|why| panic!("{why}: {outcome:?}"));
    (json["result"].clone(), json["changed"].clone(), json["changes"].clone())
}

#[test]
fn the_json_report_says_how_every_apply_ended() {
    namespace(|| {
        let (old, new) = big();
        let ((_old, old_path), (_new, new_path)) = (file(&old), file(&new));
        let apply = |words: &[&str]| ours(&[&["apply", "--json"], words].concat());
        let ended = |outcome: &Outcome| {
            let (result, changed, list) = report(outcome);
            (result, changed, list.as_array().unwrap().is_empty())
        };
        let expected =
            |result: &str, changed: bool, empty: bool| (result.into(), changed.into(), empty);
        let planned = apply(&["--dry-run", &old_path]).expect(1);
        assert_eq!(ended(&planned), expected("dry_run", false, false));
        assert_eq!(ended(&apply(&[&old_path]).expect(0)), expected("applied", true, false));
        assert_eq!(ended(&apply(&[&old_path]).expect(0)), expected("unchanged", false, true));
        let back = apply(&["--confirm", "1", &new_path]).expect(3);
        assert_eq!(ended(&back), expected("rolled_back", false, true));
        let refused = ours_with(&format!("{old}{REFUSED}"), &["apply", "--json", "-"]).expect(3);
        assert_eq!(ended(&refused), expected("rolled_back", false, true));

        let (_, log) = traced(&["-e", "trace=sendto"], &["apply", "--dry-run", &new_path]);
        let reading = log.matches("sendto(").count();
        let inject = format!("inject=sendto:error=ENOBUFS:when={}+", reading + 3);
        let words = ["apply", "--json", &new_path];
        let (stuck, _) = traced(&["-e", "trace=sendto", "-e", &inject], &words);
        assert_eq!(ended(&stuck.expect(4)), expected("between", true, false));
        let recovered = apply(&["--recover"]).expect(0);
        assert_eq!(ended(&recovered), expected("recovered", true, false));
    });
}

#[test]
fn an_unwritable_json_report_is_an_error() {
    namespace(|| {
        let (old, new) = big();
        let ((_old, old_path), (_new, new_path)) = (file(&old), file(&new));
        ours(&["apply", &old_path]).expect(0);
        let before = live_whole();
        // With --json a missing report is an error, because a program relies on it.
        for (json, status) in [("", 0), ("--json", 5)] {
            let full = "No space left on device\n";
            let made = shell(&format!("$ours apply {json} {new_path} >/dev/full")).expect(status);
            assert_eq!(made.complaints, full);
            ours(&["diff", &new_path]).expect(0);
            killed(&old_path);
            let back = shell(&format!("$ours apply --recover {json} >/dev/full"));
            let back = back.expect(status);
            assert_eq!(back.complaints, full);
            assert_eq!(journals(), 0);
            ours(&["apply", &old_path]).expect(0);
            assert_eq!(live_whole(), before);
            let same = shell(&format!("$ours apply {json} {old_path} >/dev/full")).expect(status);
            assert_eq!(same.complaints, full);
        }
        let set = "set -t 192.0.2.0:80 scheduler=rr --json";
        shell(&format!("$ours {set} >/dev/full")).expect(5);
        assert_eq!(ours(&["-S", "-n"]).out.matches("-A -t 192.0.2.0:80 -s rr").count(), 1);
        shell(&format!("$ours {set} | true")).expect(0);
    });
}

#[test]
fn recover_restores_values_of_other_programs() {
    namespace(|| {
        let mut client = Client::open().unwrap();
        let key = ServiceKey::tcp("192.0.2.80:80".parse().unwrap());
        let service = Service::new(key, SchedulerName::new("rr").unwrap());
        // More than the classic tool's limit of 31 days.
        let timeout = 4_000_000;
        let granularity = Granularity::host(key.family());
        let service =
            Service { persistence: Some(Persistence { timeout, granularity }), ..service };
        client.change(&Change::AddService(service)).unwrap();
        let times = Timeouts { tcp: timeout, tcp_fin: 0, udp: 0 };
        client.change(&Change::SetTimeouts(times)).unwrap();
        let before = live_whole();
        let (_new, new) = file("-A -t 192.0.2.80:80 -s wlc\n--set 905 0 0\n");
        killed(&new);
        assert_ne!(live_whole(), before);
        ours(&["apply", "--recover"]).expect(0);
        assert_eq!(live_whole(), before);
    });
}

#[test]
fn rollback_restores_time_outs_and_daemons() {
    namespace(|| {
        let old = "-A -t 192.0.2.80:80 -s rr\n--set 905 0 0\n\
                   --start-daemon backup --mcast-interface lo --syncid 9\n";
        let (_old, old) = file(old);
        ours(&["apply", &old]).expect(0);
        let before = live_whole();
        // The last change fails, because the interface does not exist.
        let new = "-A -u 192.0.2.80:53 -s rr\n--set 906 0 0\n--stop-daemon backup\n\
                   --start-daemon master --mcast-interface nosuch0\n";
        let (_new, new) = file(new);
        let outcome = ours(&["apply", &new]).expect(3);
        assert!(outcome.complaints.contains("line 4: "), "{outcome:?}");
        assert_eq!(live_whole(), before);
        assert_eq!(before.timeouts, Some(Timeouts { tcp: 905, tcp_fin: 120, udp: 300 }));
    });
}

/// JSON of a service with one real server of this forwarding method.
fn reached(method: &str) -> String {
    format!(
        "{{\"schema\":1,\"services\":[{{\"protocol\":\"tcp\",\"address\":\"192.0.2.80\",\"port\":80,\
         \"scheduler\":\"rr\",\"destinations\":[{{\"address\":\"198.51.100.1\",\"port\":80,\
         \"forwarding\":\"{method}\"}}]}}]}}"
    )
}

/// No rule line can express the forwarding method "local", but the kernel distinguishes it from
/// others.
#[test]
fn rollback_restores_forwarding_local() {
    namespace(|| {
        ours_with(&reached("route"), &["apply", "-"]).expect(0);
        let before = live();
        let (_local, local) = file(&reached("local"));
        ours(&["apply", "--confirm", "1", &local]).expect(3);
        assert_eq!(live(), before);
        // The kernel refuses a broadcast address.
        let refused = reached("local")
            .replace("}]}]}", "},{\"address\":\"127.255.255.255\",\"port\":80}]}]}");
        ours_with(&refused, &["apply", "-"]).expect(3);
        assert_eq!(live(), before);
        ours(&["apply", &local]).expect(0);
        assert_ne!(live(), before);
        let full = ours(&["-S", "-n", "--full"]).expect(1);
        assert!(full.complaints.contains("198.51.100.1:80 is not saved as it is"), "{full:?}");
        let (_rules, rules) = file(&lines(&before));
        ours(&["diff", &rules]).expect(1);
        ours(&["apply", &rules]).expect(0);
        assert_eq!(live(), before);
        ours(&["apply", &local]).expect(0);
        restore(&lines(&before)).expect(0);
        assert_eq!(live(), before);
    });
}

/// A rollback adds a deleted service again, but meanwhile its packets find no service.
#[test]
fn nothing_is_deleted_before_a_daemon_has_started() {
    namespace(|| {
        ours_with("-A -t 192.0.2.80:80 -s rr\n", &["apply", "-"]).expect(0);
        let new = "-A -t 192.0.2.81:80 -s rr\n--start-daemon master --mcast-interface nosuch0\n";
        let (_new, new) = file(new);
        let trace = ["-e", "trace=sendto", "-xx", "-s", "65536"];
        let (outcome, log) = traced(&trace, &["apply", &new]);
        assert!(outcome.expect(3).complaints.contains("line 2: "), "{log}");
        // 192.0.2.80 appears in reads, but in no change.
        let changes: Vec<&str> = log.lines().filter(|line| line.contains("NLM_F_ACK")).collect();
        let speak_of = |address| changes.iter().any(|line| line.contains(address));
        assert!(speak_of(r"\xc0\x00\x02\x51") && !speak_of(r"\xc0\x00\x02\x50"), "{log}");
        ours(&["apply", &new]).expect(3);
    });
}
