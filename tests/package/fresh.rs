//! The package on a Debian machine that never had ipvsadm.

use crate::machine::{Init, Machine, Root};

/// Lists all files except the records of dpkg, apt and systemd.
const FILES: &str = "find /etc /usr /var /lib /sbin -xdev -not -path '/var/lib/dpkg*' \
    -not -path '/var/cache*' -not -path '/var/log*' -not -path '/var/lib/systemd*' \
    -not -path '/var/lib/apt*' -printf '%p %l\\n' | sort";

#[test]
fn apt_installs_it_and_purge_leaves_nothing() {
    let machine = Machine::start(Root::Fresh, Init::Systemd, "");
    assert_ne!(machine.sh("command -v ipvsadm").status, Some(0), "not fresh");
    let before = machine.ok(FILES);
    // There is no network, so the package must not need anything that a minimal system lacks.
    machine.ok("cd /packages && apt-get install -y ./ipvsadm_*.deb");

    assert!(machine.ok("ipvsadm -v").starts_with("ipvsadm v1.31"));
    machine.ok("ipvsadm -A -t 192.0.2.1:80 -s wlc && ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2 -m");
    let listing = machine.ok("/usr/sbin/ipvsadm -Ln");
    assert!(listing.contains("10.0.0.2:80"), "{listing}");
    assert_eq!(machine.ok("/sbin/ipvsadm -Ln"), listing);
    assert_eq!(machine.ok("/sbin/ipvsadm-save -n"), machine.table());
    // The links under each command's name must have a target.
    for name in ["ipvsadm", "ipvsadm-save", "ipvsadm-restore"] {
        machine.ok(&format!("test -s /usr/share/bash-completion/completions/{name}"));
        machine.ok(&format!("test -s /usr/share/fish/vendor_completions.d/{name}.fish"));
    }
    for name in ["prometheus-alerts.yml", "grafana-dashboard.json"] {
        machine.ok(&format!("test -s /usr/share/ipvsadm/{name}"));
    }
    machine.ok("ipvsadm -C && echo '-A -f 3 -s rr' | /sbin/ipvsadm-restore");
    assert_eq!(machine.table(), "-A -f 3 -s rr\n");

    machine.ok("grep -q '^AUTO=\"false\"' /etc/default/ipvsadm && test -f /etc/ipvsadm.rules");
    machine.ok("systemctl is-enabled ipvsadm");
    machine.ok("systemctl start ipvsadm && systemctl is-active ipvsadm");
    assert_eq!(machine.table(), "-A -f 3 -s rr\n", "AUTO is false: start touches nothing");
    assert_eq!(machine.ok("stat -c %a /run/ipvsadm"), "755\n");

    machine.ok("apt-get purge -y ipvsadm");
    let after = machine.ok(FILES);
    let left: Vec<&str> =
        after.lines().filter(|it| !before.lines().any(|was| was == *it)).collect();
    assert!(left.is_empty(), "left behind: {left:#?}");
}

#[test]
fn removed_and_installed_again_it_keeps_its_files() {
    let machine = Machine::start(Root::Fresh, Init::None, "");
    machine.install_ours();
    machine.ok("echo AUTO=true >/etc/default/ipvsadm && echo '-A -f 3' >/etc/ipvsadm.rules");
    machine.ok("ipvsadm -A -f 9 -s rr && apt-get remove -y ipvsadm");
    machine.install_ours();
    assert_eq!(machine.table(), "-A -f 9 -s rr\n");
    assert_eq!(machine.ok("cat /etc/default/ipvsadm /etc/ipvsadm.rules"), "AUTO=true\n-A -f 3\n");
    machine.ok("test -x /etc/init.d/ipvsadm && /etc/init.d/ipvsadm start");
    assert_eq!(machine.table(), "-A -f 3 -s wlc\n");

    // A file that the administrator has deleted is not installed again.
    machine.ok("rm /etc/ipvsadm.rules && dpkg -i /packages/ipvsadm_*.deb");
    assert_ne!(machine.sh("test -e /etc/ipvsadm.rules").status, Some(0));
}
