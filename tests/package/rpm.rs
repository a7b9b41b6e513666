//! What the RPM brings, laid over a machine: its unit has another place for the rules than
//! Debian's, and saves them when it stops.

use crate::machine::{Init, Machine, Root};

#[test]
fn its_unit_loads_saves_and_clears() {
    let machine = Machine::start(Root::Fresh, Init::Systemd, "");
    machine.ok("cp -a /rpm/tree/. / && systemctl daemon-reload");
    machine.ok("echo '-A -f 3 -s rr' >>/etc/sysconfig/ipvsadm && systemctl start ipvsadm");
    assert_eq!(machine.ok("ipvsadm-save -n"), "-A -f 3 -s rr\n");

    machine.ok("ipvsadm -A -f 4 -s sh && systemctl stop ipvsadm");
    assert_eq!(machine.table(), "");
    assert_eq!(
        machine.ok("cat /etc/sysconfig/ipvsadm"),
        "# ipvsadm.rules\n-A -f 3 -s rr\n-A -f 4 -s sh\n"
    );
    machine.ok("systemctl start ipvsadm && echo '-A -f 5 -s rr' >>/etc/sysconfig/ipvsadm");
    machine.ok("systemctl reload ipvsadm");
    assert_eq!(machine.table(), "-A -f 3 -s rr\n-A -f 4 -s sh\n-A -f 5 -s rr\n");

    // What cannot be saved is not cleared.
    machine.ok("mount -t tmpfs -o ro tmpfs /etc/sysconfig");
    machine.sh("systemctl stop ipvsadm");
    assert!(machine.table().contains("-A -f 4"), "cleared without having been saved");
}
