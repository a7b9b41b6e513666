//! Lock, confirmation, empty input, scope, kept weights, and concurrent writers.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::namespace;
use crate::program::{
    LONG, NEW, OLD, OURS, file, journals, killed, lines, live, ours, ours_with, reference, restore,
    start, traced, waiting,
};

fn status(mut child: Child) -> Option<i32> {
    child.wait().unwrap().code()
}

#[test]
fn an_unconfirmed_apply_is_rolled_back_and_an_accepted_one_stays() {
    namespace(|| {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        ours(&["apply", &old]).expect(0);
        let before = live();
        // On a busy machine, a short time may be over before the table is read.
        let rolled_back = |seconds: &&str| {
            let (child, mut complaints) = waiting(seconds, &new);
            let meanwhile = live();
            assert_eq!(status(child), Some(3));
            let mut rest = String::new();
            complaints.read_to_string(&mut rest).unwrap();
            assert!(rest.starts_with("not confirmed in time\nhint: rolled back"), "{rest}");
            assert_eq!(live(), before);
            meanwhile != before
        };
        assert!(["1", "10", "100"].iter().any(rolled_back), "the table never changed");

        let (child, _complaints) = waiting(LONG, &new);
        // A waiting apply holds the lock.
        let busy = ours(&["apply", &old]).expect(2);
        assert!(busy.complaints.starts_with("another ipvsadm is changing this table"), "{busy:?}");
        assert_eq!(ours(&["set", "-t", "192.0.2.80:80", "scheduler=rr"]).status, 2);
        assert_eq!(ours(&["apply", "--accept"]).expect(0).out, "accepted\n");
        assert_eq!(status(child), Some(0));
        assert_ne!(live(), before);
        ours(&["apply", "--accept"]).expect(2);
        assert_eq!(ours(&["diff", &new]).status, 0);
    });
}

#[test]
fn a_lost_terminal_is_no_confirmation() {
    namespace(|| {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        ours(&["apply", &old]).expect(0);
        let before = live();
        let signals = "HUP INT TERM QUIT ALRM USR1 USR2 VTALRM PROF IO PWR STKFLT XCPU XFSZ TRAP \
                       ABRT SYS SEGV BUS ILL FPE 34 50 64";
        for signal in signals.split(' ') {
            let (child, mut complaints) = waiting(LONG, &new);
            crate::common::run("kill", &[&format!("-{signal}"), &child.id().to_string()]);
            assert_eq!(status(child), Some(3), "{signal}");
            assert_eq!(live(), before, "{signal}");
            let mut said = String::new();
            complaints.read_to_string(&mut said).unwrap();
            let name = match signal {
                "INT" => String::new(),
                "34" | "50" | "64" => " by a real-time signal".to_owned(),
                signal => format!(" by SIG{signal}"),
            };
            let end = format!("interrupted{name}\nhint: rolled back: the table is as before\n");
            assert!(said.ends_with(&end), "{signal}: {said}");
        }
        let (child, _complaints) = waiting(LONG, &new);
        crate::common::run("kill", &["-KILL", &child.id().to_string()]);
        assert_eq!(status(child), None);
        ours(&["apply", "--accept"]).expect(2);
        ours(&["apply", "--recover"]).expect(0);
        assert_eq!(live(), before);
    });
}

#[test]
fn wait_gets_the_lock() {
    namespace(|| {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        ours(&["apply", &old]).expect(0);
        let (child, _complaints) = waiting("1", &new);
        ours(&["apply", "--wait", LONG, &new]).expect(0);
        assert_eq!(status(child), Some(3));
        assert_eq!(ours(&["diff", &new]).status, 0);
    });
}

#[test]
fn an_empty_file_needs_allow_empty() {
    namespace(|| {
        let (_old, old) = file(OLD);
        ours(&["apply", &old]).expect(0);
        for empty in ["", "# nothing\n", "-C\n", "{\"schema\":1}"] {
            let refused = ours_with(empty, &["apply", "-"]).expect(2);
            assert!(refused.complaints.contains("--allow-empty"), "{refused:?}");
            assert_eq!(ours(&["diff", &old]).status, 0);
        }
        ours_with("", &["apply", "--allow-empty", "-"]).expect(0);
        assert!(live().pools.is_empty());
        // Empty input and an empty table are equal.
        ours_with("", &["apply", "-"]).expect(0);
    });
}

#[test]
fn mistakes_change_nothing_and_name_their_line() {
    namespace(|| {
        let (_old, old) = file(OLD);
        ours(&["apply", &old]).expect(0);
        let before = live();
        let a = "-A -t 192.0.2.81:80 -s rr\n";
        for (text, part) in [
            (format!("{a}{a}"), "input:2: Service already exists\nhint: -t 192.0.2.81:80"),
            (format!("{a}-a -t 192.0.2.82:80 -r 198.51.100.1:80 -g -w 1\n"), "standard input:2: "),
            (format!("{a}-L -n\n"), "input:2: the line does not describe a table"),
            (format!("{a}-Z\n"), "input:2: the line does not describe a table"),
            (format!("{a}-a -t 192.0.2.81:80 -r 198.51.100.1:80 -w x\n"), "standard input:2: "),
            (
                format!("{a}-a -t 192.0.2.81:80 -r 198.51.100.1:80 -x 1 -y 2\n"),
                "standard input:2: ",
            ),
            (format!("{a}-a -t 192.0.2.81:80 -r 224.0.0.1:80\n"), "standard input:2: "),
            ("{\"schema\":2}".to_owned(), "schema 2"),
            ("{\"schema\":1,\"services\":[{\"port\":80}]}".to_owned(), "services[0]"),
            ("{\"schema\":1,\"servces\":[]}".to_owned(), "servces"),
            ("{".to_owned(), "standard input:1: the JSON is not a table: "),
        ] {
            for verb in ["apply", "diff"] {
                let outcome = ours_with(&text, &[verb, "-"]).expect(2);
                assert!(outcome.complaints.contains(part), "{outcome:?}");
                let said = outcome.complaints.ends_with("hint: nothing was changed\n");
                assert_eq!(said, verb == "apply", "diff never changes anything: {outcome:?}");
                assert_eq!(live(), before);
            }
        }
        ours(&["apply", "/nonexistent"]).expect(2);
        ours(&["diff", "/nonexistent"]).expect(2);
    });
}

#[test]
fn services_outside_the_scope_are_left_alone() {
    namespace(|| {
        reference("", &["-A", "-t", "192.0.2.80:80", "-s", "rr"]).expect(0);
        reference("", &["-A", "-f", "7", "-s", "rr"]).expect(0);
        reference("", &["-A", "-u", "203.0.113.1:53", "-s", "rr"]).expect(0);
        let (_new, new) = file("-A -t 192.0.2.81:80 -s rr\n-A -t 203.0.113.9:80 -s rr\n");
        let outcome = ours(&["apply", "--scope", "192.0.2.0/24", &new]).expect(0);
        assert!(outcome.complaints.contains("1 service of the file is outside"), "{outcome:?}");
        let again = ours(&["apply", "--scope", "192.0.2.0/24", &new]).expect(0).out;
        assert_eq!(again, "nothing to change: the table matches the file within the scope\n");
        let saved = reference("", &["-S", "-n"]).out;
        let expected = "-A -f 7 -s rr\n-A -u 203.0.113.1:53 -s rr\n-A -t 192.0.2.81:80 -s rr\n";
        let sorted = |text: &str| {
            let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
            rows.sort();
            rows
        };
        assert_eq!(sorted(&saved), sorted(expected));
        // The scope contains services of the table, but none of the file.
        let refused = ours(&["apply", "--scope", "fwmark", "--scope", "udp", &new]).expect(2);
        assert!(refused.complaints.contains("--allow-empty"));
        ours(&["apply", "--scope", "no/such", &new]).expect(2);
        let (_rest, rest) = file("-A -t 192.0.2.82:80 -s rr\n--set 900 120 300\n");
        let outcome = ours(&["apply", "--scope", "192.0.2.0/24", &rest]).expect(0);
        assert!(outcome.complaints.contains("time-outs and sync daemons of the file are outside"));
    });
}

#[test]
fn keep_weights_keeps_weights() {
    namespace(|| {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        ours(&["apply", &old]).expect(0);
        ours(&["apply", "--keep-weights", &new]).expect(0);
        let table = live();
        assert_eq!(table.pools[0].service.scheduler.as_str(), "wlc");
        assert_eq!(table.pools[0].destinations[0].weight, 5);
        assert_eq!(ours(&["diff", "--keep-weights", &new]).status, 0);
        assert_eq!(ours(&["diff", &new]).status, 1);
    });
}

#[test]
fn another_writer_is_reported() {
    namespace(|| {
        let (_old, old) = file(OLD);
        ours(&["apply", &old]).expect(0);
        let (_new, new) = file(NEW);
        let complaints = disturbed(&new, || {
            reference("", &["-A", "-u", "203.0.113.1:53", "-s", "rr"]).expect(0);
        });
        assert!(complaints.contains("hint: + -A -u 203.0.113.1:53 -s rr"), "{complaints}");
    });
}

/// Applies a file while another program writes after the first change. Returns the messages.
fn disturbed(new: &str, write: impl FnOnce()) -> String {
    // A first apply loads the schedulers, so that the next one does not ask for them.
    let before = lines(&live());
    ours(&["apply", new]).expect(0);
    restore(&before).expect(0);
    // Delay the first change, which is the first send after those of a dry run.
    let (_, log) = traced(&["-e", "trace=sendto"], &["apply", "--dry-run", new]);
    let first = log.matches("sendto(").count() + 1;
    let before = live();
    let mut child = held_up("sendto", first, new);
    while live() == before {
        thread::sleep(Duration::from_millis(10));
    }
    write();
    let status = let_go(&mut child);
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert_eq!(status, Some(4), "{complaints}");
    complaints
}

/// In a large table, only the list of services and the changed services are read back.
#[test]
fn another_writer_is_reported_in_a_large_table_too() {
    namespace(|| {
        let rest: String = (0..1100)
            .map(|n| {
                let vip = format!("10.0.{}.{}:80", n / 200, n % 200);
                format!("-A -t {vip} -s rr\n-a -t {vip} -r 172.16.0.1:80 -g -w 1\n")
            })
            .collect();
        let ((_old, old), (_new, new)) =
            (file(&format!("{OLD}{rest}")), file(&format!("{NEW}{rest}")));
        ours(&["apply", &old]).expect(0);
        let server = "-t 192.0.2.80:80 -r 198.51.100.1:80 -g -w 9";
        let complaints = disturbed(&new, || {
            let words: Vec<&str> = server.split(' ').collect();
            reference("", &[&["-e"], &words[..]].concat()).expect(0);
            reference("", &["-E", "-t", "10.0.0.1:80", "-s", "wlc"]).expect(0);
        });
        let hints = [
            "hint: ~ -A -t 10.0.0.1:80 -s wlc  # scheduler rr -> wlc\n".to_owned(),
            format!("hint: ~ -a {server}  # weight 7 -> 9\n"),
        ];
        for hint in hints {
            assert!(complaints.contains(&hint), "{complaints}");
        }
    });
}

#[test]
fn a_deletion_by_another_writer_is_no_error() {
    namespace(|| {
        let more = "-a -t 192.0.2.80:80 -r 198.51.100.2:80 -g -w 5\n";
        let ((_old, old), (_new, new)) = (file(&format!("{OLD}{more}")), file(OLD));
        ours(&["apply", &old]).expect(0);
        let status = overtaken(&new, || {
            reference("", &["-d", "-t", "192.0.2.80:80", "-r", "198.51.100.2:80"]).expect(0);
        });
        assert_eq!(status, Some(0));
        assert_eq!(lines(&live()), OLD);
    });
}

/// The kernel refuses our service, but then accepts our real server.
#[test]
fn rollback_keeps_a_service_that_another_writer_added_first() {
    namespace(|| {
        let (_old, old) = file(OLD);
        let status = overtaken(&old, || {
            reference("", &["-A", "-t", "192.0.2.80:80", "-s", "lc"]).expect(0);
            reference("", &["-a", "-t", "192.0.2.80:80", "-r", "198.51.100.9:80"]).expect(0);
        });
        assert_eq!(status, Some(3));
        let theirs = "-A -t 192.0.2.80:80 -s lc\n-a -t 192.0.2.80:80 -r 198.51.100.9:80 -g -w 1\n";
        assert_eq!(lines(&live()), theirs);
        assert_eq!(journals(), 0);
    });
}

/// Starts an apply of this file, lets `writer` run before its first change, and returns the exit
/// status.
fn overtaken(path: &str, writer: impl FnOnce()) -> Option<i32> {
    // The journal is durable after two fsyncs: of the file and of its folder.
    let mut child = held_up("fsync", 2, path);
    while journals() == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    writer();
    let_go(&mut child)
}

/// Starts an apply that stops itself after this system call.
fn held_up(call: &str, number: usize, path: &str) -> Child {
    let (trace, stop) =
        (format!("trace={call}"), format!("inject={call}:signal=SIGSTOP:when={number}"));
    // With -D the child is the program; otherwise it would be strace.
    let words = ["-D", "-o", "/dev/null", "-e", &trace, "-e", &stop, OURS, "apply", path];
    start("strace", "strace", &words)
}

/// Waits until the program has stopped, continues it, and waits for its end.
fn let_go(child: &mut Child) -> Option<i32> {
    let pid = Pid::from_raw(child.id().cast_signed());
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        kill(pid, Signal::SIGCONT).unwrap();
        thread::sleep(Duration::from_millis(10));
    }
}

/// Path of this namespace's journal, whose name contains the inode number.
fn journal() -> String {
    let number = fs::metadata("/proc/thread-self/ns/net").unwrap().ino();
    format!("/run/ipvsadm/apply-netns-{number}.json")
}

/// The kernel reuses inode numbers of namespaces, but not predictably: other files in /proc take
/// numbers too. So the test renames the journal to the new namespace's number.
#[test]
fn the_journal_of_a_dead_namespace_is_ignored() {
    let (tell, told) = channel();
    namespace(move || {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        ours(&["apply", &old]).expect(0);
        let (mut child, _complaints) = waiting(LONG, &new);
        child.kill().unwrap();
        child.wait().unwrap();
        ours(&["apply", &old]).expect(2);
        tell.send(journal()).unwrap();
    });
    let gone = told.recv().unwrap();
    namespace(move || {
        // The new namespace has services of the same addresses, as similar routers do.
        reference("", &["-A", "-t", "192.0.2.80:80", "-s", "rr"]).expect(0);
        let before = live();
        fs::rename(&gone, journal()).unwrap();
        ours(&["apply", "--recover"]).expect(2);
        assert_eq!(live(), before);
        let (_old, old) = file(OLD);
        ours(&["apply", &old]).expect(0);
    });
}

#[test]
fn recover_adds_deleted_services_again() {
    namespace(|| {
        let (_old, old) = file(&format!("-A -u 192.0.2.80:53 -s rr\n{OLD}"));
        let (_new, new) = file("-A -u 192.0.2.80:53 -s rr\n");
        ours(&["apply", &old]).expect(0);
        let before = live();
        let (mut child, _complaints) = waiting(LONG, &new);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_ne!(live(), before);
        ours(&["apply", &new]).expect(2);
        ours(&["apply", "--recover"]).expect(0);
        assert_eq!(live(), before);
    });
}

#[test]
fn two_namespaces_do_not_share_a_lock() {
    namespace(|| {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        let (child, _complaints) = waiting(LONG, &new);
        let elsewhere = thread::spawn(move || {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            crate::common::run("ip", &["link", "set", "lo", "up"]);
            ours(&["apply", &old]).expect(0);
            ours(&["apply", "--accept"]).expect(2);
            assert_eq!(lines(&live()), OLD);
        });
        elsewhere.join().unwrap();
        let accepted = ours(&["apply", "--accept", "--json"]).expect(0).out;
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&accepted).unwrap(),
            serde_json::json!({ "schema": 1, "result": "accepted", "changed": false, "changes": [] })
        );
        assert_eq!(status(child), Some(0));
        assert_eq!(lines(&live()), NEW);
    });
}

#[test]
fn accept_and_recover_refuse_options_of_a_new_apply() {
    namespace(|| {
        for what in ["--accept", "--recover"] {
            for how in
                ["--dry-run", "--keep-weights", "--allow-empty", "--scope=tcp", "--confirm=9"]
            {
                let outcome = ours(&["apply", what, how]).expect(2);
                assert!(outcome.complaints.contains("cannot be used with"), "{outcome:?}");
            }
        }
    });
}

#[test]
fn a_closed_pipe_changes_no_exit_status() {
    namespace(|| {
        let (_new, new) = file("-A -t 192.0.2.81:80 -s rr\n");
        for (verb, status) in [("diff", 1), ("apply --dry-run", 1)] {
            let script = format!("set -o pipefail; {OURS} {verb} {new} | true");
            let ended = Command::new("bash").args(["-c", &script]).status().unwrap();
            assert_eq!(ended.code(), Some(status), "{verb}");
        }
    });
}

#[test]
fn other_users_can_neither_lock_nor_write_state_files() {
    namespace(|| {
        let (_new, new) = file("-A -t 192.0.2.81:80 -s rr\n");
        ours(&["apply", &new]).expect(0);
        let folder = fs::metadata("/run/ipvsadm").unwrap();
        assert_eq!(folder.mode() & 0o777, 0o755);
        for entry in fs::read_dir("/run/ipvsadm").unwrap() {
            let entry = entry.unwrap();
            if entry.path().extension().is_some_and(|ending| ending == "lock") {
                assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{entry:?}");
            }
        }
        fs::set_permissions("/run/ipvsadm", PermissionsExt::from_mode(0o777)).unwrap();
        let refused = ours(&["apply", "--allow-empty", "/dev/null"]).expect(2);
        fs::set_permissions("/run/ipvsadm", PermissionsExt::from_mode(0o755)).unwrap();
        assert!(refused.complaints.contains("others can write it (mode 777)"), "{refused:?}");
        assert_eq!(live().pools.len(), 1);
    });
}

/// For a missing file on a read-only file system, the kernel reports the read-only file system.
#[test]
fn apply_works_with_a_read_only_state_folder() {
    namespace(|| {
        let (_new, new) = file(NEW);
        fs::create_dir_all("/var/lib/ipvsadm").unwrap();
        let read_only = "mount -t tmpfs -o ro,mode=755 none /var/lib/ipvsadm";
        let script = format!("{read_only} && exec {OURS} apply {new}");
        let made = Command::new("unshare").args(["--mount", "sh", "-c", &script]).output().unwrap();
        assert_eq!(made.status.code(), Some(0), "{made:?}");
        assert_eq!(lines(&live()), NEW);
        assert_eq!(journals(), 0);
    });
}

#[test]
fn unprivileged_callers_are_refused() {
    namespace(|| {
        let (kept, new) = file(NEW);
        fs::set_permissions(kept.path(), PermissionsExt::from_mode(0o644)).unwrap();
        ours(&["apply", &new]).expect(0);
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let copy = folder.path().join("ipvsadm");
        fs::copy(OURS, &copy).unwrap();
        for words in [&["apply", &new][..], &["apply", "--recover"], &["apply", "--accept"]] {
            let nobody = Command::new(&copy).args(words).uid(65534).gid(65534).output().unwrap();
            let complaints = String::from_utf8(nobody.stderr).unwrap();
            assert_eq!(nobody.status.code(), Some(2), "{complaints}");
            assert!(complaints.contains("you must be root"), "{words:?}: {complaints}");
        }
    });
}

/// A question that a killed apply left must not confirm a later apply.
#[test]
fn the_question_of_a_killed_apply_confirms_no_later_one() {
    namespace(|| {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        killed(&new);
        restore(OLD).expect(0);
        // This apply holds the lock, but has not asked its question yet.
        let status = overtaken(&new, || {
            ours(&["apply", "--accept"]).expect(2);
        });
        assert_eq!(status, Some(0));
        ours(&["apply", &old]).expect(0);
    });
}
