//! Tests of drain while it waits, and of undrain while it raises weights.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::{ONE, WEB, drain, listed, undrain};
use crate::common::{namespace, run};
use crate::program::{OURS, Outcome, finish, lines, live, ours, restore, shell, start};

/// A UDP service on this host with a client, whose connection the kernel forgets after `seconds`
/// without a datagram.
fn busy(seconds: u32) -> UdpSocket {
    run("ip", &["address", "add", "192.0.2.80/32", "dev", "lo"]);
    run("ip", &["address", "add", "10.0.0.1/32", "dev", "lo"]);
    run("ip", &["address", "add", "10.0.0.2/32", "dev", "lo"]);
    restore(&format!(
        "-A -u 192.0.2.80:53 -s rr\n\
         -a -u 192.0.2.80:53 -r 10.0.0.1:53 -g -w 2\n\
         --set 0 0 {seconds}\n"
    ))
    .expect(0);
    let client = UdpSocket::bind("192.0.2.80:0").unwrap();
    client.connect("192.0.2.80:53").unwrap();
    client.send(b"?").unwrap();
    ours(&["-a", "-u", "192.0.2.80:53", "-r", "10.0.0.2:53", "-g", "-w", "2"]).expect(0);
    client
}

const DNS: [&str; 4] = ["-u", "192.0.2.80:53", "-r", "10.0.0.1:53"];

/// Starts a verb, and returns once it has printed a line that contains `text`, with its output so
/// far.
fn begun(words: &[&str], text: &str) -> (Child, Begun) {
    let mut child = start(OURS, "ipvsadm", words);
    let mut begun =
        Begun { out: BufReader::new(child.stdout.take().unwrap()), said: String::new() };
    while !begun.said.contains(text) {
        let length = begun.out.read_line(&mut begun.said).unwrap();
        assert_ne!(length, 0, "{words:?}: no {text}: {}", begun.said);
    }
    (child, begun)
}

/// Output of a verb that still runs.
struct Begun {
    out: BufReader<ChildStdout>,
    said: String,
}

/// Waits for the end of a verb that [`begun`] has started.
fn rest_of(child: Child, mut begun: Begun) -> Outcome {
    begun.out.read_to_string(&mut begun.said).unwrap();
    Outcome { out: begun.said, ..finish(child, "") }
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// Sends the client's last datagram now, and lets the kernel forget the client a second later.
fn forget(client: &UdpSocket) {
    ours(&["--set", "0", "0", "1"]).expect(0);
    // Nobody has the port of the real server, so a send first reports the error of an earlier one.
    while client.send(b"?").is_err() {}
}

/// Starts a drain that waits for a client, ends the client, and returns the result of the drain.
fn ended_by_the_client(words: &[&str], progress: &str) -> Outcome {
    let client = busy(3600);
    let (child, out) = begun(&[&["drain"], words, &DNS[..]].concat(), progress);
    forget(&client);
    rest_of(child, out)
}

#[test]
fn a_drain_ends_when_the_last_datagram_is_forgotten() {
    namespace(|| {
        let outcome = ended_by_the_client(&[], " s: 1 active");
        let lines: Vec<&str> = outcome.out.lines().collect();
        assert_eq!(lines[0], "draining -u 192.0.2.80:53 -r 10.0.0.1:53: weight 2 -> 0");
        let (_, counts) = lines[1].split_once(" s: ").unwrap();
        assert!(counts.starts_with("1 active, 0 inactive, 0 persistent; about "), "{outcome:?}");
        assert!(lines[lines.len() - 1].starts_with("idle after "), "{outcome:?}");
        assert!(outcome.complaints.contains("the UDP time-out is 3600 s"), "{outcome:?}");
        assert_eq!(outcome.status, 0);
        assert_eq!(listed().len(), 1);
    });
}

#[test]
fn events_are_lines_of_json() {
    namespace(|| {
        let outcome = ended_by_the_client(&["--json", "--remove"], "progress").expect(0);
        let events: Vec<Value> =
            outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let names: Vec<&str> = events.iter().map(|it| it["event"].as_str().unwrap()).collect();
        assert_eq!((names[0], names[1]), ("draining", "progress"));
        assert_eq!(names[names.len() - 2..], ["idle", "removed"], "{names:?}");
        assert!(events.iter().all(|it| it["schema"] == 1));
        assert_eq!(events[1]["active_connections"], 1);
        assert!(events[1]["remaining_seconds"].is_u64(), "{}", events[1]);
        assert!(!lines(&live()).contains("10.0.0.1:53"));
        assert!(listed().is_empty());
    });
}

#[test]
fn at_a_terminal_one_line_changes() {
    namespace(|| {
        let _client = busy(3600);
        // A busy machine may skip some seconds, but not most of a long time.
        let most = ["2", "20", "200"].iter().any(|limit| seconds_at_a_terminal(limit) > 1);
        assert!(most, "the line never changed");
    });
}

/// Lets the time of a drain run out on a terminal. Returns how many different seconds the drain's
/// line has shown.
fn seconds_at_a_terminal(limit: &str) -> usize {
    let pty = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let words = format!("drain --timeout {limit} {}", DNS.join(" "));
    let outcome = shell(&format!("python3 -c '{pty}' $ours {words}")).expect(3);
    // Each second begins in the first column, and the last line is removed before the end.
    let mut shown: Vec<&str> = outcome.out.split("\x1b[K").collect();
    assert_eq!(
        shown.pop().map(|end| end.starts_with("not idle after ")),
        Some(true),
        "{outcome:?}"
    );
    assert_eq!(shown.pop(), Some("\r"), "{outcome:?}");
    let (first, line) = shown[0].rsplit_once('\r').unwrap();
    assert!(first.contains("draining -u 192.0.2.80:53 "), "{outcome:?}");
    shown[0] = line;
    let seconds = shown.iter().map(|line| {
        let (seconds, rest) = line.trim_start_matches('\r').split_once(" s: ").unwrap();
        assert!(rest.starts_with("1 active, 0 inactive"), "{outcome:?}");
        assert!(!rest.contains('\n'), "{outcome:?}");
        seconds.parse().unwrap()
    });
    let mut seconds: Vec<u64> = seconds.collect();
    assert!(seconds.is_sorted(), "{outcome:?}");
    seconds.dedup();
    seconds.len()
}

#[test]
fn the_deadline_leaves_it_drained_or_deletes_it() {
    namespace(|| {
        let _client = busy(3600);
        let late = ours(&[&["drain", "--timeout", "1"], &DNS[..]].concat()).expect(3);
        assert!(late.out.contains("and the time is over: 1 active, "), "{late:?}");
        let hint = "the real server is still drained; to put it back: ipvsadm undrain -u \
                    192.0.2.80:53 -r 10.0.0.1:53";
        assert!(late.complaints.ends_with(&format!("hint: {hint}\n")), "{late:?}");
        let late = ours(&[&["drain", "--timeout=1s", "--remove"], &DNS[..]].concat()).expect(3);
        assert!(late.out.ends_with("removed -u 192.0.2.80:53 -r 10.0.0.1:53\n"), "{late:?}");
        assert!(listed().is_empty() && !lines(&live()).contains("10.0.0.1:53"));
    });
}

#[test]
fn a_signal_leaves_it_drained() {
    namespace(|| {
        let _client = busy(3600);
        for name in [Signal::SIGINT, Signal::SIGTERM] {
            let words = [&["drain", "--timeout", "0"], &DNS[..]].concat();
            let (child, _out) = begun(&words, " s: 1 active");
            // While it waits, others can change the table.
            ours(&["set", "-u", "192.0.2.80:53", "-r", "10.0.0.2:53", "weight=+1"]).expect(0);
            signal(&child, name);
            let ended = finish(child, "");
            assert_eq!(ended.status, 3, "{ended:?}");
            assert!(ended.complaints.contains(": the real server stays drained\n"), "{ended:?}");
            assert_eq!(listed()[0]["state"], "drained");
        }
        undrain(&["--all"]).expect(0);
    });
}

#[test]
fn a_drain_that_another_program_undoes_stops_waiting() {
    namespace(|| {
        let _client = busy(3600);
        let words = [&["drain", "--timeout", "0"], &DNS[..]].concat();
        let (child, _out) = begun(&words, " s: 1 active");
        ours(&[&["set"], &DNS[..], &["weight=5"]].concat()).expect(0);
        let ended = finish(child, "");
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(ended.complaints.contains("weight 5: the weight is not changed\n"), "{ended:?}");
        assert!(listed().is_empty());

        let words = [&["drain", "--timeout", "0", "--remove"], &DNS[..]].concat();
        let (child, _out) = begun(&words, " s: 1 active");
        ours(&[&["-d"], &DNS[..]].concat()).expect(0);
        let ended = finish(child, "");
        assert_eq!(ended.status, 0, "{ended:?}");
        assert!(listed().is_empty());
    });
}

#[test]
fn a_ramp_raises_the_weight_in_steps() {
    namespace(|| {
        restore(WEB).expect(0);
        let before = live();
        drain(&ONE).expect(0);
        let risen = undrain(&[&ONE[..], &["--ramp", "2"]].concat()).expect(0);
        let name = "-t 192.0.2.80:80 -r 10.0.0.11:8080";
        // Every step is made, at its time or later.
        let steps: Vec<(u64, &str)> = risen
            .out
            .lines()
            .filter_map(|line| line.split_once(" s: "))
            .map(|(seconds, step)| (seconds.parse().unwrap(), step))
            .collect();
        let weights: Vec<&str> = steps.iter().map(|(_, step)| *step).collect();
        let expected = [1, 2].map(|weight| format!("{name}: weight {weight}"));
        assert_eq!(weights, expected, "{risen:?}");
        assert!(steps[1].0 >= 1, "{risen:?}");
        assert!(risen.out.ends_with(&format!("\nundrained {name}: weight 2 -> 3\n")), "{risen:?}");
        assert_eq!(risen.out.lines().count(), 3, "{risen:?}");
        assert_eq!(live(), before);

        drain(&ONE).expect(0);
        let words = [&["undrain", "--ramp", "1h"], &ONE[..]].concat();
        let (child, mut begun) = begun(&words, "weight 1");
        signal(&child, Signal::SIGINT);
        let ended = finish(child, "");
        assert_eq!(ended.status, 3, "{ended:?}");
        let mut rest = String::new();
        begun.out.read_line(&mut rest).unwrap();
        assert!(rest.ends_with(&format!("{name}: still weight 1\n")), "{rest}");
        assert!(ended.complaints.contains(": the weights stay as they are now\n"), "{ended:?}");
        let list = ours(&["drain", "--list"]).expect(0).out;
        assert!(list.contains(" coming back: weight 1 of 3: "), "{list}");
        // The weight half way is no change by another program.
        ours(&["rollback"]).expect(0);
        assert!(lines(&live()).contains("10.0.0.11:8080 -m -w 0"));
        ours(&["rollback"]).expect(0);
        assert!(lines(&live()).contains("10.0.0.11:8080 -m -w 1"));
        undrain(&ONE).expect(0);
        assert_eq!(live(), before);
        assert!(listed().is_empty());
    });
}

#[test]
fn a_ramp_stops_where_another_program_interferes() {
    namespace(|| {
        restore(&WEB.replace("-w 3", "-w 100")).expect(0);
        drain(&ONE).expect(0);
        // The next step is due after 3 seconds, and the last one long after this test.
        let words = [&["undrain", "--ramp", "60"], &ONE[..]].concat();
        let (child, _out) = begun(&words, "weight 1");
        ours(&[&["set"], &ONE[..], &["weight=0"]].concat()).expect(0);
        let ended = finish(child, "");
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(ended.complaints.contains("undrain stops\n"), "{ended:?}");
        assert!(lines(&live()).contains("10.0.0.11:8080 -m -w 0"));
    });
}

/// Takes the locks of this network namespace, as another ipvsadm does while it changes the table.
fn locks() -> Vec<Flock<File>> {
    let namespace = fs::metadata("/proc/thread-self/ns/net").unwrap().ino().to_string();
    let found = fs::read_dir("/run/ipvsadm").unwrap().map(|it| it.unwrap().path());
    let is_lock = |it: &PathBuf| {
        let name = it.file_name().unwrap().to_string_lossy();
        name.ends_with(".lock") && name.contains(&namespace)
    };
    let lock = |path| Flock::lock(File::open(path).unwrap(), FlockArg::LockExclusive).unwrap();
    let files: Vec<_> = found.filter(is_lock).map(lock).collect();
    assert!(!files.is_empty());
    files
}

#[test]
fn a_real_server_that_gets_a_weight_before_its_removal_stays() {
    for json in [&[][..], &["--json"]] {
        namespace(move || {
            let client = busy(3600);
            let words = [&["drain", "--timeout", "0", "--remove"], json, &DNS[..]].concat();
            let (child, mut begun) =
                begun(&words, if json.is_empty() { "1 active" } else { ":1," });
            let held = locks();
            forget(&client);
            while !begun.said.contains("idle") {
                assert_ne!(begun.out.read_line(&mut begun.said).unwrap(), 0, "{}", begun.said);
            }
            ours(&[&["-e"], &DNS[..], &["-g", "-w", "5"]].concat()).expect(0);
            drop(held);
            let ended = rest_of(child, begun);
            assert_eq!(ended.status, 1, "{ended:?}");
            assert!(!ended.out.contains("removed -u"), "{ended:?}");
            assert!(format!("{ended:?}").contains("weight 5: the weight is not"), "{ended:?}");
            assert!(lines(&live()).contains("10.0.0.1:53 -g -w 5"));
            assert!(listed().is_empty());
        });
    }
}

#[test]
fn an_interrupted_ramp_to_another_weight_keeps_the_recorded_one() {
    namespace(|| {
        restore(WEB).expect(0);
        let before = live();
        let other = ["-t", "192.0.2.80:80", "-r", "10.0.0.12:8080"];
        drain(&other).expect(0);
        let words = [&["undrain", "--weight", "50", "--ramp", "100"], &other[..]].concat();
        let (child, _out) = begun(&words, "weight 3");
        signal(&child, Signal::SIGINT);
        let ended = finish(child, "");
        assert_eq!(ended.status, 3, "{ended:?}");
        let hint = "hint: the next ipvsadm undrain --weight 50 resumes at this weight\n";
        assert!(ended.complaints.contains(hint), "{ended:?}");
        let list = ours(&["drain", "--list"]).expect(0).out;
        assert!(list.contains(" of 50: ") && list.contains(", weight 1 before"), "{list}");
        undrain(&other).expect(0);
        assert_eq!(live(), before);
        assert!(listed().is_empty());
    });
}

#[test]
fn a_limit_of_less_than_a_second_is_a_limit() {
    namespace(|| {
        let _client = busy(3600);
        let late = ours(&[&["drain", "--timeout", "500ms"], &DNS[..]].concat()).expect(3);
        assert!(late.out.contains("and the time is over: 1 active, "), "{late:?}");
    });
}

#[test]
fn a_reader_who_leaves_does_not_stop_a_ramp() {
    namespace(|| {
        restore(WEB).expect(0);
        let before = live();
        drain(&ONE).expect(0);
        let words = ONE.join(" ");
        let first = shell(&format!("$ours undrain {words} --ramp 2 | head -n 1")).expect(0);
        assert!(first.out.ends_with(": weight 1\n"), "{first:?}");
        assert_eq!(live(), before);
        assert!(listed().is_empty());
    });
}

/// Starts a drain of a real server in a UDP and a TCP service, and waits until it has counted.
fn drain_of_two_services(words: &[&str]) -> (UdpSocket, Child, Begun) {
    let client = busy(3600);
    for words in ["-A -t 192.0.2.80:80 -s rr", "-a -t 192.0.2.80:80 -r 10.0.0.1:80 -g -w 2"] {
        ours(&words.split(' ').collect::<Vec<_>>()).expect(0);
    }
    let more = "-a -t 192.0.2.80:80 -r 10.0.0.2:80 -g -w 2";
    ours(&more.split(' ').collect::<Vec<_>>()).expect(0);
    let words = [&["drain", "--server", "10.0.0.1", "--timeout", "0"], words].concat();
    let (child, begun) = begun(&words, " s: 1 active");
    (client, child, begun)
}

#[test]
fn a_restored_weight_does_not_end_the_drains_of_other_services() {
    namespace(|| {
        let (client, child, out) = drain_of_two_services(&["--remove"]);
        let web = ["-t", "192.0.2.80:80", "-r", "10.0.0.1:80"];
        ours(&[&["set"], &web[..], &["weight=5"]].concat()).expect(0);
        forget(&client);
        let ended = rest_of(child, out).expect(1);
        assert!(ended.out.ends_with("removed -u 192.0.2.80:53 -r 10.0.0.1:53\n"), "{ended:?}");
        let undone = "another program has given -t 192.0.2.80:80 -r 10.0.0.1:80 weight 5: the weight \
                      is not changed";
        assert_eq!(ended.complaints.matches(undone).count(), 1, "{ended:?}");
        let left = lines(&live());
        assert!(left.contains("-r 10.0.0.1:80 -g -w 5\n"), "{left}");
        assert!(!left.contains("10.0.0.1:53"), "{left}");
        assert!(listed().is_empty());
    });
}

#[test]
fn a_deleted_real_server_of_another_service_is_named() {
    namespace(|| {
        let (client, child, out) = drain_of_two_services(&[]);
        ours(&["-d", "-t", "192.0.2.80:80", "-r", "10.0.0.1:80"]).expect(0);
        forget(&client);
        let ended = rest_of(child, out).expect(1);
        let gone = "-t 192.0.2.80:80 -r 10.0.0.1:80 does not exist any more\n";
        assert!(ended.complaints.contains(gone), "{ended:?}");
        let left: Vec<Value> = listed();
        assert_eq!((left.len(), &left[0]["port"]), (1, &53.into()), "{left:?}");
    });
}
