//! undo restores everything exactly, a second prepare changes nothing, and the script of a dry run
//! does the same as prepare.

use std::fs;

use crate::support::{Lan, assert_same, files_of, must, script_does_the_same, text};

/// Arguments of every kind of preparation that this kernel supports.
const SPECS: [&str; 16] = [
    "--mode dr --vip 10.0.0.80",
    "--mode dr --vip 2001:db8::80",
    "--mode dr --vip 10.0.0.80,2001:db8::80 --dev ipvs0",
    "--mode dr --vip 10.0.0.80,10.0.0.81 --iface v0",
    "--mode dr --vip 10.0.0.80 --arp none",
    "--mode dr --vip 10.0.0.80 --advmss 1400",
    "--mode tun --vip 10.0.0.80",
    "--mode tun --vip 2001:db8::80",
    "--mode tun --vip 10.0.0.80 --rip 2001:db8::2",
    "--mode tun --vip 2001:db8::80 --rip 10.0.0.2 --dev lo",
    "--mode tun --vip 10.0.0.80 --tunnel gre --advmss 1400",
    "--mode tun --vip 2001:db8::80,10.0.0.80 --tunnel gre:csum",
    "--mode tun --vip 10.0.0.80,2001:db8::80 --tunnel gue:5555",
    "--mode tun --vip 2001:db8::80 --rip 10.0.0.2 --tunnel gue",
    "--mode nat --director 10.0.0.1",
    "--mode nat --director 10.0.0.1,2001:db8::1",
];

#[test]
fn undo_leaves_everything_as_it_was() {
    undo_restores(&Lan::with_fallbacks(), &SPECS);
}

/// For each preparation: prepare changes something, a second run changes nothing, and undo restores
/// everything.
pub fn undo_restores(lan: &Lan, specs: &[&str]) {
    let before = lan.snapshot();
    for spec in specs {
        lan.ok(&format!("rs prepare {spec}"));
        let prepared = lan.snapshot();
        assert_ne!(before, prepared, "{spec} changed nothing");
        let second = lan.ok(&format!("rs prepare {spec}"));
        assert!(second.contains("nothing to do"), "{spec}: {second}");
        assert_same(&prepared, &lan.snapshot(), &format!("second run of {spec}"));
        lan.ok("rs status");
        lan.ok(&format!("rs status {spec}"));
        lan.ok("rs undo");
        assert_same(&before, &lan.snapshot(), &format!("undo of {spec}"));
        assert_eq!(lan.state_files(), [""; 0], "{spec}");
        assert_eq!(lan.ipvsadm(&format!("rs status {spec}")).status.code(), Some(1), "{spec}");
    }
    assert!(lan.ok("rs undo").contains("nothing to undo"));
}

#[test]
fn a_step_that_cannot_be_undone_does_not_stop_the_others() {
    let lan = Lan::new();
    let before = lan.snapshot();
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    // The parameter that was set last, and so is restored first.
    let fixed = "/proc/sys/net/ipv4/conf/all/arp_ignore";
    let program = env!("CARGO_BIN_EXE_ipvsadm");
    let script = format!("mount -o bind,ro {fixed} {fixed} && exec {program} rs undo");
    let words = ["netns", "exec", &lan.rs, "unshare", "-m", "sh", "-c", &script];
    let output = std::process::Command::new("ip").args(words).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot undo: set net/ipv4/conf/all/arp_ignore to 1"), "{said}");
    assert_eq!(lan.rs("sysctl -n net.ipv4.conf.all.arp_announce").trim(), "0", "{said}");
    lan.ok("rs undo");
    assert_same(&before, &lan.snapshot(), "undo");
}

#[test]
fn the_script_of_a_dry_run_does_the_same() {
    for spec in SPECS {
        script_does_the_same(Lan::new, "rs", spec);
    }
}

#[test]
fn undo_leaves_alone_what_others_have_changed() {
    let lan = Lan::new();
    lan.ok("rs prepare --mode dr --vip 10.0.0.80 --dev ipvs0");
    lan.rs("sysctl -q -w net.ipv4.conf.all.arp_ignore=2");
    lan.rs("ip address delete 10.0.0.80/32 dev ipvs0");
    let report = lan.ok("rs undo");
    assert!(
        report.contains("left     set net/ipv4/conf/all/arp_ignore to 1: its value is 2 now"),
        "{report}"
    );
    assert_eq!(lan.rs("sysctl -n net.ipv4.conf.all.arp_ignore").trim(), "2");
    assert_eq!(lan.rs("sysctl -n net.ipv4.conf.all.arp_announce").trim(), "0");
}

#[test]
fn undo_keeps_values_that_somebody_made_stricter() {
    let lan = Lan::new();
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    lan.rs("sysctl -q -w net.ipv4.conf.all.arp_ignore=2");
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    lan.ok("rs status");
    lan.ok("rs prepare --mode dr --vip 10.0.0.81");
    lan.ok("rs status");
    assert_eq!(lan.rs("sysctl -n net.ipv4.conf.all.arp_ignore").trim(), "2");
    lan.ok("rs undo");
    assert_eq!(lan.rs("sysctl -n net.ipv4.conf.all.arp_ignore").trim(), "2");
}

/// A container gets a new interface when its network is recreated.
#[test]
fn undo_knows_a_host_whose_hardware_address_is_new() {
    let lan = Lan::new();
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    lan.rs("ip link set v0 address 02:00:00:00:00:77");
    lan.ok("rs status");
    lan.ok("rs undo");
    assert!(!lan.rs("ip address").contains("10.0.0.80"));
    assert_eq!(lan.rs("sysctl -n net.ipv4.conf.all.arp_ignore").trim(), "0");
}

/// undo resets the parameter, and then the host answers ARP for other addresses too.
#[test]
fn undo_names_addresses_that_are_answered_for_again() {
    let lan = Lan::new();
    lan.rs("ip address add 10.0.0.81/32 dev lo");
    let said = lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    assert!(!said.contains("10.0.0.81"), "{said}");
    let said = lan.ok("rs undo");
    let note = "note     10.0.0.81 is still on lo, and this host answers ARP for it again";
    assert!(said.contains(note), "{said}");
    assert!(!said.contains("10.0.0.80 is still"), "{said}");
    lan.rs("sysctl -q -w net.ipv4.conf.v0.arp_ignore=1");
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    assert!(!lan.ok("rs undo").contains("is still on"));
}

#[test]
fn undo_keeps_a_value_that_prepare_found() {
    let lan = Lan::new();
    lan.rs("sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2");
    let before = lan.snapshot();
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    lan.ok("rs undo");
    assert_same(&before, &lan.snapshot(), "undo");
}

/// Persistent preparations: verb, options, the same options in the unit, and whether the unit waits
/// for the network.
const LASTING: [(&str, &str, &str, bool); 4] = [
    ("rs", "--mode dr --vip 10.0.0.81", "--mode dr --vip 10.0.0.81", false),
    ("rs", "--mode tun --vip 10.0.0.81", "--mode tun --tunnel ipip --vip 10.0.0.81", true),
    ("rs", "--mode dr --vip 10.0.0.81 --iface v0", "--mode dr --vip 10.0.0.81 --iface v0", true),
    ("director", "--vip 10.0.0.81 --iface v0", "--vip 10.0.0.81 --iface v0", true),
];

#[test]
fn persist_writes_files_and_undo_removes_them() {
    let lan = Lan::new();
    let wants = "/etc/systemd/system/multi-user.target.wants";
    must(&["mkdir", "-p", wants]);
    for (verb, spec, words, waits) in LASTING {
        lan.ok(&format!("{verb} prepare {spec} --persist"));
        let name = format!("ipvsadm-{verb}-10.0.0.81.service");
        let unit = fs::read_to_string(format!("/etc/systemd/system/{name}")).unwrap();
        let command = format!("{verb} prepare {words} --netns {}\n", lan.rs);
        assert!(unit.contains(&command), "{unit}");
        let online = |key: &str| {
            unit.lines().any(|it| it.starts_with(key) && it.contains("network-online.target"))
        };
        let order = ["After=", "Wants=", "Before="].map(online);
        assert_eq!(order, [waits, waits, !waits], "{unit}");
        assert_eq!(fs::read_to_string(format!("{wants}/{name}")).unwrap(), unit);
        assert_eq!(lan.state_files().len(), 1);
        assert!(lan.state_files()[0].starts_with("/var/lib"));
        lan.ok(&format!("{verb} undo"));
        assert_eq!(files_of("10.0.0.81"), "");
        assert_eq!(lan.state_files(), [""; 0]);
    }
}

#[test]
fn status_reports_a_lost_address() {
    let lan = Lan::new();
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    lan.rs("ip address delete 10.0.0.80/32 dev lo");
    let output = lan.ipvsadm("rs status");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("LOST"), "{}", text(&output));
    lan.ok("rs prepare --mode dr --vip 10.0.0.80");
    lan.ok("rs status");
}

#[test]
fn json_is_one_object_of_schema_1() {
    let lan = Lan::new();
    for words in ["prepare --mode dr --vip 10.0.0.80", "status", "undo"] {
        let text = lan.ok(&format!("rs {words} --json"));
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["schema"], 1);
        assert_eq!(report["ok"], true);
        assert!(report["steps"].as_array().is_some_and(|steps| steps.len() == 3), "{text}");
    }
}

/// The kernel reuses inode numbers of namespaces.
#[test]
fn the_state_file_of_a_dead_namespace_is_ignored() {
    let (old, new) = (Lan::new(), Lan::new());
    old.ok("rs prepare --mode dr --vip 10.0.0.80");
    new.ok("rs prepare --mode dr --vip 10.0.0.81");
    fs::copy(&old.state_files()[0], &new.state_files()[0]).unwrap();
    let before = new.snapshot();
    assert!(new.ok("rs undo").contains("nothing to undo"));
    assert_same(&before, &new.snapshot(), "undo with another's state file");
}
