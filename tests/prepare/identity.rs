//! State files are found with any privileges of the caller, and used only if no other user could
//! have written them.

use std::process::{Command, Output};

use crate::support::text;

/// Runs a script as process 1 of a new network namespace with its own /proc, /run and /var/lib. The
/// output shows whether the virtual address exists.
fn machine(script: &str) -> Output {
    let script = format!(
        "mount -t tmpfs run /run
        # Every user can reach it here.
        cp {} /run/program
        ours=/run/program
        mount -t tmpfs -o mode=755 lib /var/lib
        low='setpriv --inh-caps -all --bounding-set -all,+net_admin'
        nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
        hide() {{ mount -t proc -o hidepid=ptraceable proc /proc; }}
        say_status() {{ \"$@\"; echo $?; }}
        prepared() {{ ip address show dev lo | grep -c 192.0.2.80; }}
        ip link set lo up
        ip link add v0 type dummy
        ip link set v0 up
        $ours rs prepare --mode dr --vip 192.0.2.80 >/dev/null
        {script}",
        env!("CARGO_BIN_EXE_ipvsadm")
    );
    let alone = ["--mount", "--pid", "--fork", "--mount-proc", "--net", "bash", "-c", &script];
    Command::new("unshare").args(alone).output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn undo_finds_the_state_without_sys_ptrace() {
    let output = machine("prepared; $low $ours rs undo; prepared; $ours rs undo");
    let out = printed(&output);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.first(), Some(&"1"), "{}", text(&output));
    assert!(out.contains("undone   "), "{}", text(&output));
    assert_eq!(lines[lines.len() - 2], "0", "{}", text(&output));
    assert_eq!(lines[lines.len() - 1], "note     nothing to undo", "{}", text(&output));
}

#[test]
fn status_and_undo_find_the_state_where_process_1_is_hidden() {
    let output = machine(
        "hide
        $nobody $ours rs undo --dry-run >/dev/null
        $nobody $ours rs status | grep -c 192.0.2.80
        $low $ours rs undo >/dev/null
        prepared",
    );
    let out = printed(&output);
    let found: Vec<u32> = out.lines().map(|it| it.parse().unwrap()).collect();
    assert!(found[0] > 1 && found[1] == 0, "{}", text(&output));
}

/// A dry run needs no root. Only in containers are parameters read-only.
#[test]
fn a_dry_run_needs_no_root() {
    let output = machine(
        "$ours rs undo >/dev/null
        spec='rs prepare --mode dr --vip 192.0.2.80 --dry-run'
        $ours $spec >/run/as-root
        $nobody $ours $spec >/run/as-user
        echo $?
        cmp /run/as-root /run/as-user
        mount -o bind,ro /proc/sys /proc/sys
        $nobody $ours $spec
        echo $?",
    );
    assert_eq!(printed(&output), "0\n1\n", "{}", text(&output));
    let why = "the kernel parameters below /proc/sys/net are read-only here\n";
    assert_eq!(text(&output).matches(why).count(), 1, "{}", text(&output));
}

#[test]
fn undo_refuses_an_unknown_namespace() {
    // The state file is from an earlier boot, so it does not identify the namespace.
    let output = machine(
        "rm /run/ipvsadm/*.lock
        sed -i 's/\"boot\": \".*\"/\"boot\": \"another\"/' /run/ipvsadm/rs.json
        hide
        for what in undo status 'undo --dry-run' 'prepare --mode dr --vip 192.0.2.80'; do
            say_status $low $ours rs $what
        done
        prepared",
    );
    assert_eq!(printed(&output), "1\n1\n1\n1\n1\n", "{}", text(&output));
    let why = "cannot tell which network namespace this is: /proc does not show process 1\n";
    assert_eq!(text(&output).matches(why).count(), 4, "{}", text(&output));
}

#[test]
fn director_refuses_an_unknown_namespace() {
    let spec = "--vip 192.0.2.90 --iface w0";
    let output = machine(&format!(
        "added() {{ ip address show dev w0 | grep -c 192.0.2.90; }}
        # A director announces its address.
        low=$low,+net_raw
        ip link add w0 type veth peer name w1
        ip link set w0 up
        ip link set w1 up
        $ours director prepare {spec} >/dev/null
        added
        rm /run/ipvsadm/*.lock
        sed -i 's/\"boot\": \".*\"/\"boot\": \"another\"/' /run/ipvsadm/*.json
        hide
        for what in undo status 'undo --dry-run' 'prepare {spec}' 'status {spec}'; do
            say_status $low $ours director $what
        done
        added"
    ));
    assert_eq!(printed(&output), "1\n1\n1\n1\n1\n1\n1\n", "{}", text(&output));
    let why = "cannot tell which network namespace this is: /proc does not show process 1\n";
    assert_eq!(text(&output).matches(why).count(), 5, "{}", text(&output));
}

/// Every verb refuses each of these files and says what is wrong with it.
#[test]
fn state_writable_by_others_is_refused() {
    for (plant, why) in [
        ("chown 65534 /run/ipvsadm", "/run/ipvsadm is not used: it belongs to user 65534"),
        ("chmod 777 /run/ipvsadm", "/run/ipvsadm is not used: others can write it (mode 777)"),
        ("chown 65534 $state", "/run/ipvsadm/rs.json is not used: it belongs to user 65534"),
        ("chmod 666 $state", "/run/ipvsadm/rs.json is not used: others can write it (mode 666)"),
        ("rm $state; mkfifo $state", "/run/ipvsadm/rs.json is not used: it is a FIFO"),
        ("mv $state /run/x; ln -s /run/x $state", "rs.json is not used: it is a symbolic link"),
        ("rm $state; mkdir $state", "/run/ipvsadm/rs.json is not used: it is a directory"),
        (
            "mkdir -m 777 /var/lib/ipvsadm; mv $state /var/lib/ipvsadm/rs.json",
            "/var/lib/ipvsadm is not used: others can write it (mode 777)",
        ),
        (
            "mkdir /var/lib/ipvsadm; mv $state $lasting; chown 65534 /var/lib/ipvsadm",
            "/var/lib/ipvsadm is not used: it belongs to user 65534",
        ),
        (
            "mkdir /run/x; mv $state /run/x; ln -s /run/x /var/lib/ipvsadm",
            "/var/lib/ipvsadm is not used: it is not a directory",
        ),
        (
            "mkdir /var/lib/ipvsadm; mkfifo $lasting",
            "/var/lib/ipvsadm/rs.json is not used: it is a FIFO",
        ),
        (
            "mkdir /var/lib/ipvsadm; mv $state /run/x; ln -s /run/x $lasting",
            "/var/lib/ipvsadm/rs.json is not used: it is a symbolic link",
        ),
        (
            "mkdir /var/lib/ipvsadm; mv $state $lasting; chown 65534 $lasting",
            "/var/lib/ipvsadm/rs.json is not used: it belongs to user 65534",
        ),
        (
            "mv /run/ipvsadm /run/x; ln -s /run/x /run/ipvsadm",
            "/run/ipvsadm is not used: it is not a directory",
        ),
    ] {
        let output = machine(&format!(
            "state=/run/ipvsadm/rs.json lasting=/var/lib/ipvsadm/rs.json
            {plant}
            for what in status 'undo --dry-run' undo; do
                say_status timeout 300 $ours rs $what
            done
            prepared"
        ));
        assert_eq!(printed(&output), "1\n1\n1\n1\n", "{plant}: {}", text(&output));
        assert_eq!(text(&output).matches(why).count(), 3, "{plant}: {}", text(&output));
    }
}

#[test]
fn a_damaged_state_file_gets_a_remedy() {
    let output = machine(
        "echo '{' >/run/ipvsadm/rs.json
        say_status $ours rs undo 2>/run/said
        cat /run/said
        eval \"$(sed -n 's/.*then continue without it: //p' /run/said)\"
        say_status $ours rs undo
        ls /run/ipvsadm",
    );
    let out = printed(&output);
    assert!(out.starts_with("1\nthe state file /run/ipvsadm/rs.json cannot be read: "), "{out}");
    assert!(out.contains("note     nothing to undo\n0\n"), "{out}");
    assert!(out.contains("\nrs.json.bad\n"), "{out}");
}
