//! set changes what is named; -E and -e say what they reset.

use crate::common::namespace;
use crate::program::{Random, file, inside, lines, live, ours, reference, restore};
use crate::tables::table;

const TABLE: &str = "-A -t 192.0.2.80:80 -s wlc -p 300 -M 255.255.255.0\n\
    -a -t 192.0.2.80:80 -r 198.51.100.1:8080 -m -w 5 -x 100 -y 50\n";

#[test]
fn only_what_is_named_changes() {
    namespace(|| {
        let (_file, path) = file(TABLE);
        ours(&["apply", &path]).expect(0);
        let service = ["set", "-t", "192.0.2.80:80"];
        let server = ["set", "-t", "192.0.2.80:80", "-r", "198.51.100.1:8080"];
        for (words, field, expected) in [
            (&service[..], "scheduler=mh", "-A -t 192.0.2.80:80 -s mh -p 300 -M 255.255.255.0\n"),
            (&service, "netmask=", "-A -t 192.0.2.80:80 -s mh -p 300\n"),
            (&service, "persistence=", "-A -t 192.0.2.80:80 -s mh\n"),
            (&service, "flags=mh-port,flag-3", "-A -t 192.0.2.80:80 -s mh -b mh-port,flag-3\n"),
            (&server, "weight=0", "-m -w 0 -x 100 -y 50\n"),
            (&server, "upper_threshold=200", "-m -w 0 -x 200 -y 50\n"),
        ] {
            let outcome = ours(&[words, &[field]].concat()).expect(0);
            assert_eq!((outcome.out, outcome.complaints), (String::new(), String::new()));
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
fn a_field_set_to_its_value_changes_nothing_in_any_table() {
    namespace(|| {
        let mut random = Random::new();
        for _ in 0..20 {
            let wish = random.draw(table());
            let (_file, path) = file(&lines(&wish));
            inside(&["apply", "--allow-empty", &path]).expect(0);
            for (key, pool) in &wish.pools {
                let words = ipvsadm::rules::describe_service(key);
                let scheduler = format!("scheduler={}", pool.service.scheduler);
                let mut service = vec!["set"];
                service.extend(words.split(' '));
                inside(&[&service[..], &[&scheduler]].concat()).expect(0);
                for server in pool.destinations.values() {
                    let words = ipvsadm::rules::describe_destination(key, &server.key);
                    let weight = format!("weight={}", server.weight);
                    let mut all = vec!["set"];
                    all.extend(words.split(' '));
                    inside(&[&all[..], &[&weight]].concat()).expect(0);
                }
            }
            assert_eq!(live(), wish);
        }
    });
}

#[test]
fn classic_edits_say_what_they_reset_and_do_as_ever() {
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
                // The classic language refuses it, and nothing is reset.
                assert_eq!(outcome.status, 2);
                continue;
            }
            assert_eq!(outcome.status, 0);
            let expected = hint.map_or(String::new(), |reset| {
                format!(
                    "hint: what the command did not name was reset: {reset}\n\
                     hint: to change only what is named: ipvsadm set\n"
                )
            });
            assert_eq!(outcome.complaints, expected, "{words:?}");
        }
    });
}

#[test]
fn a_reset_checksum_is_told_too() {
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
fn nothing_is_set_that_no_rule_line_can_say() {
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
        assert!(text.contains("another port than the service's needs masquerade"), "{text}");
        assert_eq!(live(), table);
        let server = ["set", "-t", "192.0.2.80:80", "-r", "198.51.100.2:80"];
        ours(&[&server[..], &["forwarding=tunnel"]].concat()).expect(0);
        assert!(lines(&live()).contains("-r 198.51.100.2:80 -i -w 1 --tun-type ipip\n"));
    });
}
