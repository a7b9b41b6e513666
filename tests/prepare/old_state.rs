//! State files of version 0.1.0 stay readable, and undo restores exactly what they recorded.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::support::{Lan, assert_same, inside, text};

/// Does the steps with the script of a dry run, and writes the state file that 0.1.0 would have.
fn prepare_as_old_version(lan: &Lan, verb: &str, options: &str, state: &str) {
    let script = lan.ok(&format!("{verb} prepare {options} --dry-run"));
    let path = std::env::temp_dir().join(format!("{}-old.sh", lan.rs));
    fs::write(&path, script).unwrap();
    lan.rs(&format!("sh {}", path.display()));
    fs::remove_file(&path).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let number = inside(&lan.rs, || fs::metadata("/proc/thread-self/ns/net").unwrap().ino());
    fs::create_dir_all("/run/ipvsadm").unwrap();
    let path = format!("/run/ipvsadm/{verb}-netns-{number}.json");
    fs::write(path, state.replace("BOOT", boot.trim())).unwrap();
}

#[test]
fn state_files_of_0_1_0_are_undone_exactly() {
    for (verb, options, state) in [
        (
            "rs",
            "--mode tun --tunnel gue:6080 --vip 10.0.0.80",
            include_str!("state-0.1.0/rs-tunnel.json"),
        ),
        (
            "director",
            "--vip 2001:db8::80 --iface v0 --mode nat",
            include_str!("state-0.1.0/director-nat.json"),
        ),
    ] {
        let lan = Lan::new();
        let before = lan.snapshot();
        prepare_as_old_version(&lan, verb, options, state);
        let said = lan.ok(&format!("{verb} status"));
        assert!(!said.contains("LOST"), "{said}");
        let said = lan.ok(&format!("{verb} prepare {options}"));
        assert!(said.contains("nothing to do"), "{said}");
        lan.ok(&format!("{verb} undo"));
        assert_same(&before, &lan.snapshot(), options);
        assert!(lan.state_files().is_empty(), "{:?}", lan.state_files());
    }
}

/// A route in the file is a message to the kernel. Whatever it holds, the kernel gets only one that is
/// complete.
#[test]
fn a_damaged_route_is_a_mistake_of_the_state_file() {
    let lan = Lan::new();
    lan.ok("rs prepare --mode nat --director 10.0.0.1");
    let [path] = &lan.state_files()[..] else { panic!("{:?}", lan.state_files()) };
    let good = fs::read_to_string(path).unwrap();
    let before = lan.snapshot();
    let start = good.find("\"new\": \"").unwrap() + "\"new\": \"".len();
    let end = start + good[start..].find('"').unwrap();
    for damaged in ["xyz", "", "+2001800fe04000100000000", "0200180", "02001800fe0400010000000"] {
        fs::write(path, format!("{}{damaged}{}", &good[..start], &good[end..])).unwrap();
        for verb in ["undo", "status"] {
            let output = lan.ipvsadm(&format!("rs {verb}"));
            let said = text(&output);
            assert_eq!(output.status.code(), Some(1), "{damaged}: {said}");
            let first = format!("the state file {path} cannot be read: `{damaged}' is no route");
            assert!(said.starts_with(&first), "{damaged}: {said}");
        }
        assert_same(&before, &lan.snapshot(), damaged);
    }
    fs::write(path, good).unwrap();
    lan.ok("rs undo");
}
