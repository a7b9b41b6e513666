//! Forwarding on a director keeps a default route from router advertisements.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::crash::killed_everywhere;
use crate::director::host;
use crate::support::{Lan, assert_same, must, within};

const ROUTER: &str = include_str!("router.py");
const SPEC: &str = "--vip 2001:db8::80 --iface v0 --mode nat";
const ADVERTISED: &str = "default via fe80::1 dev v0 proto ra";

/// A host that has its default route from the neighbour's router advertisement.
fn routed() -> Lan {
    let lan = host();
    within(&lan.neighbour, "ip address add fe80::1/64 dev v1 nodad");
    let words = ["ip", "netns", "exec", &lan.neighbour, "python3", "-c", ROUTER, "v1", "fe80::1"];
    must(&words);
    let begun = Instant::now();
    while !is_routed(&lan) {
        let routes = || lan.rs("ip -6 route");
        assert!(begun.elapsed() < Duration::from_secs(60), "no route came: {}", routes());
        sleep(Duration::from_millis(20));
    }
    lan
}

fn is_routed(lan: &Lan) -> bool {
    lan.rs("ip -6 route").contains(ADVERTISED)
}

#[test]
fn forwarding_keeps_the_default_route_that_a_router_advertised() {
    let lan = routed();
    let before = lan.snapshot();
    let script = lan.ok(&format!("director prepare {SPEC} --dry-run"));
    let place = |name: &str| script.find(name).unwrap_or_else(|| panic!("{name}: {script}"));
    assert!(place("v0.accept_ra='2'") < place("all.forwarding='1'"), "{script}");
    assert!(!script.contains("v7.accept_ra"), "v7 forwards, so it hears no router: {script}");
    lan.ok(&format!("director prepare {SPEC}"));
    assert!(is_routed(&lan), "{}", lan.rs("ip -6 route"));
    let second = lan.ok(&format!("director prepare {SPEC}"));
    assert!(second.contains("nothing to do"), "{second}");
    lan.ok("director status");
    lan.ok("director undo");
    assert_same(&before, &lan.snapshot(), "undo");
}

#[test]
fn interfaces_that_ignore_advertisements_keep_ignoring_them() {
    let lan = host();
    lan.rs("sysctl -q -w net.ipv6.conf.v0.accept_ra=0");
    let before = lan.snapshot();
    lan.ok(&format!("director prepare {SPEC}"));
    assert_eq!(lan.rs("sysctl -n net.ipv6.conf.v0.accept_ra").trim(), "0");
    lan.ok("director undo");
    assert_same(&before, &lan.snapshot(), "undo");
}

#[test]
fn killed_anywhere_undo_leaves_the_advertised_route() {
    killed_everywhere(&routed(), "director", SPEC);
}
