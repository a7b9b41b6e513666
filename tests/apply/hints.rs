//! Hints that propose what was probably meant when an object does not exist.

use std::fmt::Write;

use crate::common::{namespace, run};
use crate::program::{file, ours, ours_with, restore};

#[test]
fn an_unknown_scheduler_proposes_a_similar_one() {
    namespace(|| {
        let outcome = ours(&["-A", "-t", "192.0.2.80:80", "-s", "rrr"]).expect(255);
        let (first, hints) = outcome.complaints.split_once('\n').unwrap();
        assert_eq!(first, "Scheduler or persistence engine not found");
        let module = "hint: the kernel has no module ip_vs_rrr\n";
        assert!(hints.ends_with(&format!("{module}hint: did you mean rr or wrr?\n")), "{hints}");
        let (_file, path) = file("-A -t 192.0.2.80:80 -s lblrr\n");
        for outcome in
            [ours(&["apply", &path]).expect(2), restore("-A -t 192.0.2.80:80 -s lblrr\n").expect(2)]
        {
            assert!(outcome.complaints.contains("hint: did you mean lblcr?\n"), "{outcome:?}");
        }
        let outcome = ours(&["-A", "-t", "192.0.2.80:80", "-s", "banana"]).expect(255);
        assert!(!outcome.complaints.contains("did you mean"), "{outcome:?}");
        ours(&["-A", "-t", "192.0.2.80:80"]).expect(0);
        let outcome = ours(&["set", "-t", "192.0.2.80:80", "scheduler=wrrr"]).expect(255);
        assert!(outcome.complaints.contains("hint: did you mean wrr?\n"), "{outcome:?}");
        run("ip", &["link", "add", "eth0", "type", "veth", "peer", "name", "peer0"]);
        run("ip", &["link", "set", "eth0", "up"]);
        let words = ["director", "prepare", "--vip", "192.0.2.80", "--iface", "eth0"];
        let outcome = ours(&[&words[..], &["--scheduler", "wlcc", "--dry-run"]].concat());
        assert!(outcome.complaints.contains("hint: did you mean wlc?\n"), "{outcome:?}");
    });
}

#[test]
fn a_noncontiguous_mask_is_accepted_with_a_hint() {
    namespace(|| {
        let hint = "hint: the mask 0.0.0.24 has gaps; a network mask has none, as in \
                    255.255.255.0 or /24\n";
        let rule = "-A -t 192.0.2.80:80 -s rr -p 300 -M 0.0.0.24";
        let added = ours(&rule.split(' ').collect::<Vec<_>>()).expect(0);
        assert_eq!(added.complaints, hint);
        assert_eq!(ours(&["-S", "-n"]).expect(0).out, format!("{rule}\n"));
        let edit = rule.replace("-A", "-E").replace("-M ", "--netmask=");
        let edited = ours(&edit.split(' ').collect::<Vec<_>>()).expect(0);
        assert_eq!(edited.complaints, hint);
        let set = ["set", "-t", "192.0.2.80:80", "netmask=255.0.255.0"];
        let set = ours(&set).expect(0).complaints;
        assert!(set.starts_with("hint: the mask 255.0.255.0 has gaps; "), "{set}");
        ours(&["set", "-t", "192.0.2.80:80", "netmask=255.255.255.0"]).expect(0);
        // A rule file gets no hint: whoever typed the rule first has seen the hint.
        assert_eq!(restore(&format!("{rule}\n")).expect(0).complaints, "");
        assert_eq!(ours(&["-S", "-n"]).expect(0).out, format!("{rule}\n"));
        for bad in ["24", "0xffffff00", "localhost"] {
            let rule = rule.replace("0.0.0.24", bad);
            let refused = restore(&format!("{rule}\n")).expect(2).complaints;
            let text = "illegal virtual server persistent mask specified\n";
            assert!(refused.starts_with(text), "{refused}");
        }
        let none = ours(&["-A", "-t", "192.0.2.81:80", "-M", "0.0.0.24"]).expect(0);
        assert_eq!(none.complaints, "hint: -M has no effect without -p\n");
    });
}

#[test]
fn the_same_hint_for_many_lines_is_printed_once() {
    namespace(|| {
        let outcome = restore(
            "-A -t 192.0.2.80:80 -s rr\n\
             -a -t 192.0.2.80:80 -r 127.255.255.255:80 -m\n\
             -a -t 192.0.2.80:80 -r 127.255.255.255:81 -m\n",
        )
        .expect(255);
        assert_eq!(outcome.complaints.matches("hint: line ").count(), 2, "{outcome:?}");
        let advice = "the real server must have a unicast address";
        assert_eq!(outcome.complaints.matches(advice).count(), 1, "{outcome:?}");
    });
}

/// Direct routing and tunnels keep the port, so -m is probably missing.
#[test]
fn a_replaced_port_is_reported_for_a_typed_line() {
    namespace(|| {
        restore("-A -t 192.0.2.80:80 -s rr\n").expect(0);
        let hint = "hint: only -m can change the port: 80 is used instead of 8080\n";
        for (server, how, said) in
            [(1, "", hint), (2, "-g", hint), (3, "-i", hint), (4, "-m", ""), (5, "-g -w 0", hint)]
        {
            let line = format!("-a -t 192.0.2.80:80 -r 198.51.100.{server}:8080 {how}");
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(ours(&words).expect(0).complaints, said, "{line}");
        }
    });
}

#[test]
fn a_replaced_port_is_reported_for_files_too() {
    const NOTE: &str = "only -m can change the port: 80 is used instead of 808";
    namespace(|| {
        let mut rules = "-A -t 192.0.2.80:80 -s rr\n".to_owned();
        for server in 1..=5 {
            writeln!(rules, "-a -t 192.0.2.80:80 -r 198.51.100.{server}:808{server}").unwrap();
        }
        let (_file, path) = file(&rules);
        let told = |complaints: &str| {
            let hints: Vec<_> = complaints.lines().collect();
            assert_eq!(hints.len(), 4, "{complaints}");
            assert_eq!(hints[0], format!("hint: line 2: {NOTE}1"));
            assert_eq!(hints[3], "hint: 2 more lines like these");
        };
        told(&ours(&["diff", &path]).expect(1).complaints);
        let applied = ours(&["apply", &path]).expect(0).complaints;
        told(applied.strip_suffix("hint: to undo this: ipvsadm rollback 1\n").unwrap());
        told(&restore(&rules).expect(0).complaints);
        ours(&["-C"]).expect(0);
        told(&ours_with(&rules, &["-R"]).expect(0).complaints);
        // The hint follows the old tool's line and names both lines, which are now the same real
        // server.
        let same = "-A -t 192.0.2.80:80\n-a -t 192.0.2.80:80 -r 198.51.100.1:8081\n\
                    -a -t 192.0.2.80:80 -r 198.51.100.1:8082\n";
        let refused = ours_with(same, &["diff", "-"]).expect(2).complaints;
        assert!(refused.starts_with("standard input:3: Destination already exists\n"), "{refused}");
        for line in [format!("line 2: {NOTE}1"), format!("line 3: {NOTE}2")] {
            assert_eq!(refused.matches(&line).count(), 1, "{refused}");
        }
        let saved = ours(&["-S", "-n"]).expect(0).out;
        assert_eq!(restore(&saved).expect(0).complaints, "");
    });
}

#[test]
fn a_daemon_on_the_label_of_an_address_is_told_the_interface() {
    namespace(|| {
        let words = ["--start-daemon", "master", "--mcast-interface", "lo:0"];
        let refused = ours(&words).expect(255).complaints;
        let label = "hint: a label such as lo:0 names an address, not an interface: write lo\n";
        assert!(refused.ends_with(label), "{refused}");
    });
}

#[test]
fn proposed_commands_act_on_the_network_namespace_of_the_run() {
    namespace(|| {
        restore(
            "-A -t 192.0.2.80:80 -s mh\n-a -t 192.0.2.80:80 -r 10.0.0.1:80\n\
                 -a -t 192.0.2.80:80 -r 10.0.0.2:80\n",
        )
        .expect(0);
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        let netns = format!("/proc/{}/ns/net", thread.display());
        let drain = ["drain", "-t", "192.0.2.80:80", "-r", "10.0.0.1", "--scheduler-flag", "keep"];
        let refused = ours(&[&drain[..], &["--netns", &netns]].concat()).expect(2).complaints;
        let set = format!("ipvsadm set --netns {netns} -t 192.0.2.80:80 flags=mh-fallback\n");
        assert!(refused.contains(&set), "{refused}");
        run("ip", &["link", "set", "lo", "down"]);
        let down = ["rs", "prepare", "--mode", "dr", "--vip", "192.0.2.9", "--dev", "lo"];
        let refused = ours(&[&down[..], &["--netns", &netns]].concat());
        let up = format!("hint: nsenter --net={netns} ip link set dev lo up\n");
        assert!(refused.complaints.contains(&up), "{refused:?}");
    });
}
