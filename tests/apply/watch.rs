//! `watch`: events of the table, drift from a file, and the log that `history --since` reads.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{namespace, run};
use crate::connection::{connect, talk};
use crate::program::{OURS, Outcome, file, ours, restore, shell, start};

const WEB: &str = "-A -t 192.0.2.80:80 -s wrr\n\
                   -a -t 192.0.2.80:80 -r 10.0.0.11:80 -m -w 3\n\
                   -a -t 192.0.2.80:80 -r 10.0.0.12:80 -m -w 1\n";

/// A running `watch`.
struct Watch {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Watch {
    /// Starts it and returns when it has read the table.
    fn start(words: &[&str]) -> Self {
        let words = [&["watch", "--interval", "100ms"], words].concat();
        let mut child = start(OURS, "ipvsadm", &words);
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut watch = Self { child, out };
        let first = watch.line();
        assert!(first.contains("watching "), "{first}");
        watch
    }

    /// The next line.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The next line of text, without its time.
    fn text(&mut self) -> String {
        let line = self.line();
        let (time, text) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?}"));
        assert!(time.starts_with('2') && time.ends_with('Z'), "{line}");
        text.to_owned()
    }

    fn event(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line:?}"))
    }

    /// Sends a signal, and returns the exit status with the rest of both outputs.
    fn end(mut self, signal: Signal) -> Outcome {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
        let (mut out, mut complaints) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        let status = self.child.wait().unwrap().code().unwrap_or(-1);
        Outcome { status, out, complaints }
    }
}

fn quiet(outcome: &Outcome) {
    let expected = Outcome { status: 0, out: String::new(), complaints: String::new() };
    assert_eq!(*outcome, expected);
}

#[test]
fn every_kind_of_change_is_one_line() {
    namespace(|| {
        run("ip", &["link", "add", "v0", "type", "dummy"]);
        run("ip", &["link", "set", "v0", "up"]);
        restore(WEB).expect(0);
        let mut watch = Watch::start(&[]);
        let one = "-t 192.0.2.80:80 -r 10.0.0.11:80";
        for (command, expected) in [
            (format!("$ours set {one} weight=7"), format!("~ -a {one} -m -w 7  # weight 3 -> 7")),
            (
                format!("SUDO_UID=7 SUDO_USER=alice $ours drain --detach {one} --reason reboot"),
                format!("~ -a {one} -m -w 0  # weight 7 -> 0, drained by alice: reboot"),
            ),
            (format!("$ours undrain {one}"), format!("~ -a {one} -m -w 7  # weight 0 -> 7")),
            (format!("$ours -e {one} -m -w 0"), format!("~ -a {one} -m -w 0  # weight 7 -> 0")),
            (format!("$ours -d {one}"), format!("- -a {one} -m -w 0")),
            (format!("$ours -a {one} -m -w 2"), format!("+ -a {one} -m -w 2")),
            (
                "$ours -E -t 192.0.2.80:80 -s rr".to_owned(),
                "~ -A -t 192.0.2.80:80 -s rr  # scheduler wrr -> rr".to_owned(),
            ),
            ("$ours --set 100 0 0".to_owned(), "~ --set 100 120 300  # tcp 900 -> 100".to_owned()),
            (
                "$ours --start-daemon master --mcast-interface v0 --syncid 3".to_owned(),
                "+ --start-daemon master --mcast-interface v0 --syncid 3".to_owned(),
            ),
        ] {
            // Our hints do not matter here.
            shell(&format!("{command} 2>/dev/null >/dev/null")).expect(0);
            let found = watch.text();
            assert!(found.starts_with(&expected), "{command}: {found:?}, not {expected:?}");
        }
        ours(&["--stop-daemon", "master"]).expect(0);
        assert!(watch.text().starts_with("- --start-daemon master"));
        ours(&["-C"]).expect(0);
        let gone = [watch.text(), watch.text(), watch.text()];
        assert_eq!(gone[0], "- -A -t 192.0.2.80:80 -s rr");
        quiet(&watch.end(Signal::SIGINT));
    });
}

#[test]
fn events_are_objects_with_json() {
    namespace(|| {
        restore(WEB).expect(0);
        let mut watch = Watch::start(&["--json"]);
        let one = ["-t", "192.0.2.80:80", "-r", "10.0.0.11:80"];
        ours(&[&["drain", "--detach"], &one[..], &["--reason", "reboot"]].concat()).expect(0);
        let event = watch.event();
        assert_eq!((&event["schema"], &event["event"]), (&1.into(), &"drained".into()));
        assert_eq!((&event["by"], &event["reason"]), (&"uid 0".into(), &"reboot".into()));
        assert_eq!((&event["change"], &event["old"]["weight"]), (&"edit".into(), &3.into()));
        assert_eq!(event["destination"]["address"], "10.0.0.11");
        assert_eq!(event["service"]["port"], 80);
        ours(&[&["-e"], &one[..], &["-m", "-w", "5"]].concat()).expect(0);
        assert_eq!(watch.event()["event"], "undrained");
        ours(&["-e", "-t", "192.0.2.80:80", "-r", "10.0.0.12:80", "-m", "-w", "9"]).expect(0);
        assert_eq!(watch.event()["event"], "weight");
        ours(&["-e", "-t", "192.0.2.80:80", "-r", "10.0.0.12:80", "-m", "-x", "5"]).expect(0);
        assert_eq!(watch.event()["event"], "server_edited");
        ours(&["-D", "-t", "192.0.2.80:80"]).expect(0);
        let names = [watch.event(), watch.event(), watch.event()].map(|it| it["event"].clone());
        assert_eq!(names, ["service_removed", "server_removed", "server_removed"]);
        ours(&["-A", "-f", "7"]).expect(0);
        let event = watch.event();
        assert_eq!(
            (&event["event"], &event["service"]["fwmark"]),
            (&"service_added".into(), &7.into())
        );
        let event = watch.event();
        assert_eq!(
            (&event["event"], &event["service"]["fwmark"]),
            (&"without_weight".into(), &7.into())
        );
        quiet(&watch.end(Signal::SIGTERM));
    });
}

#[test]
fn services_without_weight_are_reported_from_the_start_on() {
    namespace(|| {
        restore(&format!("{WEB}-A -t 192.0.2.81:80 -s rr\n")).expect(0);
        let mut watch = Watch::start(&[]);
        assert_eq!(watch.text(), "! -t 192.0.2.81:80: no real server has a weight above 0");
        ours(&["-a", "-t", "192.0.2.81:80", "-r", "10.0.0.11:80", "-m"]).expect(0);
        assert_eq!(watch.text(), "+ -a -t 192.0.2.81:80 -r 10.0.0.11:80 -m -w 1");
        assert_eq!(watch.text(), "= -t 192.0.2.81:80: a real server has a weight above 0");
        quiet(&watch.end(Signal::SIGTERM));
    });
}

/// Waits for the kernel to count the connection of [`connect`].
#[test]
fn an_overloaded_server_is_reported_until_its_connections_have_gone() {
    namespace(|| {
        let mut stream = connect();
        assert_eq!(talk(&mut stream, "hello"), Ok(()));
        let saved = ours(&["-S", "-n"]).expect(0).out;
        let server = saved.lines().find(|line| line.starts_with("-a")).unwrap();
        let words: Vec<&str> = server.trim_start_matches("-a ").split(' ').collect();
        let mut watch = Watch::start(&[]);
        ours(&[&["-e"], &words[..], &["-x", "1"]].concat()).expect(0);
        assert!(watch.text().starts_with("~ -a "));
        let named = words[..4].join(" ");
        assert_eq!(watch.text(), format!("! {named}: overloaded, 1 of 1 connections"));
        ours(&[&["-e"], &words[..], &["-x", "9"]].concat()).expect(0);
        assert!(watch.text().starts_with("~ -a "));
        assert_eq!(watch.text(), format!("= {named}: not overloaded"));
        quiet(&watch.end(Signal::SIGTERM));
    });
}

#[test]
fn a_scope_limits_what_is_watched() {
    namespace(|| {
        restore(WEB).expect(0);
        let mut watch = Watch::start(&["--scope", "udp"]);
        ours(&["-D", "-t", "192.0.2.80:80"]).expect(0);
        ours(&["--set", "100", "0", "0"]).expect(0);
        ours(&["-A", "-u", "192.0.2.80:53", "-s", "rr"]).expect(0);
        assert_eq!(watch.text(), "+ -A -u 192.0.2.80:53 -s rr");
        assert_eq!(watch.text(), "! -u 192.0.2.80:53: no real server has a weight above 0");
        quiet(&watch.end(Signal::SIGTERM));
    });
}

#[test]
fn a_closed_pipe_ends_watch_without_an_error_and_without_an_event() {
    namespace(|| {
        let script = "exec 3>&2; { $ours watch 2>&3; echo status $? >&3; } | head -n 1";
        let outcome = shell(script).expect(0);
        assert!(outcome.out.ends_with("watching 0 services with 0 real servers\n"), "{outcome:?}");
        assert_eq!(outcome.complaints, "status 0\n");
    });
}

#[test]
fn drift_from_a_file_is_told_by_the_exit_status_and_as_a_metric() {
    namespace(|| {
        restore(WEB).expect(0);
        let (_same, same) = file(WEB);
        let (_other, other) = file(&WEB.replace("-w 3", "-w 4").replace("-s wrr", "-s rr"));
        let folder = tempfile::tempdir().unwrap();
        let metrics = folder.path().join("drift.prom");
        let textfile = ["--textfile", metrics.to_str().unwrap()];
        let watch = |words: &[&str]| ours(&[&["watch"], words, &textfile].concat());
        let metric = || {
            let text = fs::read_to_string(&metrics).unwrap();
            let line = text.lines().find(|line| line.starts_with("ipvs_watch_drift_changes "));
            assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 1, "{text}");
            line.unwrap().rsplit(' ').next().unwrap().to_owned()
        };
        quiet(&watch(&["--against", &same]));
        assert_eq!(metric(), "0");
        let drifted = watch(&["--against", &other]).expect(1);
        assert_eq!(drifted, ours(&["diff", &other]));
        assert_eq!((metric(), drifted.out.lines().count()), ("2".to_owned(), 2));
        watch(&["--against", &other, "--keep-weights"]).expect(1);
        assert_eq!(metric(), "1");
        let json = watch(&["--against", &other, "--json"]).expect(1);
        assert_eq!(json, ours(&["diff", "--json", &other]));
        // A mistake leaves the metrics alone.
        let (_bad, bad) = file("-A -t 192.0.2.80:80 -s rr\nnonsense\n");
        let refused = watch(&["--against", &bad]).expect(2);
        assert!(refused.complaints.contains(":2: "), "{refused:?}");
        ours(&["watch", "--against", "/no/such/file"]).expect(2);
        assert_eq!(metric(), "2");
        let unwritten = ["watch", "--against", &same, "--textfile", "/no/such/folder/x.prom"];
        assert!(ours(&unwritten).expect(2).complaints.contains("/no/such/folder/x.prom"));
        for words in [&["--interval", "1"][..], &["--record"]] {
            ours(&[&["watch", "--against", &same], words].concat()).expect(2);
        }
        ours(&["watch", "--interval", "1ms"]).expect(2);
        ours(&["watch", "--keep-weights"]).expect(2);
    });
}

#[test]
fn changes_are_counted_as_metrics_in_whole_files() {
    namespace(|| {
        restore(WEB).expect(0);
        let folder = tempfile::tempdir().unwrap();
        let metrics = folder.path().join("changes.prom");
        let mut watch = Watch::start(&["--textfile", metrics.to_str().unwrap()]);
        let text = || fs::read_to_string(&metrics).unwrap();
        let lines = ["ipvs_watch_added_total 0", "ipvs_watch_edited_total 0"];
        assert!(lines.iter().all(|line| text().contains(line)), "{}", text());
        assert!(!text().contains("ipvs_watch_last_change_seconds"), "{}", text());
        ours(&["-a", "-t", "192.0.2.80:80", "-r", "10.0.0.13:80", "-m"]).expect(0);
        watch.text();
        ours(&["-e", "-t", "192.0.2.80:80", "-r", "10.0.0.13:80", "-m", "-w", "9"]).expect(0);
        watch.text();
        let lines = ["added_total 1", "edited_total 1", "deleted_total 0", "last_change_seconds 1"];
        for line in lines {
            assert!(text().contains(&format!("ipvs_watch_{line}")), "{line}: {}", text());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a draft is left");
        quiet(&watch.end(Signal::SIGTERM));
    });
}

#[test]
fn recorded_events_are_in_the_history_with_changes_of_others() {
    namespace(|| {
        restore(WEB).expect(0);
        let none = ours(&["history", "--since", "1h"]).expect(0);
        assert_eq!(none.out, "no change is recorded in this period\n");
        let mut watch = Watch::start(&["--record"]);
        ours(&["set", "-t", "192.0.2.80:80", "scheduler=rr"]).expect(0);
        watch.text();
        ours(&["-D", "-t", "192.0.2.80:80"]).expect(0);
        for _ in 0..3 {
            watch.text();
        }
        quiet(&watch.end(Signal::SIGTERM));
        let told = ours(&["history", "--since", "1h"]).expect(0).out;
        let texts: Vec<&str> = told.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        let mut sorted = told.lines().collect::<Vec<_>>();
        sorted.sort_by_key(|line| line.split_once(' ').unwrap().0);
        assert_eq!(sorted, told.lines().collect::<Vec<_>>());
        for expected in [
            "watching 1 service with 2 real servers",
            "1 uid 0: ipvsadm set -t 192.0.2.80:80 scheduler=rr  (~1)",
            "~ -A -t 192.0.2.80:80 -s rr  # scheduler wrr -> rr",
            "- -A -t 192.0.2.80:80 -s rr",
        ] {
            assert!(texts.contains(&expected), "{expected}: {told}");
        }
        let json = ours(&["history", "--since", "1h", "--json"]).expect(0).out;
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["records"].as_array().unwrap().len(), 1);
        assert_eq!(json["seen"].as_array().unwrap().len(), 5, "{json}");
        // Out of this time, and out of this namespace.
        for words in [
            &["--since", "2h", "--until", "1h"][..],
            &["--since", "2100-01-01 00:00"],
            &["--since", "2001-01-01 00:00", "--until", "2001-01-02 00:00"],
        ] {
            let none = ours(&[&["history"], words].concat()).expect(0);
            assert_eq!(none.out, "no change is recorded in this period\n", "{words:?}");
        }
        for words in [&["--since", "nonsense"][..], &["--until", "1h"], &["--since", "1h", "3"]] {
            ours(&[&["history"], words].concat()).expect(2);
        }
    });
}

#[test]
fn the_log_is_bounded_and_damage_is_told() {
    namespace(|| {
        let mut watch = Watch::start(&["--record"]);
        let folder = crate::history::folder();
        let log = folder.join("watch.log");
        let text = fs::read_to_string(&log).unwrap();
        // A namespace that had the same inode number may have left others.
        let line = text.lines().last().unwrap().to_owned() + "\n";
        // Fill the log to its maximum size, so that `watch` starts a new file.
        fs::write(&log, line.repeat(512 * 1024 / line.len())).unwrap();
        for number in 0..300_u16 {
            let address = format!("192.0.2.80:{}", 1000 + number);
            crate::program::inside(&["-A", "-t", &address, "-s", "rr"]);
        }
        // The log has got its lines when the events of the next look are printed.
        let last = "+ -A -t 192.0.2.80:1299 -s rr";
        while watch.text() != last {}
        ours(&["-C"]).expect(0);
        while !watch.text().starts_with("- ") {}
        let size = |name: &str| fs::metadata(folder.join(name)).unwrap().len();
        assert!(size("watch.old") < 700 * 1024, "{}", size("watch.old"));
        assert!(size("watch.log") < 700 * 1024, "{}", size("watch.log"));
        watch.end(Signal::SIGTERM);
        fs::write(&log, "{\"schema\":1,\"time\":\"2026\n\n").unwrap();
        let told = ours(&["history", "--since", "1h"]).expect(1);
        assert_eq!(told.complaints, "the log of ipvsadm watch has 2 damaged lines\n");
        assert!(told.out.contains("watching 0 services"), "{told:?}");
    });
}

#[test]
fn a_log_that_cannot_be_written_is_an_error_at_the_start() {
    namespace(|| {
        let folder = crate::history::folder();
        fs::create_dir_all("/run/ipvsadm").unwrap();
        fs::remove_dir_all(&folder).ok();
        fs::write(&folder, "").unwrap();
        let refused = ours(&["watch", "--record"]).expect(2);
        fs::remove_file(&folder).unwrap();
        assert!(refused.complaints.contains("File exists"), "{refused:?}");
        assert_eq!(refused.out, "");
    });
}
