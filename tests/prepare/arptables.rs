//! ARP suppression by arptables. The tests need a kernel with an ARP filter: `arp_tables` (removed
//! in Linux 7.2) or nftables' family for ARP. See scripts/test.sh.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::arp_suppression::nobody_hears;
use crate::checks::says;
use crate::support::{Lan, VIP, WITHOUT_FILTERS, assert_same, script_does_the_same, text};
use crate::undo::undo_restores;

const SPECS: [&str; 2] = [
    "--mode dr --vip 10.0.0.80 --arp arptables",
    "--mode dr --vip 10.0.0.80 --arp arptables --iface v0",
];

/// The arptables program that works with this kernel. If none does, appends a line to the file
/// `PREPARE_LEFT_OUT`, and scripts/test.sh runs these tests on another kernel.
pub fn arptables() -> Option<&'static str> {
    let works = |words: &[&str]| {
        let alone = ["--net", "--"].iter().chain(words);
        Command::new("unshare").args(alone).output().is_ok_and(|output| output.status.success())
    };
    if works(&["nft", "add", "table", "arp", "probe"]) {
        return Some("arptables-nft");
    }
    if works(&["arptables-legacy", "-n", "-L"]) {
        return Some("arptables-legacy");
    }
    let path = env::var_os("PREPARE_LEFT_OUT").unwrap_or_else(|| {
        panic!("this kernel has no ARP filter: run scripts/test.sh, which looks for another")
    });
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    writeln!(file, "arptables").unwrap();
    None
}

#[test]
fn undo_removes_all_rules_of_arptables() {
    if arptables().is_some() {
        undo_restores(&Lan::new(), &SPECS);
    }
}

#[test]
fn the_script_of_a_dry_run_makes_the_same_rules_of_arptables() {
    for spec in arptables().map_or(&[][..], |_| &SPECS) {
        script_does_the_same(Lan::new, "rs", spec);
    }
}

#[test]
fn a_real_server_with_arptables_never_answers_arp() {
    for options in arptables().map_or(&[][..], |_| &["", " --iface v0"]) {
        nobody_hears(&format!("--mode dr --arp arptables{options}"));
    }
}

#[test]
fn status_reports_missing_rules_of_arptables() {
    let Some(arptables) = arptables() else { return };
    let lan = Lan::new();
    lan.rs(&format!("ip address add {VIP}/32 dev lo"));
    for spec in ["--mode dr --arp arptables", "--mode dr --arp arptables --iface v0"] {
        says(&lan, spec, "this host may answer ARP for 10.0.0.80: arptables");
        says(&lan, spec, &format!("ipvsadm rs prepare --mode dr --vip {VIP}"));
    }
    lan.rs(&format!("ip address delete {VIP}/32 dev lo"));
    lan.ok(&format!("rs prepare --vip {VIP} --mode dr --arp arptables --iface v0"));
    lan.ok(&format!("rs status --vip {VIP} --mode dr --arp arptables --iface v0"));
    // The rule of one interface does not replace the rule of all interfaces.
    says(&lan, "--mode dr --arp arptables", &format!("no rule INPUT -d {VIP} -j DROP"));
    lan.rs(&format!("{arptables} -D INPUT -i v0 -d {VIP} -j DROP"));
    says(&lan, "--mode dr --arp arptables --iface v0", &format!("INPUT -i v0 -d {VIP} -j DROP"));
    assert_eq!(lan.ipvsadm("rs status").status.code(), Some(1));
    lan.ok(&format!("rs prepare --vip {VIP} --mode dr --arp arptables --iface v0"));
    lan.ok("rs status");
}

#[test]
fn a_step_that_cannot_be_checked_does_not_end_the_status() {
    let Some(arptables) = arptables() else { return };
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP} --arp arptables"));
    let run = |prefix: &[&str]| {
        let netns = ["netns", "exec", &lan.rs];
        let status = [env!("CARGO_BIN_EXE_ipvsadm"), "rs", "status"];
        let output = Command::new("ip").args(netns).args(prefix).args(status).output().unwrap();
        (output.status.code(), text(&output))
    };
    let (status, said) = run(&WITHOUT_FILTERS);
    assert_eq!(status, Some(1), "{said}");
    let lost = |line: &str| line.starts_with("LOST") && line.contains(" is not installed");
    assert!(said.lines().any(lost), "{arptables}: {said}");
    assert!(said.contains(&format!("{VIP}/32 is on lo")), "{said}");
    // arptables itself would only say that the operation is not permitted.
    let (status, said) = run(&["setpriv", "--reuid", "1000", "--clear-groups"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.starts_with("the caller lacks CAP_NET_ADMIN"), "{said}");
}

/// The same arguments give other rules if another interface is up or has another address.
#[test]
fn rules_of_arptables_follow_the_interfaces() {
    let Some(arptables) = arptables() else { return };
    let lan = Lan::new();
    let before = lan.snapshot();
    let spec = "rs prepare --mode dr --vip 10.0.0.80 --arp arptables";
    let rewriting = || {
        let rules = lan.rs(&format!("{arptables} -n -L OUTPUT"));
        let place = |part: &str| rules.lines().position(|line| line.contains(part));
        // A rule after the one of all interfaces would never match.
        let all = rules.lines().position(|line| line.contains("DROP")).unwrap();
        ["10.0.0.2", "10.0.0.3", "10.9.0.1"].map(|own| {
            place(&format!("--mangle-ip-s {own}")).map(|place| assert!(place < all, "{rules}"))
        })
    };
    lan.ok(spec);
    assert_eq!(rewriting(), [Some(()), None, None]);
    lan.rs("ip link add later type veth peer name end");
    lan.rs("ip address add 10.9.0.1/24 dev later");
    lan.rs("ip link set later up");
    lan.ok(spec);
    assert_eq!(rewriting(), [Some(()), None, Some(())]);
    lan.rs("ip address delete 10.0.0.2/24 dev v0");
    lan.rs("ip address add 10.0.0.3/24 dev v0");
    lan.ok(spec);
    assert_eq!(rewriting(), [None, Some(()), Some(())]);
    lan.ok("rs status");
    assert!(lan.ok(spec).contains("nothing to do"));
    lan.rs("ip link delete later");
    lan.ok(spec);
    assert_eq!(rewriting(), [None, Some(()), None]);
    lan.ok("rs undo");
    lan.rs("ip address delete 10.0.0.3/24 dev v0");
    lan.rs("ip address add 10.0.0.2/24 dev v0");
    lan.rs("ip route add default via 10.0.0.254");
    assert_same(&before, &lan.snapshot(), "undo");
}

#[test]
fn undo_of_arptables_resumes_where_it_stopped() {
    if arptables().is_none() {
        return;
    }
    let lan = Lan::new();
    let before = lan.snapshot();
    lan.ok("rs prepare --mode dr --vip 10.0.0.80 --arp arptables");
    let output = Command::new(WITHOUT_FILTERS[0])
        .args(&WITHOUT_FILTERS[1..])
        .args([env!("CARGO_BIN_EXE_ipvsadm"), "rs", "undo", "--netns", &lan.rs])
        .output();
    let output = output.unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in ["cannot undo: ", " is not installed\n", "then run undo again"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("nothing was changed"), "{said}");
    assert!(!lan.rs("ip address").contains("10.0.0.80"), "undone before it stopped");
    lan.ok("rs undo");
    assert_same(&before, &lan.snapshot(), "undo");
}

/// Too little memory for a thread is an ordinary error.
#[test]
fn threads_for_arptables_that_cannot_start_are_an_error() {
    if arptables().is_none() {
        return;
    }
    let lan = Lan::new();
    let program = env!("CARGO_BIN_EXE_ipvsadm");
    let spec = "--mode dr --vip 10.0.0.80 --arp arptables --dry-run";
    let run = |limits: &str| {
        let script = format!("{limits} exec {program} rs prepare {spec} --netns {}", lan.rs);
        Command::new("sh").args(["-c", &script]).output().unwrap()
    };
    let output = run("export RUST_MIN_STACK=99999999999999;");
    assert!(output.status.success(), "{}", text(&output));
    for megabytes in 2..20 {
        let said = text(&run(&format!("ulimit -v {};", megabytes * 1024)));
        assert!(!said.contains("panicked"), "{megabytes}: {said}");
    }
}

/// The PATH of cron has no sbin, and a user's PATH may lead to somebody else's program.
#[test]
fn arptables_is_not_looked_up_in_the_path_of_the_caller() {
    if arptables().is_none() {
        return;
    }
    let lan = Lan::new();
    let folder = tempfile::tempdir().unwrap();
    let trap = folder.path().join("trap");
    for name in ["nft", "arptables", "modprobe"] {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\ntouch {}\n", trap.display())).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let words = "prepare --mode dr --vip 10.0.0.80 --arp arptables --netns";
    for (path, verb) in [(folder.path().to_str().unwrap(), words), ("/usr/bin", "undo --netns")] {
        let output = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
            .arg("rs")
            .args(verb.split(' '))
            .arg(&lan.rs)
            .env("PATH", path)
            .output();
        let said = text(&output.unwrap());
        assert!(said.contains("10.0.0.80"), "{verb}: {said}");
    }
    assert!(!trap.exists(), "a program of the folder in PATH was run");
    assert!(!lan.rs("ip address").contains("10.0.0.80"));
}
