//! Compares /etc/init.d/ipvsadm with Debian's: the same calls give the same table, daemons and
//! file.

use crate::machine::{Init, Machine, Root};
use crate::{EDITED, NETWORK};

/// Sets up the table before each call.
const LIVE: &str = "ipvsadm -C; ipvsadm --stop-daemon master; ipvsadm --stop-daemon backup
    ipvsadm -A -t 10.0.0.9:99 -s rr; ipvsadm -a -t 10.0.0.9:99 -r 10.1.0.1:99 -m; true";

const ACTIONS: [&str; 11] = [
    "start",
    "stop",
    "restart",
    "reload",
    "force-reload",
    "save",
    "load",
    "status",
    "rate",
    "bogus",
    "",
];

/// Values of AUTO, DAEMON, IFACE and SYNCID.
const SETTINGS: [[&str; 4]; 7] = [
    ["true", "none", "eth0", "0"],
    ["false", "none", "eth0", "0"],
    ["true", "master", "eth0", "7"],
    ["true", "backup", "eth1", "9"],
    ["true", "both", "eth1", "7"],
    ["false", "both", "eth0", "1"],
    ["true", "nonsense", "eth0", "0"],
];

/// Runs the script after `before` and returns everything observable.
fn call(machine: &Machine, settings: [&str; 4], before: &str, action: &str) -> String {
    let [auto, daemon, iface, syncid] = settings;
    machine.sh(&format!(
        "({LIVE}) 2>/dev/null; {EDITED} cat >/etc/default/ipvsadm <<END
AUTO={auto}
DAEMON={daemon}
IFACE={iface}
SYNCID={syncid}
END
{before}"
    ));
    let answer = machine.sh(&format!("/etc/init.d/ipvsadm {action}"));
    // Only these two actions print the table; other output is not compared.
    let said = if matches!(action, "status" | "rate") { answer.stdout } else { String::new() };
    format!(
        "{settings:?} {action}, after `{before}': exit status {:?}\n{said}{}",
        answer.status,
        machine.ok("ipvsadm -S -n; ipvsadm -L --daemon; test ! -e /etc/ipvsadm.rules || \
             cat /etc/ipvsadm.rules; stat -c %a:%U /etc/ipvsadm.rules; ls /etc | grep rules")
    )
}

fn everything(ours: bool) -> Vec<String> {
    let network = format!("{NETWORK}; ip link add eth1 type dummy; ip link set eth1 up");
    let machine = Machine::start(Root::Field, Init::None, &network);
    machine.ok("ip addr add 10.9.1.1/24 dev eth1");
    if ours {
        machine.install_ours();
    }
    let mut seen = Vec::new();
    for settings in SETTINGS {
        for action in ACTIONS {
            seen.push(call(&machine, settings, "true", action));
        }
        seen.push(call(&machine, settings, "/etc/init.d/ipvsadm start", "stop"));
        seen.push(call(&machine, settings, "/etc/init.d/ipvsadm start", "restart"));
    }
    let plain = SETTINGS[0];
    for action in ["save", "load", "start"] {
        seen.push(call(&machine, plain, "ipvsadm -C", action));
    }
    seen.push(call(&machine, plain, "echo '# only this' >/etc/ipvsadm.rules", "start"));
    seen.push(call(&machine, plain, "rm /etc/ipvsadm.rules", "save"));
    seen.push(call(&machine, plain, "chmod 600 /etc/ipvsadm.rules", "save"));
    seen.push(call(&machine, plain, "rm /etc/default/ipvsadm", "start"));
    seen.push(call(&machine, plain, "rm /etc/default/ipvsadm", "stop"));
    seen
}

#[test]
fn the_same_calls_have_the_same_effect() {
    let (debian, ours) = (everything(false), everything(true));
    assert_eq!(debian.len(), ours.len());
    assert!(debian.len() > 90, "{}", debian.len());
    for (debian, ours) in debian.iter().zip(&ours) {
        assert_eq!(ours, debian, "\nDebian's:\n{debian}\nours:\n{ours}");
    }
}

/// An intended difference: a file that cannot be loaded clears nothing, and errors are reported.
#[test]
fn mistakes_are_reported_and_change_nothing() {
    let machine = Machine::start(Root::Field, Init::None, &format!("{EDITED}\n{NETWORK}"));
    machine.install_ours();
    machine.ok("/etc/init.d/ipvsadm start");
    let before = machine.table();
    for mistake in [
        "echo '-A -t bad' >>/etc/ipvsadm.rules",
        // A scheduler that the kernel does not have, in the line of a live service.
        "sed -i '$d; s/-s rr/-s wrrr/' /etc/ipvsadm.rules && grep -q wrrr /etc/ipvsadm.rules",
        "rm /etc/ipvsadm.rules",
    ] {
        machine.ok(mistake);
        for action in ["start", "load", "reload", "restart"] {
            let answer = machine.sh(&format!("/etc/init.d/ipvsadm {action}"));
            assert_eq!(answer.status, Some(1), "{action} after {mistake}: {answer:?}");
            assert_eq!(machine.table(), before, "{action} after {mistake}");
        }
    }
    machine.ok(": >/etc/ipvsadm.rules");
    assert_eq!(machine.sh("/etc/init.d/ipvsadm reload").status, Some(1));
    assert_eq!(machine.table(), before, "an empty file is a mistake for reload");

    // A link to the rule file is followed, and a full disk leaves the old file.
    machine.ok("mkdir /srv/small && mount -t tmpfs -o size=4k tmpfs /srv/small");
    machine.ok("echo '-A -f 1' >/srv/small/rules && ln -sf /srv/small/rules /etc/ipvsadm.rules");
    let answer = machine.sh("/etc/init.d/ipvsadm save");
    assert_eq!(answer.status, Some(1), "{answer:?}");
    assert_eq!(machine.ok("cat /etc/ipvsadm.rules; ls /srv/small"), "-A -f 1\nrules\n");
    machine.ok("mount -o remount,size=64k /srv/small && /etc/init.d/ipvsadm save");
    machine.ok("test -L /etc/ipvsadm.rules && grep -q 10.1.0.3 /srv/small/rules");
}
