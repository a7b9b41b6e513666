//! Steps that could not be rolled back stay recorded, so that undo can do it later.

use std::process::{Command, Output};

use crate::support::{Lan, assert_same, files_of, must, text};

/// Runs the command while the calls of `call` selected by `which` fail.
pub fn failing(lan: &Lan, words: &str, call: &str, which: &[&str]) -> Output {
    Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .args(which)
        .arg(env!("CARGO_BIN_EXE_ipvsadm"))
        .args(words.split_whitespace())
        .args(["--netns", &lan.rs])
        .output()
        .expect("strace is needed")
}

/// From some point on, all requests fail, so that neither the next step nor the rollback works.
#[test]
fn undo_completes_a_failed_rollback() {
    let lan = Lan::new();
    let before = lan.snapshot();
    let spec = "rs prepare --mode dr --vip 10.0.0.80 --dev ipvs0";
    let mut left = 0;
    for number in 1.. {
        let inject = format!("inject=sendto:error=EIO:when={number}+");
        let output = failing(&lan, spec, "sendto", &["-e", &inject]);
        let said = text(&output);
        left += u32::from(said.contains("hint: not undone: add 10.0.0.80 to ipvs0"));
        // While the address exists, ARP must stay suppressed.
        if lan.rs("ip address").contains("10.0.0.80") {
            assert_eq!(lan.rs("sysctl -n net.ipv4.conf.all.arp_ignore").trim(), "1", "{said}");
        }
        lan.ok("rs undo");
        assert_same(&before, &lan.snapshot(), &format!("sendto {number}: {said}"));
        assert_eq!(lan.state_files(), [""; 0]);
        if output.status.success() {
            break;
        }
    }
    assert!(left > 0, "no address was ever left");
}

/// Files are written last, and the check after them fails: the host is not in the desired
/// state.
#[test]
fn files_that_could_not_be_removed_are_removed_later() {
    let lan = Lan::new();
    must(&["mkdir", "-p", "/etc/systemd/system/multi-user.target.wants"]);
    lan.rs("ip route add 10.0.0.82 dev v0 table 5");
    lan.rs("ip rule add pref 1 to 10.0.0.82 lookup 5");
    lan.rs("ip rule add pref 2 lookup local");
    lan.rs("ip rule delete pref 0");
    let before = lan.snapshot();
    let spec = "rs prepare --mode dr --vip 10.0.0.82 --persist";
    let unit = "/etc/systemd/system/ipvsadm-rs-10.0.0.82.service";
    let stuck = ["-P", unit, "-e", "inject=unlink:error=EIO"];
    let said = text(&failing(&lan, spec, "unlink", &stuck));
    assert!(said.contains("the host is not in the desired state"), "{said}");
    assert!(said.contains("hint: not undone: write /etc/systemd/system/"), "{said}");
    assert_ne!(files_of("10.0.0.82"), "");
    lan.ok("rs undo");
    assert_eq!(files_of("10.0.0.82"), "");
    assert_same(&before, &lan.snapshot(), "undo");
    assert_eq!(lan.state_files(), [""; 0]);
}

#[test]
fn a_failure_before_the_first_step_mentions_no_rollback() {
    let lan = Lan::new();
    let before = lan.snapshot();
    let spec = "rs prepare --mode dr --vip 10.0.0.80";
    let output = failing(&lan, spec, "rename", &["-e", "inject=rename:error=EIO"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write /run/ipvsadm/"), "{said}");
    assert!(!said.contains("undone") && !said.contains("rolled back"), "{said}");
    assert_same(&before, &lan.snapshot(), &said);
}
