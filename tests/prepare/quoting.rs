//! Names chosen by other users are quoted in scripts, commands and units.

use std::fs;
use std::process::Command;

use crate::support::{Lan, VIP, inside, text};

/// A name that prints `uid=` if a shell executes it.
const NAME: &str = "$(id>&2)";

fn lan() -> Lan {
    let lan = Lan::new();
    lan.rs(&format!("ip link add name {NAME} type veth peer name v9"));
    lan.rs(&format!("ip link set dev {NAME} up"));
    lan
}

/// Runs a script on the real server and checks that it did not execute the name.
fn sh(lan: &Lan, script: &str) {
    let output = inside(&lan.rs, || Command::new("sh").args(["-c", script]).output().unwrap());
    let said = text(&output);
    assert!(output.status.success() && !said.contains("uid="), "{script}\n{said}");
}

fn ignores(lan: &Lan) -> String {
    // /proc/sys shows the namespace of the thread that opens the file.
    inside(&lan.rs, || {
        fs::read_to_string(format!("/proc/sys/net/ipv4/conf/{NAME}/arp_ignore")).unwrap()
    })
}

#[test]
fn scripts_quote_interface_names() {
    let lan = lan();
    let script = lan.ok(&format!("rs prepare --mode dr --vip {VIP} --iface {NAME} --dry-run"));
    sh(&lan, &script);
    assert_eq!(ignores(&lan), "1\n", "{script}");
    let script = lan.ok(&format!("director prepare --vip 10.0.0.90 --iface {NAME} --dry-run"));
    sh(&lan, &script);
    assert!(lan.rs("ip -o address show").contains("10.0.0.90/32"), "{script}");
}

#[test]
fn json_commands_quote_interface_names() {
    let lan = lan();
    let spec = format!("rs prepare --mode dr --vip {VIP} --iface {NAME} --json");
    let report: serde_json::Value = serde_json::from_str(&lan.ok(&spec)).unwrap();
    lan.ok("rs undo");
    assert_eq!(ignores(&lan), "0\n");
    for step in report["steps"].as_array().unwrap() {
        sh(&lan, step["command"].as_str().unwrap());
    }
    assert_eq!(ignores(&lan), "1\n", "{report}");
}

#[test]
fn hints_quote_interface_names() {
    let lan = lan();
    lan.rs(&format!("ip link set dev {NAME} down"));
    let refused = text(&lan.ipvsadm(&format!("rs prepare --mode dr --vip {VIP} --iface {NAME}")));
    let hint = refused.lines().find_map(|line| line.strip_prefix("hint: ip link")).unwrap();
    sh(&lan, &format!("ip link{hint}"));
    assert!(lan.rs(&format!("ip -o link show dev {NAME}")).contains(",UP"));
}

#[test]
fn units_quote_interface_names() {
    let lan = lan();
    for (name, word) in [(NAME, "\"$$(id>&2)\""), ("q\"x", "\"q\\\"x\"")] {
        if name != NAME {
            lan.rs(&format!("ip link add name {name} type veth"));
            lan.rs(&format!("ip link set dev {name} up"));
        }
        let spec = format!("rs prepare --mode dr --vip {VIP} --iface {name} --persist");
        let report = lan.ok(&format!("{spec} --dry-run"));
        let unit = report.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
        assert!(unit.contains(&format!(" --iface {word} ")), "{unit}");
        // systemd-sysctl would read the name as a pattern, so the unit sets the parameter.
        assert!(!report.contains(&format!("net/ipv4/conf/{name}/arp_ignore =")), "{report}");
    }
}
