//! A host that is both director and real server: its own IPVS table takes packets from the daemon.

use std::fs;

use crate::support::{Lan, VIP, text};

const STATUS: &str = "rs status --mode dr --vip 10.0.0.80";

fn rules(lan: &Lan, lines: &[&str]) {
    for line in lines {
        lan.ok(line);
    }
}

#[test]
fn a_service_on_the_virtual_address_that_sends_elsewhere_is_a_problem() {
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    lan.ok("rs status");
    rules(&lan, &["-A -t 10.0.0.80:80 -s rr", "-a -t 10.0.0.80:80 -r 10.0.0.12:80 -g"]);
    for words in ["rs status", STATUS] {
        let output = lan.ipvsadm(words);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let found = "WRONG    IPVS on this host takes the packets of -t 10.0.0.80:80 and sends them to \
                     10.0.0.12: no program here gets them";
        assert!(said.contains(found), "{said}");
    }
    // prepare succeeds nevertheless, with a note.
    let said = lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    assert!(
        said.contains("note     IPVS on this host takes the packets of -t 10.0.0.80:80"),
        "{said}"
    );
    // A service on another address does not matter.
    lan.ok("-C");
    rules(&lan, &["-A -t 10.0.0.90:80 -s rr", "-a -t 10.0.0.90:80 -r 10.0.0.12:80 -g"]);
    lan.ok("rs status");
}

#[test]
fn a_service_without_a_server_drops_the_packets() {
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    lan.ok("-A -u 10.0.0.80:53 -s rr");
    let said = text(&lan.ipvsadm("rs status"));
    assert!(said.contains("takes the packets of -u 10.0.0.80:53 and refuses them"), "{said}");
}

#[test]
fn a_director_that_is_its_own_real_server_has_no_problem() {
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    rules(&lan, &["-A -t 10.0.0.80:80 -s rr", "-a -t 10.0.0.80:80 -r 127.0.0.1:80 -g"]);
    rules(&lan, &["-A -t 10.0.0.80:81 -s rr", "-a -t 10.0.0.80:81 -r 10.0.0.2:81 -m"]);
    let said = lan.ok("rs status");
    let found = "IPVS on this host has the service -t 10.0.0.80:80, and sends its packets to this host \
                 itself";
    assert!(said.contains(found), "{said}");
}

/// Only the rules that set marks know which packets get one.
#[test]
fn a_service_by_mark_is_mentioned() {
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    rules(&lan, &["-A -f 7 -s rr", "-a -f 7 -r 10.0.0.12 -g"]);
    let said = lan.ok("rs status");
    assert!(said.contains("note     IPVS on this host has the service -f 7: packets"), "{said}");
}

#[test]
fn a_later_file_that_undoes_a_parameter_at_boot_is_named() {
    let lan = Lan::new();
    // With --netns, no files are written, so `--persist` needs the host's namespace.
    let program = env!("CARGO_BIN_EXE_ipvsadm");
    let spec = format!("{program} rs prepare --mode dr --vip 10.0.0.81 --persist --dry-run");
    let later = "/etc/sysctl.d/99-of-others.conf";
    let early = "/etc/sysctl.d/10-of-others.conf";
    let line = "net.ipv4.conf.all.arp_ignore = 0\n";
    fs::write(early, line).unwrap();
    let said = lan.rs(&spec);
    assert!(!said.contains("of-others"), "{said}");
    fs::write(later, line).unwrap();
    let said = lan.rs(&spec);
    fs::remove_file(later).unwrap();
    fs::remove_file(early).unwrap();
    assert!(
        said.contains(&format!("{later} sets net/ipv4/conf/all/arp_ignore to 0 after")),
        "{said}"
    );
    // A file with the same value, or one that is hidden, undoes nothing.
    fs::create_dir_all("/run/sysctl.d").unwrap();
    fs::write("/run/sysctl.d/99-of-others.conf", line).unwrap();
    fs::write(later, "net/ipv4/conf/all/arp_ignore=1\n").unwrap();
    let said = lan.rs(&spec);
    fs::remove_file(later).unwrap();
    fs::remove_file("/run/sysctl.d/99-of-others.conf").unwrap();
    assert!(!said.contains("of-others"), "{said}");
}
