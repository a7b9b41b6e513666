//! The program is killed at every system call that writes a file. undo then restores everything.
//!
//! Each step writes the state file anew: `fsync`, `rename`, and `fsync` of the folder. A kill at
//! the second `fsync` comes after the step was recorded and before it was done; a kill at the next
//! step's first `fsync` comes after it was done. Netlink requests are atomic in the kernel.

use std::fs;
use std::process::Command;

use crate::support::{Lan, assert_same, files_of, must, text};

const CALLS: [&str; 4] = ["write", "fsync", "rename", "unlink"];

/// Runs the command and kills it at its `number`th call of `call`. Returns `false` if the command
/// ended before.
fn killed(lan: &Lan, words: &str, call: &str, number: u32) -> bool {
    killed_as(env!("CARGO_BIN_EXE_ipvsadm"), lan, words, call, number)
}

/// Like [`killed`], with another path of the program.
fn killed_as(program: &str, lan: &Lan, words: &str, call: &str, number: u32) -> bool {
    let inject = format!("inject={call}:signal=KILL:when={number}");
    let output = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject])
        .arg(program)
        .args(words.split_whitespace())
        .args(["--netns", &lan.rs])
        .output()
        .expect("strace is needed");
    let ended = output.status.success();
    let by_signal = std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(9);
    assert!(ended || by_signal, "{words}: {} {}", output.status, text(&output));
    by_signal
}

fn every_place(spec: &str) {
    killed_everywhere(&Lan::new(), "rs", spec);
}

/// Kills `prepare` at each place in turn, and undoes what it had done.
pub fn killed_everywhere(lan: &Lan, verb: &str, spec: &str) {
    let before = lan.snapshot();
    let mut places = 0;
    for call in CALLS {
        for number in 1.. {
            let died = killed(lan, &format!("{verb} prepare {spec}"), call, number);
            lan.ok(&format!("{verb} undo"));
            assert_same(&before, &lan.snapshot(), &format!("killed in {call} {number} of {spec}"));
            assert_eq!(lan.state_files(), [""; 0]);
            if !died {
                break;
            }
            places += 1;
        }
    }
    assert!(places > 10, "{places} places");
}

fn every_place_of_undo(spec: &str) {
    let lan = Lan::new();
    let before = lan.snapshot();
    let mut places = 0;
    for call in CALLS {
        for number in 1.. {
            lan.ok(&format!("rs prepare {spec}"));
            let died = killed(&lan, "rs undo", call, number);
            lan.ok("rs undo");
            let place = format!("killed in {call} {number} of undo of {spec}");
            assert_same(&before, &lan.snapshot(), &place);
            if !died {
                break;
            }
            places += 1;
        }
    }
    assert!(places > 10, "{places} places");
}

#[test]
fn killed_while_it_prepares_direct_routing() {
    every_place("--mode dr --vip 10.0.0.80,2001:db8::80 --dev ipvs0");
}

#[test]
fn killed_while_it_prepares_a_tunnel() {
    every_place("--mode tun --vip 10.0.0.80 --tunnel gue:5555 --advmss 1400");
}

#[test]
fn killed_while_it_prepares_masquerading() {
    every_place("--mode nat --director 10.0.0.1");
}

#[test]
fn killed_while_it_undoes() {
    every_place_of_undo("--mode dr --vip 10.0.0.80 --dev ipvs0");
    every_place_of_undo("--mode tun --vip 10.0.0.80 --tunnel gue:5555 --advmss 1400");
}

/// A file is written under a temporary name and renamed when it is complete.
#[test]
fn killed_while_it_writes_files_it_leaves_no_drafts() {
    let lan = Lan::new();
    let spec = "rs prepare --mode dr --vip 10.0.0.83 --persist";
    let before = lan.snapshot();
    for number in 1.. {
        let died = killed(&lan, spec, "rename", number);
        lan.ok("rs undo");
        assert_eq!(files_of("10.0.0.83"), "", "killed in rename {number}");
        assert_eq!(lan.state_files(), [""; 0], "killed in rename {number}");
        if !died {
            break;
        }
    }
    assert_same(&before, &lan.snapshot(), "undo");
}

/// The unit contains the path of the program, so a moved program needs another unit.
#[test]
fn killed_while_it_rewrites_files() {
    let lan = Lan::new();
    let spec = "rs prepare --mode dr --vip 10.0.0.84 --persist";
    let moved = std::env::temp_dir().join(format!("{}-moved", lan.rs)).display().to_string();
    fs::copy(env!("CARGO_BIN_EXE_ipvsadm"), &moved).unwrap();
    for number in 1.. {
        lan.ok(spec);
        let died = killed_as(&moved, &lan, spec, "rename", number);
        lan.ok("rs undo");
        assert_eq!(files_of("10.0.0.84"), "", "killed in rename {number}");
        if !died {
            break;
        }
    }
    must(&["rm", &moved]);
}

/// After a crash, `prepare` itself completes the work.
#[test]
fn a_second_run_completes_the_first() {
    let lan = Lan::new();
    let before = lan.snapshot();
    let spec = "rs prepare --mode dr --vip 10.0.0.80 --dev ipvs0";
    for number in 1.. {
        let died = killed(&lan, spec, "rename", number);
        lan.ok(spec);
        lan.ok("rs status");
        lan.ok("rs undo");
        assert_same(&before, &lan.snapshot(), &format!("second run after rename {number}"));
        if !died {
            assert!(number > 5, "killed at {} places only", number - 1);
            break;
        }
    }
}

/// If prepare and undo were both killed, steps that were not begun belong to nobody, and
/// another prepare starts afresh.
#[test]
fn killed_in_both_directions() {
    let lan = Lan::new();
    let before = lan.snapshot();
    // The second `fsync` comes when the step is recorded, but not done yet.
    for prepared in [2, 3, 4] {
        let spec = "rs prepare --mode dr --vip 10.0.0.80 --dev ipvs0";
        assert!(killed(&lan, spec, "fsync", prepared), "fsync {prepared}");
        assert!(killed(&lan, "rs undo", "fsync", 2), "undo after fsync {prepared}");
        lan.ok("rs prepare --mode dr --vip 10.0.0.81 --dev ipvs1");
        lan.ok("rs status");
        lan.ok("rs undo");
        assert_same(&before, &lan.snapshot(), &format!("killed in fsync {prepared}, then 2"));
    }
}
