//! drain and undrain: the table, the records, and what happens between the two.

mod errors;
mod reboot;
mod wait;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use ipvsadm::model::Table;
use serde_json::Value;

use crate::common::{namespace, run};
use crate::program::{Outcome, lines, live, ours, restore, shell, traced};

const WEB: &str = "-A -t 192.0.2.80:80 -s wrr\n\
    -a -t 192.0.2.80:80 -r 10.0.0.11:8080 -m -w 3 -x 100 -y 50\n\
    -a -t 192.0.2.80:80 -r 10.0.0.12:8080 -m -w 1\n";

const ONE: [&str; 4] = ["-t", "192.0.2.80:80", "-r", "10.0.0.11:8080"];

/// Runs a verb with its words, and returns at once.
fn drain(words: &[&str]) -> Outcome {
    ours(&[&["drain", "--detach"], words].concat())
}

fn undrain(words: &[&str]) -> Outcome {
    ours(&[&["undrain"], words].concat())
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.out).unwrap_or_else(|why| panic!("{why}: {outcome:?}"))
}

fn listed() -> Vec<Value> {
    let outcome = ours(&["drain", "--list", "--json"]);
    json(&outcome)["drains"].as_array().unwrap().clone()
}

fn template() -> String {
    fs::read_to_string("/proc/sys/net/ipv4/vs/expire_quiescent_template").unwrap().trim().to_owned()
}

#[test]
fn a_drain_is_recorded_and_taken_back() {
    namespace(|| {
        restore(WEB).expect(0);
        let before = live();
        let first = drain(&[&ONE[..], &["--reason", "new kernel"]].concat()).expect(0);
        assert_eq!(first.out, "draining -t 192.0.2.80:80 -r 10.0.0.11:8080: weight 3 -> 0\n");
        assert!(lines(&live()).contains("-r 10.0.0.11:8080 -m -w 0 -x 100 -y 50\n"));
        let drained = live();
        let again = drain(&ONE).expect(0);
        assert_eq!(again.out, "already draining -t 192.0.2.80:80 -r 10.0.0.11:8080: weight 0\n");
        let again = json(&drain(&[&ONE[..], &["--json"]].concat()).expect(0));
        assert_eq!((&again["event"], &again["changed"]), (&"draining".into(), &false.into()));
        assert_eq!(live(), drained);

        let list = ours(&["drain", "--list"]).expect(0).out;
        assert!(
            list.starts_with("-t 192.0.2.80:80 -r 10.0.0.11:8080 drained: 0 active, "),
            "{list}"
        );
        assert!(
            list.contains(" by ") && list.ends_with(", weight 3 before: new kernel\n"),
            "{list}"
        );
        let status = ours(&["director", "status"]).out;
        let note = "note     -t 192.0.2.80:80 -r 10.0.0.11:8080 is recorded as drained since 2";
        assert!(status.contains(note) && status.contains(": new kernel\n"), "{status}");
        let row = listed().remove(0);
        assert_eq!((&row["state"], &row["weight_before"]), (&"drained".into(), &3.into()));
        assert_eq!((&row["reason"], &row["port"]), (&"new kernel".into(), &8080.into()));

        let back = undrain(&ONE).expect(0);
        assert_eq!(back.out, "undrained -t 192.0.2.80:80 -r 10.0.0.11:8080: weight 0 -> 3\n");
        assert_eq!(live(), before);
        let again = undrain(&ONE).expect(0);
        assert_eq!(again.out, "not drained -t 192.0.2.80:80 -r 10.0.0.11:8080: weight 3\n");
        assert_eq!(ours(&["drain", "--list"]).expect(0).out, "no real server is drained\n");
        assert_eq!(undrain(&["--all"]).expect(0).out, "nothing is drained\n");
    });
}

#[test]
fn the_user_of_sudo_is_recorded() {
    namespace(|| {
        restore(WEB).expect(0);
        let words = "drain --detach -t 192.0.2.80:80 -r 10.0.0.11:8080";
        shell(&format!("SUDO_UID=1000 SUDO_GID=1000 SUDO_USER=alice $ours {words}")).expect(0);
        assert_eq!(listed()[0]["by"], "alice");
        undrain(&["--all"]).expect(0);
        drain(&ONE).expect(0);
        assert_eq!(listed()[0]["by"], "uid 0");
    });
}

#[test]
fn a_real_server_is_drained_in_every_service_that_has_it() {
    namespace(|| {
        restore(
            "-A -t 192.0.2.80:80 -s wlc\n\
             -a -t 192.0.2.80:80 -r 10.0.0.11:80 -g -w 2\n\
             -a -t 192.0.2.80:80 -r 10.0.0.12:80 -g -w 2\n\
             -A -u 192.0.2.80:53 -s rr\n\
             -a -u 192.0.2.80:53 -r 10.0.0.11:53 -g -w 1\n\
             -a -u 192.0.2.80:53 -r 10.0.0.12:53 -g -w 1\n\
             -A -f 7 -s sh -p 60\n\
             -a -f 7 -r 10.0.0.11:0 -g -w 4\n\
             -a -f 7 -r 10.0.0.12:0 -g -w 4\n\
             -A -t [2001:db8::80]:80 -s mh\n\
             -a -t [2001:db8::80]:80 -r [2001:db8::11]:80 -g -w 5\n\
             -a -t [2001:db8::80]:80 -r [2001:db8::12]:80 -g -w 5\n",
        )
        .expect(0);
        let before = live();
        let weight = |text: &str| lines(&live()).matches(text).count();
        drain(&["--server", "10.0.0.11"]).expect(0);
        drain(&["--server", "[2001:db8::11]:80"]).expect(0);
        assert_eq!((weight(" -w 0\n"), listed().len()), (4, 4), "{}", lines(&live()));
        assert!(lines(&live()).contains("-s sh -p 60 -b sh-fallback"), "{}", lines(&live()));
        undrain(&["-f", "7", "-r", "10.0.0.11"]).expect(0);
        undrain(&["--server", "10.0.0.11:53"]).expect(0);
        assert_eq!(weight(" -w 0\n"), 2);
        undrain(&["--all"]).expect(0);
        assert_eq!(live(), before);
        let nobody = drain(&["--server", "10.0.0.13"]).expect(2);
        assert!(
            nobody.complaints.starts_with("no service has a real server 10.0.0.13\n"),
            "{nobody:?}"
        );
        let other = drain(&["-t", "192.0.2.80:80", "-r", "10.0.0.11:81"]).expect(2);
        assert!(
            other.complaints.contains("the service has this address with port 80"),
            "{other:?}"
        );
        drain(&["-t", "192.0.2.81:80", "-r", "10.0.0.11"]).expect(2);
    });
}

#[test]
fn hashes_get_their_fallback_for_the_time_of_the_drain() {
    namespace(|| {
        for (scheduler, flags) in [("mh", ""), ("mh", " -b mh-port"), ("sh", "")] {
            restore(&WEB.replace("-s wrr", &format!("-s {scheduler}{flags}"))).expect(0);
            let before = live();
            let kept = drain(&[&ONE[..], &["--scheduler-flag", "keep"]].concat()).expect(2);
            let first = format!(
                "{scheduler} would refuse clients of -t 192.0.2.80:80: {scheduler}-fallback is not set\n"
            );
            assert!(kept.complaints.starts_with(&first), "{kept:?}");
            assert!(kept.complaints.contains("hint: nothing was changed\n"), "{kept:?}");
            assert_eq!(live(), before);
            // The proposed remedy is a command that works.
            let remedy = kept.complaints.split("for good: ipvsadm ").nth(1).unwrap();
            let remedy = remedy.lines().next().unwrap();
            shell(&format!("$ours {remedy}")).expect(0);
            drain(&[&ONE[..], &["--scheduler-flag", "keep"]].concat()).expect(0);
            undrain(&ONE).expect(0);
            assert!(lines(&live()).contains("-fallback"), "flags that were there stay");
            restore(&lines(&before)).expect(0);

            let set = drain(&ONE).expect(0);
            assert!(
                set.complaints.contains(&format!("{scheduler}-fallback is set until")),
                "{set:?}"
            );
            assert!(lines(&live()).contains(&format!("{scheduler}-fallback")));
            undrain(&ONE).expect(0);
            assert_eq!(live(), before);
        }
        restore(&WEB.replace("-s wrr", "-s dh")).expect(0);
        let refused = drain(&ONE).expect(2).complaints;
        assert!(refused.starts_with("dh would refuse clients of -t 192.0.2.80:80, and no flag"));
        let remedy = "scheduler=mh flags=mh-fallback";
        assert!(refused.contains(&format!("ipvsadm set -t 192.0.2.80:80 {remedy}\n")), "{refused}");
    });
}

#[test]
fn flags_that_another_program_changed_stay() {
    namespace(|| {
        restore(&WEB.replace("-s wrr", "-s mh")).expect(0);
        drain(&ONE).expect(0);
        ours(&["set", "-t", "192.0.2.80:80", "flags="]).expect(0);
        let list = ours(&["drain", "--list"]).expect(1).out;
        assert!(list.contains("its new clients are refused: mh-fallback is not set"), "{list}");
        ours(&["set", "-t", "192.0.2.80:80", "flags=mh-fallback,mh-port"]).expect(0);
        let back = undrain(&ONE).expect(0).complaints;
        assert!(back.contains("another program has changed the scheduler or its flags"), "{back}");
        assert!(lines(&live()).contains("-b mh-fallback,mh-port"));
    });
}

#[test]
fn enough_real_servers_stay_up() {
    namespace(|| {
        restore(WEB).expect(0);
        let half = drain(&[&ONE[..], &["--min-up", "60%"]].concat()).expect(2).complaints;
        let first =
            "-t 192.0.2.80:80 would be left with 1 of 2 real servers; at least 2 must stay up\n";
        assert!(half.starts_with(first), "{half}");
        drain(&[&ONE[..], &["--min-up", "50%"]].concat()).expect(0);
        let other = ["-t", "192.0.2.80:80", "-r", "10.0.0.12:8080"];
        let last = drain(&other).expect(2).complaints;
        assert!(last.contains("left with 0 of 2 real servers; at least 1 must"), "{last}");
        assert!(
            last.contains("hint: to drain the real server nevertheless: --min-up 0\n"),
            "{last}"
        );
        drain(&[&other[..], &["--min-up", "0"]].concat()).expect(0);
        undrain(&["--all"]).expect(0);
    });
}

#[test]
fn what_another_program_undid_or_deleted_is_told() {
    namespace(|| {
        restore(WEB).expect(0);
        drain(&ONE).expect(0);
        ours(&[&["set"], &ONE[..], &["weight=7"]].concat()).expect(0);
        let list = ours(&["drain", "--list"]).expect(1).out;
        assert!(list.contains("not drained: another program has set the weight to 7"), "{list}");
        assert_eq!(listed()[0]["state"], "undone");
        let back = undrain(&ONE).expect(1).complaints;
        assert!(
            back.contains("has given -t 192.0.2.80:80 -r 10.0.0.11:8080 weight 7: the weight is")
        );
        assert!(lines(&live()).contains("10.0.0.11:8080 -m -w 7"));
        assert!(listed().is_empty());

        drain(&ONE).expect(0);
        ours(&[&["-d"], &ONE[..]].concat()).expect(0);
        assert_eq!(listed()[0]["state"], "gone");
        ours(&["drain", "--list"]).expect(1);
        let gone = undrain(&ONE).expect(1).complaints;
        assert!(
            gone.contains("-t 192.0.2.80:80 -r 10.0.0.11:8080 does not exist any more"),
            "{gone}"
        );
        assert!(listed().is_empty());
    });
}

#[test]
fn a_weight_of_zero_that_no_drain_set_has_to_be_given() {
    namespace(|| {
        restore(&WEB.replace("-w 3", "-w 0")).expect(0);
        let nobody = undrain(&ONE).expect(2).complaints;
        assert!(nobody.starts_with("-t 192.0.2.80:80 -r 10.0.0.11:8080 has weight 0, which"));
        let drained = drain(&ONE).expect(0).complaints;
        assert!(
            drained.contains("was already 0 before the drain: undrain needs --weight N"),
            "{drained}"
        );
        undrain(&ONE).expect(2);
        undrain(&[&ONE[..], &["--weight", "6"]].concat()).expect(0);
        assert!(lines(&live()).contains("10.0.0.11:8080 -m -w 6"));
    });
}

/// A run that is killed at any of its steps loses no weight and no flag: the next drain and its undrain
/// find everything.
#[test]
fn a_kill_at_any_moment_loses_nothing() {
    namespace(|| {
        restore(&WEB.replace("-s wrr", "-s mh")).expect(0);
        let before = live();
        let mut killed = 0;
        for verb in ["drain --detach", "undrain"] {
            for call in ["sendto", "rename", "unlink,unlinkat"] {
                for when in 1.. {
                    let words: Vec<&str> = verb.split(' ').chain(ONE).collect();
                    if verb == "undrain" {
                        drain(&ONE).expect(0);
                    }
                    let inject = format!("inject={call}:signal=KILL:when={when}");
                    let trace = format!("trace={call}");
                    let (_, log) = traced(&["-e", &trace, "-e", &inject], &words);
                    let hit = log.contains("killed by SIGKILL");
                    killed += usize::from(hit);
                    drain(&ONE).expect(0);
                    undrain(&ONE).expect(0);
                    assert_eq!(live(), before, "{verb}: {call} {when}: {log}");
                    assert!(listed().is_empty());
                    if !hit {
                        break;
                    }
                }
            }
        }
        assert!(killed > 10, "only {killed} kills");
    });
}

#[test]
fn records_that_others_can_write_are_not_believed() {
    namespace(|| {
        restore(WEB).expect(0);
        drain(&ONE).expect(0);
        let found = fs::read_dir("/run/ipvsadm").unwrap().map(|it| it.unwrap().path());
        let is_ours = |it: &PathBuf| {
            let name = it.file_name().unwrap().to_string_lossy();
            name.starts_with("drain-") && it.extension().is_some_and(|it| it == "json")
        };
        let mut own = found.filter(is_ours);
        let path = own.next().unwrap().display().to_string();
        run("chmod", &["666", &path]);
        let refused = undrain(&ONE).expect(2).complaints;
        assert!(refused.contains(&format!("{path} is not used: others can write it")), "{refused}");
        run("chmod", &["644", &path]);
        undrain(&ONE).expect(0);
        assert!(!fs::exists(&path).unwrap());
    });
}

#[test]
fn persistence_expires_for_the_time_of_the_drain() {
    namespace(|| {
        restore(&WEB.replace("-s wrr", "-s wrr -p 600")).expect(0);
        let kept = drain(&ONE).expect(0).complaints;
        assert!(kept.contains("known clients keep coming until 600 s after"), "{kept}");
        assert_eq!(template(), "0");
        let words = [&ONE[..], &["--persistent", "expire"]].concat();
        let set = drain(&words).expect(0).complaints;
        assert!(set.contains("expire_quiescent_template is 1 until the drain ends"), "{set}");
        assert_eq!(template(), "1");
        undrain(&ONE).expect(0);
        assert_eq!(template(), "0");

        drain(&words).expect(0);
        fs::write("/proc/sys/net/ipv4/vs/expire_quiescent_template", "2").unwrap();
        let foreign = undrain(&ONE).expect(0).complaints;
        assert!(foreign.contains("expire_quiescent_template: it is not"), "{foreign}");
        assert_eq!(template(), "2");
        // A drain does not touch a parameter that is set already.
        drain(&words).expect(0);
        undrain(&ONE).expect(0);
        assert_eq!(template(), "2");
    });
}

#[test]
fn without_access_nothing_is_recorded() {
    namespace(|| {
        restore(WEB).expect(0);
        let before: Table = live();
        let words = "drain --detach -t 192.0.2.80:80 -r 10.0.0.11:8080";
        let user = "setpriv --reuid 65534 --regid 65534 --clear-groups";
        let refused = shell(&format!("{user} $ours {words}")).expect(2);
        assert!(refused.complaints.starts_with("Can't initialize ipvs: "), "{refused:?}");
        assert_eq!(live(), before);
        assert!(listed().is_empty());
    });
}

#[test]
fn a_host_comes_back_although_it_is_a_standby_elsewhere() {
    namespace(|| {
        let standby = WEB.replace("192.0.2.80:80", "192.0.2.80:81").replace("-w 3", "-w 0");
        let serving = WEB.replace("192.0.2.80:80", "192.0.2.80:82").replace("-w 3", "-w 9");
        restore(&format!("{WEB}{standby}{serving}")).expect(0);
        let before = live();
        for words in [&["--server", "10.0.0.11"][..], &["--all"]] {
            drain(&["--server", "10.0.0.11"]).expect(0);
            let back = undrain(words).expect(0);
            let name = "-t 192.0.2.80:81 -r 10.0.0.11:8080";
            let note = format!("the weight of {name} was 0 before the drain: it stays 0\n");
            assert!(back.complaints.contains(&note), "{back:?}");
            assert!(back.out.contains(&format!("not drained {name}: weight 0\n")), "{back:?}");
            assert_eq!(live(), before);
            assert!(listed().is_empty());
        }
        drain(&ONE).expect(0);
        let back = undrain(&["--server", "10.0.0.11", "--weight", "3"]).expect(0);
        assert!(back.out.contains("not drained -t 192.0.2.80:82 -r 10.0.0.11:8080: weight 9\n"));
        assert!(lines(&live()).contains("10.0.0.11:8080 -m -w 9 -x 100"), "{back:?}");
    });
}

#[test]
fn flags_stay_where_the_weight_is_zero_and_the_order_keeps_them() {
    namespace(|| {
        restore(&WEB.replace("-s wrr", "-s mh").replace("-w 3", "-w 0")).expect(0);
        let before = live();
        drain(&[&ONE[..], &["--scheduler-flag", "keep"]].concat()).expect(0);
        assert_eq!(live(), before);
        let list = ours(&["drain", "--list"]).expect(1).out;
        assert!(list.contains("new clients are refused: mh-fallback is not set"), "{list}");
    });
}

#[test]
fn everybody_can_read_the_records_whatever_the_umask() {
    namespace(|| {
        restore(WEB).expect(0);
        shell(&format!("umask 077; $ours drain --detach {}", ONE.join(" "))).expect(0);
        let user = "setpriv --reuid 65534 --regid 65534 --clear-groups";
        let inode = fs::metadata("/proc/thread-self/ns/net").unwrap().ino();
        let read = format!("{user} cat /run/ipvsadm/drain-netns-{inode}.json");
        assert!(shell(&read).expect(0).out.contains("10.0.0.11"));
        undrain(&ONE).expect(0);
    });
}
