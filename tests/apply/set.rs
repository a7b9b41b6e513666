//! set changes only the named fields; -E and -e report the fields that they reset.

use ipvsadm::Client;
use ipvsadm::model::{Granularity, Persistence, SchedulerName, Service, ServiceKey};

use serde_json::{Value, json};

use crate::common::namespace;
use crate::program::{
    LONG, Random, file, inside, journals, killed, lines, live, ours, reference, restore, shell,
    waiting,
};
use crate::tables::table;

const TABLE: &str = "-A -t 192.0.2.80:80 -s wlc -p 300 -M 255.255.255.0\n\
    -a -t 192.0.2.80:80 -r 198.51.100.1:8080 -m -w 5 -x 100 -y 50\n";

#[test]
fn only_named_fields_change() {
    namespace(|| {
        let (_file, path) = file(TABLE);
        ours(&["apply", &path]).expect(0);
        let service = ["set", "-t", "192.0.2.80:80"];
        let server = ["set", "-t", "192.0.2.80:80", "-r", "198.51.100.1:8080"];
        for (words, field, said, expected) in [
            (
                &service[..],
                "scheduler=mh",
                "scheduler wlc -> mh",
                "-A -t 192.0.2.80:80 -s mh -p 300 -M 255.255.255.0\n",
            ),
            (
                &service,
                "netmask=",
                "netmask 255.255.255.0 -> none",
                "-A -t 192.0.2.80:80 -s mh -p 300\n",
            ),
            (&service, "persistence=", "persistence 300 -> none", "-A -t 192.0.2.80:80 -s mh\n"),
            (
                &service,
                "flags=mh-port,flag-3",
                "flags none -> mh-port,flag-3",
                "-A -t 192.0.2.80:80 -s mh -b mh-port,flag-3\n",
            ),
            (&server, "weight=0", "weight 5 -> 0", "-m -w 0 -x 100 -y 50\n"),
            (
                &server,
                "upper_threshold=200",
                "upper_threshold 100 -> 200",
                "-m -w 0 -x 200 -y 50\n",
            ),
            (&server, "weight=0", "unchanged", "-m -w 0 -x 200 -y 50\n"),
        ] {
            let outcome = ours(&[words, &[field]].concat()).expect(0);
            assert_eq!((outcome.out, outcome.complaints), (format!("{said}\n"), String::new()));
            let text = lines(&live());
            assert!(text.contains(expected), "{field}: {text}");
        }
        ours(&["set", "-t", "192.0.2.81:80", "scheduler=rr"]).expect(1);
        ours(&["set", "-t", "192.0.2.80:80", "-r", "198.51.100.9:80", "weight=1"]).expect(2);
        ours(&["set", "-t", "192.0.2.80:80", "scheduler=nosuch"]).expect(255);
        ours(&["set", "-t", "192.0.2.80:80", "wieght=1"]).expect(2);
        ours(&["set", "-t", "192.0.2.80:80"]).expect(2);
    });
}

#[test]
fn numbers_start_from_the_current_value() {
    namespace(|| {
        restore(TABLE).expect(0);
        let server = ["set", "-t", "192.0.2.80:80", "-r", "198.51.100.1:8080"];
        for (words, said) in [
            (&["weight=+2"][..], "weight 5 -> 7\n"),
            (&["weight=-3"], "weight 7 -> 4\n"),
            (&["weight=50%"], "weight 4 -> 2\n"),
            (&["weight=1%"], "weight 2 -> 1\n"),
            (&["weight=100%"], "unchanged\n"),
            (&["-w", "-1"], "weight 1 -> 0\n"),
            (&["-w", "7"], "weight 0 -> 7\n"),
            (
                &["-x", "+10", "-y", "200%"],
                "lower_threshold 50 -> 100\nupper_threshold 100 -> 110\n",
            ),
            (
                &["--weight=5", "-x", "100", "-y", "50"],
                "lower_threshold 100 -> 50\nupper_threshold 110 -> 100\nweight 7 -> 5\n",
            ),
        ] {
            assert_eq!(ours(&[&server[..], words].concat()).expect(0).out, said, "{words:?}");
        }
        let before = live();
        for (words, said) in [
            (&["weight=-6"][..], "weight: 5 - 6 is out of range: 0 to 2147483647\n"),
            (&["-w", "-6"], "weight: 5 - 6 is out of range: 0 to 2147483647\n"),
            (&["weight=++1"], "weight: `++1' is not a number: expected N, +N, -N or N%\n"),
            (&["-y", "-50"], "lower_threshold: 50 - 50 is 0, which would mean no limit: "),
            (&["weight=2", "-w", "3"], "weight is set twice on this command line\n"),
        ] {
            let refused = ours(&[&server[..], words].concat()).expect(2).complaints;
            assert!(refused.starts_with(said), "{words:?}: {refused}");
            assert_eq!(live(), before, "{words:?}");
        }
        let pasted = ours(&[&server[..], &["weight=2\u{a0}"]].concat()).expect(2).complaints;
        assert!(pasted.contains("U+00A0 (no-break space)"), "{pasted}");
        let service = ["set", "-t", "192.0.2.80:80"];
        for (words, said) in [
            (&["-s", "rr", "-p", "60"][..], "persistence 300 -> 60\nscheduler wlc -> rr\n"),
            (
                &["persistence=+60", "-M", ""],
                "netmask 255.255.255.0 -> none\npersistence 60 -> 120\n",
            ),
            (
                &["-b", "flag-1,flag-2", "-s", "wlc", "-p"],
                "flags none -> flag-1,flag-2\npersistence 120 -> 360\nscheduler rr -> wlc\n",
            ),
        ] {
            assert_eq!(ours(&[&service[..], words].concat()).expect(0).out, said, "{words:?}");
        }
    });
}

#[test]
fn json_reports_whether_anything_changed() {
    namespace(|| {
        restore(TABLE).expect(0);
        let server = "set -t 192.0.2.80:80 -r 198.51.100.1:8080 weight=+2 --json";
        let server: Vec<&str> = server.split(' ').collect();
        let json =
            |words: &[&str]| -> Value { serde_json::from_str(&ours(words).expect(0).out).unwrap() };
        let changed = json(&server);
        assert_eq!(changed["changed"], true);
        assert_eq!(changed["changes"][0]["destination"]["weight"], 7);
        assert_eq!(changed["changes"][0]["old"]["weight"], 5);
        let same = json(&["set", "-t", "192.0.2.80:80", "scheduler=wlc", "--json"]);
        assert_eq!(same, json!({ "schema": 1, "changed": false, "changes": [] }));
    });
}

#[test]
fn an_unknown_field_proposes_a_similar_one() {
    namespace(|| {
        restore(TABLE).expect(0);
        let server = ["set", "-t", "192.0.2.80:80", "-r", "198.51.100.1:8080"];
        let service = ["set", "-t", "192.0.2.80:80"];
        for (words, field, hint) in [
            (&server[..], "u-threshold", "did you mean upper_threshold=?"),
            (&server, "--l-threshold", "did you mean lower_threshold=?"),
            (&server, "wieght", "did you mean weight=?"),
            (&server, "scheduler", "scheduler is a field of the service: leave out -r"),
            (&service, "persistent", "did you mean persistence=?"),
            (&service, "w", "weight is a field of a real server: name it with -r RIP:PORT"),
        ] {
            let word = format!("{field}=1");
            let words = [words, &["--", &word]].concat();
            let refused = ours(&words).expect(2).complaints;
            let said = format!("there is no field `{field}' to set\nhint: {hint}\n");
            assert!(refused.starts_with(&said), "{refused}");
            assert!(refused.ends_with("hint: nothing was changed\n"), "{refused}");
        }
    });
}

#[test]
fn a_field_set_to_its_value_changes_nothing_in_any_table() {
    namespace(|| {
        let mut random = Random::new();
        for _ in 0..20 {
            let desired = random.draw(table());
            let (_file, path) = file(&lines(&desired));
            inside(&["apply", "--allow-empty", &path]).expect(0);
            for (key, pool) in &desired.pools {
                let words = ipvsadm::internals::classic::describe_service(key);
                let scheduler = format!("scheduler={}", pool.service.scheduler);
                let mut service = vec!["set"];
                service.extend(words.split(' '));
                inside(&[&service[..], &[&scheduler]].concat()).expect(0);
                for server in pool.destinations.values() {
                    let words = ipvsadm::internals::classic::describe_destination(key, &server.key);
                    let weight = format!("weight={}", server.weight);
                    let mut all = vec!["set"];
                    all.extend(words.split(' '));
                    inside(&[&all[..], &[&weight]].concat()).expect(0);
                }
            }
            assert_eq!(live(), desired);
        }
    });
}

#[test]
fn classic_edits_report_the_fields_they_reset() {
    namespace(|| {
        let (_file, path) = file(TABLE);
        let server = ["-e", "-t", "192.0.2.80:80", "-r", "198.51.100.1:8080"];
        for (words, hint) in [
            (
                [&server[..], &["-m"]].concat(),
                Some("lower_threshold 50 -> none, upper_threshold 100 -> none, weight 5 -> 1"),
            ),
            (
                [&server[..], &["-m", "-w", "7"]].concat(),
                Some("lower_threshold 50 -> none, upper_threshold 100 -> none"),
            ),
            ([&server[..], &["-m", "-w", "5", "-x", "100", "-y", "50"]].concat(), None),
            (
                vec!["-E", "-t", "192.0.2.80:80", "-s", "rr"],
                Some("netmask 255.255.255.0 -> none, persistence 300 -> none"),
            ),
            (vec!["-E", "-t", "192.0.2.80:80", "-p", "300", "-M", "255.255.255.0", "-o"], None),
        ] {
            ours(&["apply", &path]).expect(0);
            reference("", &words);
            let theirs = live();
            ours(&["apply", &path]).expect(0);
            let outcome = ours(&words);
            assert_eq!(live(), theirs, "{words:?}");
            if words.contains(&"-o") {
                // The classic language refuses the command, so nothing is reset.
                assert_eq!(outcome.status, 2);
                continue;
            }
            assert_eq!(outcome.status, 0);
            let expected = hint.map_or(String::new(), |reset| {
                format!(
                    "hint: fields that the command did not give were reset: {reset}\n\
                     hint: to change only the fields that you name: ipvsadm set\n"
                )
            });
            assert_eq!(outcome.complaints, expected, "{words:?}");
        }
    });
}

#[test]
fn classic_edits_report_a_reset_checksum() {
    namespace(|| {
        restore(
            "-A -t 192.0.2.80:80 -s rr\n\
             -a -t 192.0.2.80:80 -r 198.51.100.1:80 -i -w 1 \
             --tun-type gue --tun-port 6080 --tun-csum\n",
        )
        .expect(0);
        let words = "-e -t 192.0.2.80:80 -r 198.51.100.1 -i -w 1 --tun-type gue --tun-port 6080";
        let outcome = ours(&words.split(' ').collect::<Vec<_>>()).expect(0);
        assert!(outcome.complaints.contains("tunnel_checksum full -> none"), "{outcome:?}");
        ours(&["-e", "-t", "192.0.2.80:80", "-r", "198.51.100.1", "-i", "-w", "1"]).expect(0);
        let outcome = ours(&words.split(' ').collect::<Vec<_>>()).expect(0);
        assert_eq!(outcome.complaints, "");
    });
}

#[test]
fn details_of_a_tunnel_stay_with_its_kind() {
    namespace(|| {
        let server = "-a -t 192.0.2.80:80 -r 198.51.100.1:80 -i -w 1";
        restore(&format!("-A -t 192.0.2.80:80 -s rr\n{server} --tun-type gre --tun-csum\n"))
            .expect(0);
        let set = |words: &[&str]| {
            let server = ["set", "-t", "192.0.2.80:80", "-r", "198.51.100.1:80"];
            ours(&[&server[..], words].concat())
        };
        for (words, expected) in [
            (&["tunnel=gre", "weight=3"][..], "-w 3 --tun-type gre --tun-csum\n"),
            (
                &["tunnel=gue", "tunnel_port=6080"],
                "-w 3 --tun-type gue --tun-port 6080 --tun-csum\n",
            ),
            (&["tunnel=gue", "weight=4"], "-w 4 --tun-type gue --tun-port 6080 --tun-csum\n"),
            (&["tunnel=ipip"], "-w 4 --tun-type ipip\n"),
        ] {
            set(words).expect(0);
            assert!(lines(&live()).contains(expected), "{words:?}: {}", lines(&live()));
        }
    });
}

#[test]
fn out_of_range_values_of_other_programs_stay() {
    namespace(|| {
        let key = ServiceKey::tcp("192.0.2.80:80".parse().unwrap());
        let granularity = Granularity::V4([255, 0, 255, 0].into());
        let persistence = Some(Persistence { timeout: 3_000_000, granularity });
        let service = Service::new(key, SchedulerName::new("rr").unwrap());
        let mut client = Client::open().unwrap();
        client.add_service(Service { persistence, ..service }).unwrap();
        let set = |word: &str| ours(&["set", "-t", "192.0.2.80:80", word]);
        set("scheduler=wlc").expect(0);
        for word in ["persistence=0", "persistence=2678401", "netmask=24"] {
            let field = word.split('=').next().unwrap();
            let text = set(word).expect(2).complaints;
            assert!(text.starts_with(&format!("{field}: ")), "{text}");
        }
        let service = client.service(&key).unwrap().service;
        assert_eq!((service.scheduler.as_str(), service.persistence), ("wlc", persistence));
    });
}

#[test]
fn an_unwritable_report_does_not_claim_that_nothing_changed() {
    namespace(|| {
        restore("-A -t 192.0.2.80:80 -s rr\n").expect(0);
        let words = "$ours set -t 192.0.2.80:80 scheduler=wlc --json >/dev/full";
        assert_eq!(shell(words).expect(5).complaints, "No space left on device\n");
        assert_eq!(lines(&live()), "-A -t 192.0.2.80:80 -s wlc\n");
    });
}

#[test]
fn set_refuses_values_that_no_rule_line_can_express() {
    namespace(|| {
        restore(
            "-A -t 192.0.2.80:0 -s rr -p 300\n\
             -A -t 192.0.2.80:80 -s rr\n\
             -a -t 192.0.2.80:80 -r 198.51.100.1:8080 -m -w 1\n\
             -a -t 192.0.2.80:80 -r 198.51.100.2:80 -m -w 1\n",
        )
        .expect(0);
        let table = live();
        let text = ours(&["set", "-t", "192.0.2.80:0", "persistence="]).expect(2).complaints;
        assert!(text.starts_with("Zero port specified for non-persistent service\n"), "{text}");
        let text = ours(&["set", "-t", "192.0.2.80:80", "one_packet=true"]).expect(2).complaints;
        assert!(text.contains("only for UDP"), "{text}");
        let server = ["set", "-t", "192.0.2.80:80", "-r", "198.51.100.1:8080"];
        let text = ours(&[&server[..], &["forwarding=route"]].concat()).expect(2).complaints;
        assert!(text.contains("a port other than the service's needs masquerade"), "{text}");
        assert_eq!(live(), table);
        let server = ["set", "-t", "192.0.2.80:80", "-r", "198.51.100.2:80"];
        ours(&[&server[..], &["forwarding=tunnel"]].concat()).expect(0);
        assert!(lines(&live()).contains("-r 198.51.100.2:80 -i -w 1 --tun-type ipip\n"));
    });
}

#[test]
fn set_refuses_services_that_a_recovery_would_roll_back() {
    namespace(|| {
        restore(&format!("{TABLE}-A -f 7 -s rr\n")).expect(0);
        let before = live();
        let (_new, path) = file(&format!("{}-A -f 7 -s rr\n", TABLE.replace("-w 5", "-w 6")));
        killed(&path);
        let server = ["set", "-t", "192.0.2.80:80", "-r", "198.51.100.1:8080", "weight=0"];
        let refused = ours(&server).expect(2).complaints;
        assert_eq!(
            refused,
            "an earlier apply or ipvsadm-restore was killed half way\n\
             hint: to restore the former table: ipvsadm apply --recover\n\
             hint: nothing was changed\n"
        );
        // A service that the killed run has not touched can be changed, since that may be urgent.
        let hinted = ours(&["set", "-f", "7", "scheduler=wlc"]).expect(0).complaints;
        assert!(
            hinted.ends_with("to roll back its changes: ipvsadm apply --recover\n"),
            "{hinted}"
        );
        ours(&["set", "-f", "7", "scheduler=rr"]).expect(0);
        ours(&["apply", "--recover"]).expect(0);
        assert_eq!((live(), journals()), (before, 0));
        assert_eq!(ours(&server).expect(0).complaints, "");
    });
}

#[test]
fn classic_commands_ignore_the_lock_and_the_journal() {
    namespace(|| {
        restore(TABLE).expect(0);
        let (_new, path) = file(&TABLE.replace("-w 5", "-w 6"));
        let (mut child, _complaints) = waiting(LONG, &path);
        let server = "-e -t 192.0.2.80:80 -r 198.51.100.1:8080 -m -w 7 -x 100 -y 50";
        let classic = || ours(&server.split(' ').collect::<Vec<_>>()).expect(0).complaints;
        assert_eq!(classic(), "");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(journals(), 1);
        assert_eq!(classic(), "");
        assert!(lines(&live()).contains("-w 7 "));
        // Other tests count journals.
        ours(&["apply", "--recover"]).expect(0);
        assert_eq!(journals(), 0);
    });
}

#[test]
fn only_a_missing_service_has_status_1() {
    namespace(|| {
        restore(TABLE).expect(0);
        ours(&["set", "-t", "192.0.2.81:80", "scheduler=rr"]).expect(1);
        // No file descriptor is left for the socket.
        let failed = shell("ulimit -n 4; exec $ours set -t 192.0.2.80:80 scheduler=rr").expect(2);
        assert!(failed.complaints.contains("Too many open files"), "{failed:?}");
    });
}

#[test]
fn persistence_without_a_value_is_as_long_as_in_the_classic_language() {
    namespace(|| {
        ours(&["-A", "-t", "192.0.2.80:80", "-s", "rr", "-p"]).expect(0);
        let same = ours(&["set", "-t", "192.0.2.80:80", "-p"]).expect(0);
        assert!(same.out.starts_with("unchanged"), "{same:?}");
    });
}

#[test]
fn a_mask_may_be_a_prefix_length_and_its_notes_are_those_of_edit() {
    namespace(|| {
        restore(TABLE).expect(0);
        let set = |words: &[&str]| ours(&[&["set", "-t", "192.0.2.80:80"], words].concat());
        let outcome = set(&["-M", "/16"]).expect(0);
        assert_eq!(outcome.out, "netmask 255.255.255.0 -> 255.255.0.0\n");
        for bad in ["/0", "/33", "/", "16x"] {
            let refused = set(&["-M", bad]).expect(2);
            assert!(refused.complaints.contains("such as 255.255.255.0 or /24"), "{refused:?}");
        }
        ours(&["-A", "-f", "7", "-s", "rr"]).expect(0);
        let marked = ours(&["set", "-f", "7", "-o"]).expect(0).complaints;
        assert_eq!(marked, "hint: -o has no effect on packets other than UDP\n");
        // A change of another field repeats no note.
        assert_eq!(ours(&["set", "-f", "7", "scheduler=wlc"]).expect(0).complaints, "");
    });
}

#[test]
fn masquerading_under_one_packet_scheduling_gets_the_note_of_edit() {
    namespace(|| {
        restore(
            "-A -u 192.0.2.80:53 -s rr -o\n-a -u 192.0.2.80:53 -r 198.51.100.1:53 -g -w 1\n\
             -A -u 192.0.2.81:53 -s rr\n-a -u 192.0.2.81:53 -r 198.51.100.1:53 -m -w 1\n",
        )
        .expect(0);
        let told = |words: &str| ours(&words.split(' ').collect::<Vec<_>>()).expect(0).complaints;
        let note = "hint: with one-packet scheduling (-o), replies are not translated back: use -g \
                    or -i\n";
        let server = "set -u 192.0.2.80:53 -r 198.51.100.1:53";
        assert_eq!(told(&format!("{server} forwarding=masquerade")), note);
        // A change of another field repeats no note.
        assert_eq!(told(&format!("{server} weight=7")), "");
        assert_eq!(told(&format!("{server} forwarding=route")), "");
        // The other way round: the real servers are masqueraded already.
        assert_eq!(told("set -u 192.0.2.81:53 one_packet=true"), note);
        assert_eq!(told("set -u 192.0.2.81:53 scheduler=wrr"), "");
        assert_eq!(told("set -u 192.0.2.81:53 one_packet=false"), "");
        assert_eq!(told("-E -u 192.0.2.80:53 -s rr -o"), "");
        assert_eq!(told("-E -u 192.0.2.81:53 -s wrr -o"), note);
    });
}
