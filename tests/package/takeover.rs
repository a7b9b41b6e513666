//! Replaces Debian's ipvsadm by ours, and goes back.

use crate::machine::{Init, Machine, Root};
use crate::{EDITED, NETWORK, RULES};

/// Rules that the administrator or ldirectord added, but that the rule file lacks.
const LIVE: &str = "-A -t 10.0.0.9:99 -s sh\n-a -t 10.0.0.9:99 -r 10.1.0.9:99 -m -w 5\n";

/// State of the machine that every package must preserve.
fn state(machine: &Machine) -> String {
    machine.ok("cat /etc/default/ipvsadm /etc/ipvsadm.rules; ipvsadm -S -n; ipvsadm -L --daemon")
}

/// Debian's package in use, with edited files and a table that has more rules than the file.
fn in_service(init: Init) -> Machine {
    let machine = Machine::start(Root::Field, init, &format!("{EDITED}\n{NETWORK}"));
    let version = machine.ok("dpkg-query -W -f '${Version}' ipvsadm");
    assert!(version.starts_with("1:1.31"), "{version}");
    if matches!(init, Init::None) {
        machine.ok("/etc/init.d/ipvsadm start");
    }
    assert_eq!(machine.table(), RULES, "Debian's own start");
    machine.ok(&format!("ipvsadm -R <<'END'\n{LIVE}END"));
    machine
}

fn version(machine: &Machine) -> String {
    machine.ok("dpkg-query -W -f '${Version}' ipvsadm")
}

fn there_and_back(init: Init) {
    let machine = in_service(init);
    let before = state(&machine);
    assert!(before.contains("master sync daemon (mcast=eth0, syncid=7,"), "{before}");
    let enabled = machine.ok("ls /etc/rc?.d/*ipvsadm");

    machine.install_ours();
    assert!(version(&machine).starts_with("2:"));
    assert_eq!(state(&machine), before);
    machine.ok("ipvsadm diff --help && test -x /etc/init.d/ipvsadm");
    machine.ok("dpkg --verify ipvsadm");
    assert_eq!(machine.ok("ls /etc/rc?.d/*ipvsadm"), enabled);
    // apt regards our package as the latest, even if Debian's is available.
    machine.ok("dpkg -s ldirectord | grep -q 'Depends:.*ipvsadm' && apt-get check");

    // Removing our package keeps the table; removing Debian's would clear it.
    machine.ok("cp /usr/sbin/ipvsadm /opt/ipvsadm && dpkg -r --force-depends ipvsadm");
    assert_ne!(machine.sh("command -v ipvsadm").status, Some(0));
    machine.ok("cp /opt/ipvsadm /usr/sbin/ipvsadm");
    assert_eq!(state(&machine), before);
    machine.ok("rm /usr/sbin/ipvsadm");

    machine.ok("dpkg -i /opt/debian.deb");
    assert!(version(&machine).starts_with("1:1.31"));
    machine.ok("for name in ipvsadm ipvsadm-save ipvsadm-restore; do test -f /sbin/$name; done");
    machine.ok("! dpkg --verify ipvsadm | grep -v ' c ' && test -x /etc/init.d/ipvsadm");
    let after = match init {
        // When Debian's package is installed, its script loads the rules.
        Init::Systemd => before.replace(LIVE, ""),
        Init::None => before,
    };
    assert_eq!(state(&machine), after);
}

#[test]
fn replacing_and_reinstalling_debians_keeps_files_and_services() {
    there_and_back(Init::None);
}

#[test]
fn replacing_and_reinstalling_debians_with_systemd_keeps_files_and_services() {
    there_and_back(Init::Systemd);
}

#[test]
fn a_downgrade_keeps_files_and_services() {
    let machine = in_service(Init::None);
    let before = state(&machine);
    machine.install_ours();
    machine.ok("apt-get install -y --allow-downgrades /opt/debian.deb");
    assert!(version(&machine).starts_with("1:1.31"));
    assert_eq!(state(&machine), before);
    machine.ok("/etc/init.d/ipvsadm restart");
    assert_eq!(machine.table(), RULES);
    machine.ok("for name in ipvsadm ipvsadm-save ipvsadm-restore; do test -f /sbin/$name; done");
}

#[test]
fn unedited_files_cause_no_question() {
    let machine = Machine::start(Root::Field, Init::None, "");
    let before = machine.ok("cat /etc/default/ipvsadm /etc/ipvsadm.rules");
    machine.install_ours();
    assert_eq!(machine.ok("cat /etc/default/ipvsadm /etc/ipvsadm.rules"), before);
    machine.ok("/etc/init.d/ipvsadm start");
    machine.ok("dpkg -P --force-depends ipvsadm");
    machine.ok("test ! -e /etc/default/ipvsadm && test ! -e /etc/ipvsadm.rules");
    machine.ok("test ! -e /etc/init.d/ipvsadm && test ! -e /usr/sbin/ipvsadm");
    assert_eq!(machine.ok("ls /etc/rc?.d | grep ipvsadm || true"), "");
}
