//! Drains of the host's own network namespace survive a reboot.

use std::path::Path;

use crate::program::{OURS, Outcome, finish, start};

const RULES: &str = "-A -t 192.0.2.80:80 -s mh -p 600\n\
    -a -t 192.0.2.80:80 -r 10.0.0.11:8080 -m -w 3\n\
    -a -t 192.0.2.80:80 -r 10.0.0.12:8080 -m -w 1\n";

/// Runs a script as process 1 of a machine that has just started: with an empty table, an empty /run
/// and a boot identity of its own. Only /var/lib is that of earlier boots.
fn boot(lib: &Path, identity: &str, script: &str) -> Outcome {
    let script = format!(
        "set -e
        ours={OURS}
        one='-t 192.0.2.80:80 -r 10.0.0.11:8080'
        say_status() {{ \"$@\" && echo 0 || echo $?; }}
        mount -t tmpfs -o mode=755 run /run
        mount --bind {} /var/lib
        echo {identity} >/run/identity
        mount --bind /run/identity /proc/sys/kernel/random/boot_id
        ip link set lo up
        {script}",
        lib.display()
    );
    let alone = ["--mount", "--pid", "--fork", "--mount-proc", "--net", "bash", "-c", &script];
    finish(start("unshare", "unshare", &alone), "")
}

/// A folder for /var/lib, with rules for a machine.
fn lib() -> tempfile::TempDir {
    let lib = tempfile::tempdir().unwrap();
    std::fs::write(lib.path().join("rules"), RULES).unwrap();
    lib
}

/// The /var/lib of a machine whose real server is drained. Its table then is saved there.
fn drained() -> tempfile::TempDir {
    let lib = lib();
    let outcome = boot(
        lib.path(),
        "first",
        "$ours -R </var/lib/rules
        $ours drain $one --detach --persistent expire --reason reboot
        $ours -S -n >/var/lib/saved",
    );
    assert!(outcome.out.ends_with(": weight 3 -> 0\n"), "{outcome:?}");
    lib
}

#[test]
fn undrain_after_a_reboot_gives_the_recorded_weight_and_flags_back() {
    let lib = drained();
    let outcome = boot(
        lib.path(),
        "second",
        "say_status $ours drain --list
        $ours -R </var/lib/saved
        say_status $ours drain --list
        say_status $ours drain $one --detach
        say_status $ours undrain $one
        sysctl -n net.ipv4.vs.expire_quiescent_template
        $ours -S -n
        say_status $ours drain --list",
    );
    let lines: Vec<&str> = outcome.out.lines().collect();
    // Before the rules are loaded, the record waits for its real server.
    assert!(lines[0].ends_with("the service does not exist any more"), "{outcome:#?}");
    let [.., since, status] = lines[..6] else { panic!("{outcome:#?}") };
    assert_eq!((status, since.contains(", weight 3 before: reboot")), ("0", true), "{outcome:#?}");
    let rest = lines[6..].join("\n") + "\n";
    let expected = format!(
        "already draining -t 192.0.2.80:80 -r 10.0.0.11:8080: weight 0\n0\n\
         undrained -t 192.0.2.80:80 -r 10.0.0.11:8080: weight 0 -> 3\n0\n0\n\
         {RULES}no real server is drained\n0\n"
    );
    assert_eq!(rest, expected, "{outcome:#?}");
    // After the reboot, expire_quiescent_template has its default again, so a new drain suggests
    // --persistent expire.
    assert!(outcome.complaints.contains("--persistent expire moves them\n"), "{outcome:#?}");
    assert!(outcome.complaints.contains("the scheduler flags are as before the drain\n"));
}

#[test]
fn rules_from_before_the_drain_end_it_at_the_next_boot() {
    let lib = drained();
    let outcome = boot(
        lib.path(),
        "second",
        "$ours -R </var/lib/rules
        say_status $ours drain --list
        say_status $ours undrain $one
        $ours -S -n
        say_status $ours drain --list",
    );
    assert!(outcome.out.contains("another program has set the weight to 3"), "{outcome:#?}");
    let end = format!("1\n{RULES}no real server is drained\n0\n");
    assert!(outcome.out.ends_with(&end), "{outcome:#?}");
    assert!(outcome.complaints.contains("weight 3: the weight is not changed\n"), "{outcome:#?}");
}

/// The number of another namespace may be a new one's after a reboot.
#[test]
fn drains_of_other_namespaces_end_with_the_boot() {
    let lib = lib();
    let begin = "ip netns add x
        ip -n x link set lo up
        $ours -R --netns x </var/lib/rules";
    let first = format!("{begin}\n$ours drain $one --detach --netns x");
    boot(lib.path(), "first", &first).expect(0);
    let second = format!("{begin}\nsay_status $ours drain --list --netns x");
    let outcome = boot(lib.path(), "second", &second).expect(0);
    assert_eq!(outcome.out, "no real server is drained\n0\n", "{outcome:?}");
}
