//! Several virtual addresses share steps on one real server.

use crate::support::{Lan, assert_same, text};

#[test]
fn arp_suppression_ends_with_the_last_address() {
    let lan = Lan::new();
    let before = lan.snapshot();
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    lan.ok("rs prepare --mode dr --vip 10.0.0.81");
    let report = lan.ok("rs undo --vip 10.0.0.80");
    assert!(report.contains("needed by 10.0.0.81"), "{report}");
    assert_eq!(lan.rs("sysctl -n net.ipv4.conf.all.arp_ignore").trim(), "1");
    assert!(!lan.rs("ip address show lo").contains("10.0.0.80/32"));
    assert!(lan.rs("ip address show lo").contains("10.0.0.81/32"));
    lan.ok("rs status");
    lan.ok("rs undo --vip 10.0.0.81");
    assert_same(&before, &lan.snapshot(), "undo of both");
}

/// A parameter of `all` that one address has set is enough for the other, until undo resets it.
#[test]
fn arp_suppression_of_one_address_outlives_the_other() {
    let ignores = |lan: &Lan, name: &str| {
        lan.rs(&format!("sysctl -n net.ipv4.conf.{name}.arp_ignore")).trim().to_owned()
    };
    for (first, second) in [("10.0.0.80", "10.0.0.81"), ("10.0.0.81", "10.0.0.80")] {
        let lan = Lan::new();
        let before = lan.snapshot();
        lan.ok("rs prepare --mode dr --vip 10.0.0.80");
        lan.ok("rs prepare --mode dr --vip 10.0.0.81 --iface v0");
        assert_eq!([ignores(&lan, "all"), ignores(&lan, "v0")], ["1", "1"]);
        lan.ok(&format!("rs undo --vip {first}"));
        lan.ok("rs status");
        lan.ok(&format!("rs undo --vip {second}"));
        assert_same(&before, &lan.snapshot(), "undo of both");
    }
}

#[test]
fn a_conflicting_tunnel_names_its_users() {
    let lan = Lan::new();
    lan.ok("rs prepare --mode tun --tunnel gre --vip 10.0.0.80");
    for vip in ["10.0.0.80", "10.0.0.81"] {
        let output = lan.ipvsadm(&format!("rs prepare --mode tun --tunnel gre:csum --vip {vip}"));
        let said = text(&output);
        let why = "ipvs-gre cannot be used: it was made with other options for 10.0.0.80";
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_tunnel_is_shared_too() {
    let lan = Lan::new();
    let before = lan.snapshot();
    lan.ok("rs prepare --mode tun --vip 10.0.0.80");
    lan.ok("rs prepare --mode tun --vip 10.0.0.81");
    lan.ok("rs undo --vip 10.0.0.81");
    assert!(lan.rs("ip address show ipvs-ipip").contains("10.0.0.80/32"));
    lan.ok("rs undo");
    assert_same(&before, &lan.snapshot(), "undo of both");
}

#[test]
fn undo_of_an_unknown_address_does_nothing() {
    let lan = Lan::new();
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    let before = lan.snapshot();
    assert!(lan.ok("rs undo --vip 10.0.0.99").contains("nothing to undo"));
    assert_same(&before, &lan.snapshot(), "undo of an unknown address");
}
