//! Tests on a kernel without IPVS and without IPv6, against the reference. They need a guest of
//! their own, because they hide its modules. It boots with `ipv6.disable=1`; `scripts/test.sh`
//! starts it.

#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by a panic")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[path = "../compat/comparison.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod comparison;
#[path = "../common/reference.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod reference;
#[allow(dead_code, reason = "a part of it is enough here")]
mod testbed;

use comparison::{difference, report};
use testbed::copies::Copies;
use testbed::hidden::Hidden;
use testbed::process::{Outcome, Program, must, run_commands_of};

const COMMANDS: &str = include_str!("../compat/cases/commands.txt");
const MISUSE: &str = include_str!("../compat/cases/misuse.txt");

/// Standard input of `-R`.
const RULE: &str = "-A -t 10.0.0.9:80 -s rr\n";

const MODULES: &str = "/lib/modules";

/// Names the program that the kernel runs to load a module.
const LOADER: &str = "/proc/sys/kernel/modprobe";

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A kernel that has no IPVS and cannot load it, with both programs.
struct Absence {
    copies: Copies,
    loader: String,
    _turn: MutexGuard<'static, ()>,
}

impl Absence {
    fn new() -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // On any other machine, these tests would change settings and unload IPVS.
        let is_guest = fs::read_to_string("/proc/cpuinfo").is_ok_and(|it| it.contains("User Mode"));
        assert!(is_guest, "these tests need a guest: run scripts/test.sh");
        assert!(!Path::new("/proc/net/ip_vs").exists(), "this guest has loaded IPVS already");
        let loader = fs::read_to_string(LOADER).expect("the kernel loads modules");
        fs::write(LOADER, "/bin/false").expect("set the kernel's loader");
        let program = |path| Program { path, name: "ipvsadm" };
        let ours = program(PathBuf::from(env!("CARGO_BIN_EXE_ipvsadm")));
        let copies = Copies::new(&ours, &program(reference::path()));
        Self { copies, loader, _turn: turn }
    }

    /// Runs the command with both programs, as root or as nobody.
    fn run(&self, line: &str, file: &str, is_root: bool) -> (Outcome, Outcome) {
        let words: Vec<String> =
            line.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect();
        let run = |program: &Program| {
            let run = if is_root { Program::run } else { Program::run_as_nobody };
            run(program, &words, Some(file))
        };
        let (ours, mut theirs) = (run(&self.copies.ours), run(&self.copies.theirs));
        // Remove the messages of modprobe, which the old program starts.
        theirs.stderr = theirs
            .stderr
            .lines()
            .filter(|it| !it.starts_with("modprobe: "))
            .fold(String::new(), |text, line| text + line + "\n");
        (ours, theirs)
    }
}

impl Drop for Absence {
    fn drop(&mut self) {
        fs::write(LOADER, &self.loader).expect("set the kernel's loader");
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// First line of the old program's error message.
fn refusal(is_root: bool) -> &'static str {
    if is_root {
        "Can't initialize ipvs: Protocol not available"
    } else {
        "Can't initialize ipvs: Permission denied (you must be root)"
    }
}

fn is_refused(outcome: &Outcome, is_root: bool) -> bool {
    outcome.status == 2
        && outcome.stdout.is_empty()
        && outcome.stderr.lines().next() == Some(refusal(is_root))
}

#[test]
fn every_command_fails_like_the_old_one() {
    let absence = Absence::new();
    let _hidden = Hidden::new(MODULES);
    let files = ["", "\n", "# none\n", "-L\n", "-C\n-A -t 10.0.0.9:80\n"];
    let files = files.map(|file| ("-R", file));
    let commands = lines(COMMANDS).chain([""]).map(|line| (line, RULE));
    for (line, file) in commands.chain(files) {
        for is_root in [true, false] {
            let (ours, theirs) = absence.run(line, file, is_root);
            let same = is_refused(&theirs, is_root) && difference(&ours, &theirs).is_none();
            assert!(same, "root: {is_root}, {file:?}: {}", report("answer", line, &ours, &theirs));
        }
    }
}

#[test]
fn top_needs_ipvs() {
    let absence = Absence::new();
    let _hidden = Hidden::new(MODULES);
    for words in [&["top"][..], &["top", "--once"], &["top", "--json"]] {
        let words: Vec<String> = words.iter().map(|it| (*it).to_owned()).collect();
        let outcome = absence.copies.ours.run(&words, None);
        assert!(is_refused(&outcome, true), "{outcome:?}");
    }
}

#[test]
fn mistakes_are_reported_without_ipvs() {
    let absence = Absence::new();
    let _hidden = Hidden::new(MODULES);
    for line in lines(MISUSE) {
        for is_root in [true, false] {
            let (ours, theirs) = absence.run(line, "", is_root);
            assert!(is_refused(&theirs, is_root), "{line}: {theirs:?}");
            assert!([2, 255].contains(&ours.status) && ours.stdout.is_empty(), "{line}: {ours:?}");
            assert!(!ours.stderr.starts_with("Can't initialize"), "{line}: {ours:?}");
        }
    }
    let (ours, _) = absence.run("-R", "-A -t 10.0.0.9:80 -s rr\n-A -t bad\n", true);
    let first = ours.stderr.lines().next().unwrap_or_default();
    assert_eq!((ours.status, first), (2, "illegal virtual server address[:port] specified"));
}

#[test]
fn save_and_restore_fail_like_the_old_ones() {
    let _absence = Absence::new();
    let _hidden = Hidden::new(MODULES);
    let ours = tempfile::tempdir().expect("scratch directory");
    for name in ["ipvsadm-save", "ipvsadm-restore"] {
        symlink(env!("CARGO_BIN_EXE_ipvsadm"), ours.path().join(name)).expect("link");
    }
    let theirs = reference::path();
    let theirs = theirs.parent().expect("a folder");
    for line in ["ipvsadm-save", "ipvsadm-save -n", "ipvsadm-restore"] {
        let [ours, theirs] = [ours.path(), theirs]
            .map(|folder| run_commands_of(folder, &format!("{line} 2>&1"), Some(RULE)));
        assert_eq!((ours.status, theirs.status), (2, 2), "{line}: {ours:?} {theirs:?}");
        assert_eq!(ours.stdout.lines().next(), Some(refusal(true)), "{line}: {ours:?}");
        assert!(theirs.stdout.contains(refusal(true)), "{line}: {theirs:?}");
    }
}

#[test]
fn modprobe_loads_ipvs_if_the_kernel_does_not() {
    let absence = Absence::new();
    for program in [&absence.copies.theirs, &absence.copies.ours] {
        let outcome = program.run(&["-L".to_owned()], None);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
        assert!(outcome.stdout.starts_with("IP Virtual Server "), "{outcome:?}");
        must("/bin/sh", &["-c", "modprobe -r ip_vs"], None);
    }
}

/// The PATH of cron has no sbin, and a user's PATH may lead to somebody else's program.
#[test]
fn modprobe_is_not_looked_up_in_the_path_of_the_caller() {
    let absence = Absence::new();
    let folder = tempfile::tempdir().expect("scratch directory");
    let trap = folder.path().join("trap");
    let planted = folder.path().join("modprobe");
    fs::write(&planted, format!("#!/bin/sh\ntouch {}\n", trap.display())).expect("a program");
    fs::set_permissions(&planted, PermissionsExt::from_mode(0o755)).expect("a program");
    let ours = absence.copies.ours.path.display();
    for path in [format!("{}:/usr/sbin:/usr/bin", folder.path().display()), "/usr/bin".to_owned()] {
        let script = format!("PATH={path} exec {ours} -L");
        let listed = must("/bin/sh", &["-c", &script], None);
        assert!(listed.starts_with("IP Virtual Server "), "{path}: {listed}");
        assert!(!trap.exists(), "the modprobe of PATH was run");
        must("/bin/sh", &["-c", "modprobe -r ip_vs"], None);
    }
}

#[test]
fn modprobe_loads_ipvs_with_the_capabilities_of_the_unit() {
    const UNIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/ipvsadm.service");
    let absence = Absence::new();
    let unit = fs::read_to_string(UNIT).expect("the unit");
    let line = unit.lines().find_map(|line| line.strip_prefix("CapabilityBoundingSet="));
    let rights = line.expect("the unit's capabilities").to_lowercase();
    let rights = rights.replace("cap_", "+").replace(' ', ",");
    let confined = "setpriv --no-new-privs --inh-caps -all --bounding-set";
    let ours = absence.copies.ours.path.display();
    let run = |rights: &str| {
        let script = format!("{confined} -all,{rights} {ours} -L 2>&1; echo $?");
        must("/bin/sh", &["-c", &script], None)
    };
    assert!(rights.contains("+sys_module"), "{rights}");
    let without = run(&rights.replace("+sys_module", "+net_admin"));
    assert!(without.ends_with("\n2\n"), "the capability is not needed: {without}");
    let listed = run(&rights);
    assert!(listed.starts_with("IP Virtual Server ") && listed.ends_with("\n0\n"), "{listed}");
    must("/bin/sh", &["-c", "modprobe -r ip_vs"], None);
}

#[test]
fn ipv6_services_are_refused_without_ipv6() {
    const UNKNOWN: &str = "Operation not supported with specified address family";
    assert!(!Path::new("/proc/net/if_inet6").exists(), "the guest needs ipv6.disable=1");
    let absence = Absence::new();
    for (line, status) in [
        ("-A -t [2001:db8::1]:80 -s rr", 255),
        ("-E -t [2001:db8::1]:80 -s rr", 255),
        ("-D -t [2001:db8::1]:80", 255),
        ("-Z -t [2001:db8::1]:80", 255),
        ("-L -n -t [2001:db8::1]:80", 1),
        ("-A -f 7 -6 -s rr", 255),
        ("-a -t [2001:db8::1]:80 -r [2001:db8:1::1]:80 -m", 255),
        ("-e -t [2001:db8::1]:80 -r [2001:db8:1::1]:80 -m", 255),
        ("-d -t [2001:db8::1]:80 -r [2001:db8:1::1]:80", 255),
    ] {
        let (ours, theirs) = absence.run(line, "", true);
        let said = theirs.stderr.lines().next().unwrap_or_default();
        assert_eq!((theirs.status, said), (status, UNKNOWN), "{line}: {theirs:?}");
        assert_eq!(difference(&ours, &theirs), None, "{line}: {ours:?} {theirs:?}");
    }
    must("/bin/sh", &["-c", "modprobe -r ip_vs"], None);
}
