//! An interrupted ipvsadm-restore leaves the table as it was.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use ipvsadm::model::Table;

use crate::common::namespace;
use crate::failure::big;
use crate::program::{
    Outcome, REFUSED, file, journals, killed, live_whole, ours, restore, traced_restore,
};

/// The table before, the input, the exit status, and the least number of sends that change
/// something.
struct Case {
    old: String,
    new: String,
    status: i32,
    steps: usize,
}

fn cases() -> Vec<Case> {
    let (old, new) = big();
    let case = |old: &str, new: String, status, steps| Case { old: old.into(), new, status, steps };
    // The file contains a line that the kernel refuses, which needs no rollback.
    let refused = format!("{new}{REFUSED}");
    let daemons = (
        format!("{old}--start-daemon backup --mcast-interface lo --syncid 9\n"),
        format!(
            "{new}--set 0 122 0\n--stop-daemon backup\n--start-daemon master --mcast-interface lo\n"
        ),
    );
    vec![
        case("", new.clone(), 0, 3),
        case(&old, new.clone(), 0, 5),
        case(&old, refused, 255, 5),
        case(&daemons.0, daemons.1, 0, 6),
        case(&old, format!("-C\n{new}-Z\n"), 0, 4),
    ]
}

/// Injects a fault into each send in turn, for each case, until no send is left. `check` returns
/// whether anything had been changed. Afterwards the table must be as before.
fn at_every_send(
    fault: impl Fn(usize) -> &'static str + Copy + Send + 'static,
    check: impl Fn(usize, Outcome, &Table) -> bool + Copy + Send + 'static,
) {
    for (number, Case { old, new, status, steps }) in cases().into_iter().enumerate() {
        namespace(move || {
            restore(&old).expect(0);
            let before = live_whole();
            let mut begun = 0;
            for send in 1.. {
                let inject = format!("inject=sendto:{}:when={send}", fault(send));
                let (outcome, log) = traced_restore(&["-e", "trace=sendto", "-e", &inject], &new);
                if !["INJECTED", "killed by", "--- SIG"].iter().any(|mark| log.contains(mark)) {
                    outcome.expect(status);
                    break;
                }
                begun += usize::from(check(send, outcome, &before));
                assert_eq!(live_whole(), before, "case {number}, send {send}");
                assert_eq!(journals(), 0, "case {number}, send {send}");
            }
            assert!(begun >= steps, "case {number}: only {begun}");
            assert_ne!(live_whole(), before);
            assert_eq!(journals(), 0);
        });
    }
}

#[test]
fn restore_rolls_back_on_sigterm_or_sigint() {
    let fault = |send| ["signal=SIGTERM", "signal=SIGINT"][send % 2];
    at_every_send(fault, |send, outcome, _| {
        if [-1, 130, 143].contains(&outcome.status) {
            return false;
        }
        let name = ["interrupted by SIGTERM", "interrupted"][send % 2];
        let said = format!("{name}\nhint: rolled back: the table is as before\n");
        let refused = outcome.complaints.split(name).next().unwrap();
        assert!(outcome.complaints.ends_with(&said), "{outcome:?}");
        // A line that was refused earlier may have been reported.
        assert!(refused.is_empty() || refused.contains("hint: line "), "{outcome:?}");
        outcome.expect(3);
        true
    });
}

#[test]
fn restore_rolls_back_on_a_broken_socket() {
    at_every_send(
        |_| "error=ENOBUFS",
        |_, outcome, _| {
            assert!([1, 2, 3].contains(&outcome.status), "{outcome:?}");
            outcome.status == 3
        },
    );
}

#[test]
fn a_restore_is_recovered_after_sigkill() {
    at_every_send(
        |_| "signal=SIGKILL",
        |_, _, before| {
            if journals() == 0 {
                return false;
            }
            ours(&["apply", "--recover"]).expect(0);
            ours(&["apply", "--recover"]).expect(2);
            assert_eq!(&live_whole(), before);
            true
        },
    );
}

/// Number of sends of a complete run.
fn sends(input: &str) -> usize {
    traced_restore(&["-e", "trace=sendto"], input).1.matches("sendto(").count()
}

fn hit(fault: &str, send: usize, input: &str) -> Outcome {
    let inject = format!("inject=sendto:{fault}:when={send}");
    traced_restore(&["-e", "trace=sendto", "-e", &inject], input).0
}

#[test]
fn restore_rolls_back_without_a_journal() {
    namespace(|| {
        let (old, new) = big();
        let last = sends(&old);
        ours(&["-C"]).expect(0);
        let before = live_whole();
        fs::set_permissions("/run/ipvsadm", PermissionsExt::from_mode(0o777)).unwrap();
        let stopped = hit("signal=SIGTERM", last, &new);
        fs::set_permissions("/run/ipvsadm", PermissionsExt::from_mode(0o755)).unwrap();
        let said = "hint: /run/ipvsadm is not used: others can write it (mode 777)\n\
                    hint: without the lock, another ipvsadm may change the table at the same time, and a run that is killed half way cannot be rolled back\n\
                    interrupted by SIGTERM\nhint: rolled back: the table is as before\n";
        assert_eq!(stopped.expect(3).complaints, said);
        assert_eq!(live_whole(), before);
    });
}

#[test]
fn restore_loads_rules_on_a_full_disk() {
    namespace(|| {
        let (_, new) = big();
        let trace = ["-e", "trace=fsync", "-e", "inject=fsync:error=ENOSPC"];
        let (outcome, _) = traced_restore(&trace, &new);
        let complaints = outcome.expect(0).complaints;
        assert!(
            complaints.ends_with("a run that is killed half way cannot be rolled back\n"),
            "{complaints}"
        );
        let (_file, path) = file(&new);
        ours(&["diff", &path]).expect(0);
        assert_eq!(journals(), 0);
    });
}

#[test]
fn restore_after_a_killed_apply_keeps_its_journal() {
    namespace(|| {
        let (old, new) = big();
        restore(&old).expect(0);
        let before = live_whole();
        let last = sends(&old);
        let (_file, path) = file("-A -t 192.0.2.0:80 -s rr\n");
        killed(&path);
        let between = live_whole();
        assert_ne!(before, between);
        // The first send after those that read.
        let stopped = hit("signal=SIGTERM", last + 1, &new).expect(3);
        assert!(stopped.complaints.ends_with("ipvsadm apply --recover\n"), "{stopped:?}");
        assert_eq!(live_whole(), between);
        assert_eq!(journals(), 1);
        hit("signal=SIGKILL", last + 1, &new);
        assert_ne!(live_whole(), between);
        ours(&["apply", "--recover"]).expect(0);
        assert_eq!(live_whole(), before);
        assert_eq!(journals(), 0);
    });
}

#[test]
fn restore_runs_after_a_killed_restore() {
    namespace(|| {
        let (old, new) = big();
        // A journal can be dropped only if it touches services alone.
        let [old, new] = [old, new].map(|text| text.split("--set").next().unwrap().to_owned());
        restore(&old).expect(0);
        let reading = sends(&old);
        hit("signal=SIGKILL", reading + 2, &new);
        assert_eq!(journals(), 1);
        assert_eq!(restore(&new).expect(0).complaints, "");
        assert_eq!(journals(), 0);
    });
}

#[test]
fn restore_reports_a_journal_that_it_cannot_read() {
    namespace(|| {
        let (old, _) = big();
        let inode = fs::metadata("/proc/thread-self/ns/net").unwrap().ino();
        let path = format!("/run/ipvsadm/apply-netns-{inode}.json");
        fs::create_dir_all("/run/ipvsadm").unwrap();
        fs::write(&path, "damaged").unwrap();
        let complaints = restore(&old).expect(0).complaints;
        assert!(complaints.contains(&path), "{complaints}");
        let hint = "hint: without a journal, a run that is killed half way cannot be rolled back\n";
        assert_eq!(complaints.matches(hint).count(), 1, "{complaints}");
        assert!(!complaints.contains("--recover"), "{complaints}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "damaged");
        fs::remove_file(&path).unwrap();
    });
}
