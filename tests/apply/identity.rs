//! Callers without access to process 1 use the same lock and journal as other callers.

use crate::program::{OURS, Outcome, file, finish, start};

const OLD: &str = "-A -t 192.0.2.80:80 -s rr\n";
const NEW: &str = "-A -t 192.0.2.80:80 -s wlc\n";
const OTHER: &str = "-A -t 192.0.2.81:80 -s rr\n";

/// Shell functions and variables for [`machine`].
const PRELUDE: &str = "
    mount -t tmpfs run /run
    ip link set lo up
    low='setpriv --inh-caps -all --bounding-set -all,+net_admin'
    # Neither root without CAP_SYS_PTRACE nor another user sees process 1 then.
    hide() { mount -t proc -o hidepid=ptraceable proc /proc; }
    apply_and_wait() {
        \"$@\" apply --confirm 3600 $new >/dev/null 2>/run/said &
        waiting=$!
        until grep -qs ^applied /run/said || ! kill -0 $waiting; do sleep 0.05; done
    }
    # A killed program holds its lock until it has ended.
    kill_it() { kill -KILL $waiting; wait $waiting || true; }
    say_status() { \"$@\"; echo $?; }
    $ours apply $old >/dev/null 2>&1
";

/// Runs a script as process 1 of a new network namespace with its own /proc and /run.
fn machine(script: &str) -> Outcome {
    let ((_old, old), (_new, new), (_other, other)) = (file(OLD), file(NEW), file(OTHER));
    let script = format!("ours={OURS} old={old} new={new} other={other}\n{PRELUDE}\n{script}");
    let alone = ["--mount", "--pid", "--fork", "--mount-proc", "--net", "bash", "-c", &script];
    finish(start("unshare", "unshare", &alone), "")
}

const BUSY: &str = "another ipvsadm is changing this table";

#[track_caller]
fn assert_busy(outcome: &Outcome, out: &str) {
    assert_eq!(outcome.out, out, "{outcome:?}");
    assert!(outcome.complaints.starts_with(BUSY), "{outcome:?}");
}

#[test]
fn the_lock_is_the_same_without_sys_ptrace() {
    let outcome = machine(
        "apply_and_wait $ours
        say_status $low $ours apply $other
        say_status $low $ours apply --accept
        say_status wait $waiting
        new=$other apply_and_wait $low $ours
        say_status $ours apply $old
        say_status $ours apply --accept
        $ours -S -n",
    );
    let out = "2\naccepted\n0\n0\n2\naccepted\n0\n-A -t 192.0.2.81:80 -s rr\n";
    assert_busy(&outcome, out);
    assert_eq!(outcome.complaints.matches(BUSY).count(), 2, "{outcome:?}");
}

#[test]
fn the_lock_is_the_same_without_sys_ptrace_in_another_namespace() {
    let outcome = machine(
        "ip netns add x
        ip -n x link set lo up
        apply_and_wait ip netns exec x $ours
        say_status ip netns exec x $low $ours apply $other
        say_status ip netns exec x $low $ours apply --accept
        say_status wait $waiting
        $ours --netns x -S -n
        echo the first:
        $ours -S -n",
    );
    let out =
        "2\naccepted\n0\n0\n-A -t 192.0.2.80:80 -s wlc\nthe first:\n-A -t 192.0.2.80:80 -s rr\n";
    assert_busy(&outcome, out);
}

#[test]
fn proposed_commands_name_the_namespace_of_netns() {
    let outcome = machine(
        "ip netns add x
        ip -n x link set lo up
        apply_and_wait $ours --netns x
        $(sed -n \"s,.*run .ipvsadm \\([^']*\\)'.*,$ours \\1,p\" /run/said)
        say_status wait $waiting",
    );
    assert_eq!(outcome.out, "accepted\n0\n", "{outcome:?}");
}

#[test]
fn the_journal_is_found_without_sys_ptrace() {
    let outcome = machine(
        "apply_and_wait $ours
        kill_it
        say_status $low $ours apply --recover
        $ours -S -n",
    );
    assert!(outcome.out.ends_with("\n0\n-A -t 192.0.2.80:80 -s rr\n"), "{outcome:?}");
}

/// The lock file contains the identity of its namespace.
#[test]
fn a_namespace_is_recognised_by_its_lock_file_where_process_1_is_hidden() {
    let outcome = machine(
        "ip netns add x
        ip -n x link set lo up
        apply_and_wait $ours
        hide
        say_status $low $ours apply $other
        say_status ip netns exec x $low $ours apply $other
        say_status $ours apply --netns x $new
        kill_it
        say_status $low $ours apply --recover
        $ours -S -n
        $ours --netns x -S -n",
    );
    let made = |end: &str| assert!(outcome.out.ends_with(end), "{outcome:?}");
    made("0\n-A -t 192.0.2.80:80 -s rr\n-A -t 192.0.2.80:80 -s wlc\n");
    assert!(outcome.out.starts_with("2\n1 change made: 1 added"), "{outcome:?}");
    assert!(outcome.complaints.contains(BUSY), "{outcome:?}");
}

#[test]
fn apply_refuses_an_unknown_namespace() {
    let outcome = machine(
        "rm -r /run/ipvsadm
        hide
        say_status $low $ours apply $other
        say_status $low $ours apply --recover
        say_status $low $ours apply --accept
        say_status $low $ours set -t 192.0.2.80:80 scheduler=lc
        say_status $low $ours drain --detach -t 192.0.2.80:80 -r 198.51.100.1:80
        say_status $low $ours undrain -t 192.0.2.80:80 -r 198.51.100.1:80
        $ours -S -n
        say_status $low $ours apply --dry-run $other | tail -1
        echo '-A -t 192.0.2.82:80 -s rr' | $low $ours -R
        ls -d /run/ipvsadm*",
    );
    let out = "2\n2\n2\n2\n2\n2\n-A -t 192.0.2.80:80 -s rr\n1\n";
    assert_eq!(outcome.out, out, "{outcome:?}");
    let why = "cannot tell which network namespace this is: /proc does not show process 1\n";
    assert_eq!(outcome.complaints.matches(why).count(), 6, "{outcome:?}");
    assert_eq!(outcome.complaints.matches("hint: nothing was changed\n").count(), 6, "{outcome:?}");
}

/// A host that boots needs its rules, with or without a lock.
#[test]
fn restore_continues_without_a_lock() {
    let outcome = machine(
        "rm -r /run/ipvsadm
        hide
        ln -s $ours /run/ipvsadm-restore
        say_status $low /run/ipvsadm-restore <$other
        $ours -S -n",
    );
    assert_eq!(outcome.out, "0\n-A -t 192.0.2.81:80 -s rr\n", "{outcome:?}");
    let hints = "hint: cannot tell which network namespace this is: /proc does not show process 1\n\
                 hint: without the lock, another ipvsadm may change the table at the same time, \
                 and a run that is killed half way cannot be rolled back\n";
    assert_eq!(outcome.complaints, hints, "{outcome:?}");
}
