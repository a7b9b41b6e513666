//! Tests of `director prepare`, `undo` and `status`.

use std::time::{Duration, Instant};

use crate::crash::killed_everywhere;
use crate::support::{Lan, assert_same, script_does_the_same, text, within};

const SPECS: [&str; 5] = [
    "--vip 10.0.0.80 --iface v0",
    "--vip 10.0.0.80,2001:db8::80 --iface v0 --set expire_nodest_conn=1 --set sync_threshold=5,60",
    "--vip 10.0.0.80 --iface v0 --mode nat --scheduler wlc,rr",
    "--vip 2001:db8::80 --iface v0 --mode nat",
    "--vip 10.0.0.80 --iface v0 --mode dr --set conntrack=1",
];

/// A host with a front interface, and another one that forwards already.
pub fn host() -> Lan {
    let lan = Lan::new();
    lan.rs("ip link add v7 type veth peer name v8");
    for device in ["v7", "v8"] {
        // Two commands: in one, the interface may come up first and get a tentative address.
        lan.rs(&format!("ip link set {device} addrgenmode none"));
        lan.rs(&format!("ip link set {device} up"));
    }
    lan.rs("sysctl -q -w net.ipv6.conf.v7.forwarding=1 net.ipv4.conf.v7.forwarding=1");
    lan
}

#[test]
fn undo_leaves_everything_as_it_was() {
    let lan = host();
    let before = lan.snapshot();
    for spec in SPECS {
        lan.ok(&format!("director prepare {spec}"));
        let prepared = lan.snapshot();
        assert_ne!(before, prepared);
        let second = lan.ok(&format!("director prepare {spec}"));
        assert!(second.contains("nothing to do"), "{spec}: {second}");
        assert_same(&prepared, &lan.snapshot(), &format!("second run of {spec}"));
        lan.ok("director status");
        lan.ok(&format!("director status {spec}"));
        lan.ok("director undo");
        assert_same(&before, &lan.snapshot(), &format!("undo of {spec}"));
    }
    assert_eq!(lan.ipvsadm("director status").status.code(), Some(1));
}

#[test]
fn a_finding_of_two_addresses_is_printed_once() {
    let lan = host();
    for (verb, spec, finding) in [
        (
            "director",
            "--vip 2001:db8::80,2001:db8::81 --iface v0 --mode nat",
            "IPv6 forwarding is on",
        ),
        (
            "rs",
            "--mode tun --tunnel gue:6080 --vip 10.0.0.80,10.0.0.81",
            "UDP port 6080 unpacks GUE",
        ),
    ] {
        let said = lan.ok(&format!("{verb} prepare {spec}"));
        let lines = said.lines().filter(|line| line.starts_with("ok ")).collect::<Vec<_>>();
        let same = lines.iter().filter(|line| line.contains(finding)).count();
        assert_eq!(same, 1, "{said}");
        let json = lan.ok(&format!("{verb} prepare {spec} --json"));
        assert_eq!(json.matches(finding).count(), 1, "{json}");
    }
}

#[test]
fn the_script_of_a_dry_run_does_the_same() {
    for spec in SPECS {
        script_does_the_same(host, "director", spec);
    }
}

#[test]
fn killed_anywhere_undo_leaves_everything_as_it_was() {
    killed_everywhere(&host(), "director", SPECS[1]);
}

#[test]
fn neighbours_learn_where_the_address_is() {
    let lan = Lan::new();
    let mac = lan.rs("cat /sys/class/net/v0/address").trim().to_owned();
    for vip in ["10.0.0.80", "2001:db8::80"] {
        let entry = format!("{vip} lladdr 02:00:00:00:00:99 dev v1 nud stale");
        within(&lan.neighbour, &format!("ip neighbour replace {entry}"));
    }
    let report = lan.ok("director prepare --vip 10.0.0.80,2001:db8::80 --iface v0 --static-arp");
    assert!(report.contains(&format!("ip neighbour replace 10.0.0.80 lladdr {mac}")), "{report}");
    let learnt = || within(&lan.neighbour, "ip neighbour show dev v1");
    let knows = |vip: &str| learnt().contains(&format!("{vip} lladdr {mac}"));
    let begun = Instant::now();
    while !(knows("10.0.0.80") && knows("2001:db8::80")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", learnt());
    }
}

#[test]
fn an_address_for_which_another_answers_is_refused() {
    // An IPv6 host answers only for addresses of the interface that received the request.
    for (vip, place) in [("10.0.0.80", "/32 dev lo"), ("2001:db8::80", "/128 dev v1 nodad")] {
        let lan = Lan::new();
        let mac = within(&lan.neighbour, "cat /sys/class/net/v1/address").trim().to_owned();
        within(&lan.neighbour, &format!("ip address add {vip}{place}"));
        let before = lan.snapshot();
        let spec = format!("director prepare --vip 10.0.0.79,2001:db8::79,{vip} --iface v0");
        let output = lan.ipvsadm(&spec);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("{mac} on v0 already answers for {vip}")), "{said}");
        assert_same(&before, &lan.snapshot(), "refusal");
        lan.ok(&format!("{spec} --takeover"));
    }
}

/// If another director has taken over the address, this one must not take it back.
#[test]
fn a_lost_address_is_not_taken_back_from_another_director() {
    let lan = Lan::new();
    let spec = "director prepare --vip 10.0.0.80 --iface v0";
    lan.ok(spec);
    lan.rs("ip address delete 10.0.0.80/32 dev v0");
    within(&lan.neighbour, "ip address add 10.0.0.80/32 dev lo");
    let output = lan.ipvsadm(spec);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("on v0 already answers for 10.0.0.80"), "{said}");
    assert!(!lan.rs("ip address show v0").contains("10.0.0.80"));
    within(&lan.neighbour, "ip address delete 10.0.0.80/32 dev lo");
    let said = lan.ok(spec);
    assert!(said.contains("done     announce 10.0.0.80 on v0"), "{said}");
    assert!(lan.ok(spec).contains("nothing to do"));
}

/// A director that is also a real server has the address on `lo` too.
#[test]
fn an_address_on_a_second_interface_is_no_problem() {
    let lan = host();
    let spec = "--vip 10.0.0.80 --iface v0";
    lan.ok(&format!("director prepare {spec}"));
    lan.rs("ip address add 10.0.0.80/32 dev lo");
    let said = lan.ok(&format!("director status {spec}"));
    assert!(said.contains("10.0.0.80/32 is on v0"), "{said}");
}

#[test]
fn status_reports_redirects_switched_on_again() {
    let lan = host();
    let spec = "--vip 10.0.0.80 --iface v0 --mode nat";
    lan.ok(&format!("director prepare {spec}"));
    lan.rs("sysctl -q -w net.ipv4.conf.v0.send_redirects=1");
    let output = lan.ipvsadm(&format!("director status {spec}"));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("WRONG    v0 sends ICMP redirects (send_redirects 1)"), "{said}");
}

#[test]
fn real_servers_that_are_prepared_do_not_answer() {
    let lan = Lan::new();
    let silenced = std::process::Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .args(["rs", "prepare", "--mode", "dr", "--vip", "10.0.0.80,2001:db8::80"])
        .args(["--netns", &lan.neighbour])
        .status();
    assert!(silenced.unwrap().success());
    lan.ok("director prepare --vip 10.0.0.80,2001:db8::80 --iface v0");
}

#[test]
fn unfit_options_are_refused() {
    let lan = Lan::new();
    lan.rs("ip link add v9 type dummy");
    lan.rs("ip link add v7 type veth peer name v8");
    let before = lan.snapshot();
    for (words, status, message) in [
        ("--vip 10.0.0.80 --iface eth9", 1, "there is no interface eth9"),
        ("--vip 10.0.0.80 --iface v9", 1, "takes no part in ARP"),
        ("--vip 10.0.0.80 --iface v7", 1, "v7 is down"),
        ("--vip 10.0.0.2 --iface v0", 1, "is already on v0"),
        ("--vip 224.0.0.1 --iface v0", 1, "a multicast address"),
        ("--vip 10.0.0.80 --iface v0 --scheduler nonsense", 1, "no module ip_vs_nonsense"),
        ("--vip 10.0.0.80 --iface v0 --set conntrack=7", 2, "takes 0 or 1"),
        ("--vip 10.0.0.80 --iface v0 --set expire_nodest_con=1", 2, "did you mean"),
        ("--vip 10.0.0.80", 2, "--iface"),
    ] {
        let output = lan.ipvsadm(&format!("director prepare {words}"));
        let said = text(&output);
        assert_eq!(output.status.code(), Some(status), "{words}: {said}");
        assert!(said.contains(message), "{words}: {said}");
        assert_same(&before, &lan.snapshot(), words);
    }
}

#[test]
fn undo_leaves_alone_the_forwarding_that_others_have_set() {
    let lan = host();
    let forwards = |name: &str| {
        lan.rs(&format!("sysctl -n net.ipv6.conf.{name}.forwarding")).trim().to_owned()
    };
    let prepare = "director prepare --mode nat --vip 2001:db8::80 --iface v0";
    lan.ok(prepare);
    lan.rs("ip link add later type dummy");
    assert_eq!([forwards("all"), forwards("v0"), forwards("later")], ["1", "1", "1"]);
    lan.ok("director undo");
    assert_eq!([forwards("all"), forwards("v0"), forwards("later")], ["0", "0", "0"]);
    lan.ok(prepare);
    lan.rs("sysctl -q -w net.ipv6.conf.all.forwarding=0 net.ipv6.conf.v0.forwarding=1");
    lan.ok("director undo");
    assert_eq!([forwards("all"), forwards("v0"), forwards("later")], ["0", "1", "0"]);
}
