//! Several virtual addresses on one real server.

use crate::support::{Lan, assert_same};

#[test]
fn the_last_address_takes_the_silence_with_it() {
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
