//! Tests of the package's units under systemd.

use crate::machine::{Init, Machine, Root};
use crate::{EDITED, NETWORK, RULES};

const UNITS: &str = "/lib/systemd/system/ipvsadm.service \
    /lib/systemd/system/ipvsadm-rs@.service /lib/systemd/system/ipvsadm-serve.service \
    /lib/systemd/system/ipvsadm-watch.service";

/// Greatest exposure that is permitted, in tenths. systemd rates 0.0 (confined) to 10.0.
const EXPOSURE: &str = "45";

/// A machine on which the package was installed before the boot, so that the boot starts the unit.
fn booted() -> Machine {
    let before = format!("dpkg -i /packages/ipvsadm_*.deb >/dev/null 2>&1; {EDITED}\n{NETWORK}");
    Machine::start(Root::Field, Init::Systemd, &before)
}

#[test]
fn the_units_are_sound() {
    let machine = booted();
    let answer = machine.sh(&format!("systemd-analyze verify {UNITS}"));
    assert_ne!(answer.status, Some(127), "no systemd-analyze: {}", answer.stderr);
    let said = format!("{}{}", answer.stdout, answer.stderr);
    // Ignore other units' mistakes, and man, which the machine lacks.
    let ours = |line: &&str| line.contains("ipvsadm") && !line.contains("Command 'man");
    assert_eq!(said.lines().filter(ours).collect::<Vec<_>>(), [""; 0]);
    let rate = format!("systemd-analyze security --offline=true --threshold={EXPOSURE}");
    for unit in UNITS.split(' ') {
        machine.ok(&format!("{rate} {unit}"));
    }
    assert_eq!(machine.ok("systemctl is-active ipvsadm"), "active\n");
    // Units that change the table are ordered after the unit that loads it.
    let order = machine.ok("systemctl show -p Before ipvsadm");
    assert!(order.contains("ldirectord.service"), "{order}");
}

/// It is off after the installation, and records changes of other programs once it is enabled.
#[test]
fn the_watch_records_changes_when_it_is_enabled() {
    let machine = booted();
    assert_eq!(machine.sh("systemctl is-enabled ipvsadm-watch").stdout, "disabled\n");
    assert_eq!(machine.sh("systemctl is-active ipvsadm-watch").stdout, "inactive\n");
    machine.ok("systemctl enable --now ipvsadm-watch");
    machine.wait("ipvsadm history --since 1h | grep -q watching");
    machine.ok("ipvsadm -A -t 192.0.2.99:80 -s rr");
    machine.wait("ipvsadm history --since 1h | grep -q -- '+ -A -t 192.0.2.99:80 -s rr'");
    machine.ok("systemctl stop ipvsadm-watch");
    assert_eq!(machine.ok("systemctl show -p Result ipvsadm-watch"), "Result=success\n");
    // The reload of ipvsadm.service records the table before it.
    machine.ok("systemctl reload ipvsadm && ipvsadm history | grep -q 'ipvsadm apply'");
    machine.ok("ipvsadm rollback && ipvsadm -Ln | grep -q 192.0.2.99:80");
    machine.ok("ipvsadm -D -t 192.0.2.99:80");
}

#[test]
fn boot_start_reload_and_stop() {
    let machine = booted();
    assert_eq!(machine.table(), RULES, "after the boot");
    let daemon = "master sync daemon (mcast=eth0, syncid=7,";
    assert!(machine.ok("ipvsadm -L --daemon").starts_with(daemon));

    // The reload must keep this connection.
    machine.ok("ip addr add 10.0.0.1/32 dev eth0");
    let counted = "ipvsadm -Ln --stats -t 10.0.0.1:80 | awk '$1 == \"TCP\" { print $3 }'";
    machine.wait(&format!("timeout 5 bash -c ': </dev/tcp/10.0.0.1/80'; test $({counted}) -ge 1"));
    // The kernel updates its counters every two seconds, so wait for a stable value.
    let connections = || machine.ok(counted).trim().parse::<u64>().unwrap();
    let before = connections();
    machine.ok("sed -i 's/-w 3/-w 4/; s/^-A -f 5.*/-A -f 6 -s rr/' /etc/ipvsadm.rules");
    machine.ok("systemctl reload ipvsadm");
    assert_eq!(
        machine.table(),
        RULES.replace("-w 3", "-w 4").replace("-f 5 -s wlc -p 300", "-f 6 -s rr")
    );
    assert!(connections() >= before, "the service was made anew");
    // The init script calls the unit.
    machine.ok("sed -i 's/-w 4/-w 5/' /etc/ipvsadm.rules && /etc/init.d/ipvsadm reload");
    // If a unit failed at boot, Debian's /lib/lsb/init-functions reloads with `systemctl
    // --no-block', so the script ends before the reload.
    machine.wait("ipvsadm -S -n | grep -e '-w 5'");
    assert!(connections() >= before, "the service was made anew");

    let table = machine.table();
    machine.ok("echo '-a -t 10.0.0.77:1 -r 10.1.0.1 -m' >>/etc/ipvsadm.rules");
    assert_ne!(machine.sh("systemctl reload ipvsadm").status, Some(0));
    assert_eq!(machine.table(), table, "all of a file, or nothing");
    machine.ok("sed -i '$d' /etc/ipvsadm.rules");

    machine.ok("systemctl stop ipvsadm");
    assert_eq!(machine.table() + &machine.ok("ipvsadm -L --daemon"), "");
    machine.ok("systemctl start ipvsadm");
    assert_eq!(machine.table(), table);
    machine.ok("systemctl restart ipvsadm");
    assert_eq!(machine.table(), table);
    assert!(machine.ok("ipvsadm -L --daemon").starts_with(daemon));

    // An upgrade does not touch the table.
    machine.ok("ipvsadm -A -f 99 -s rr");
    let table = machine.table();
    machine.ok("dpkg -i /packages/ipvsadm_*.deb");
    assert_eq!(machine.table(), table);
    assert_eq!(machine.ok("systemctl is-active ipvsadm"), "active\n");
}

#[test]
fn the_server_is_off_until_enabled_and_is_no_root() {
    let machine = booted();
    assert_eq!(machine.sh("systemctl is-enabled ipvsadm-serve").stdout, "disabled\n");
    assert_eq!(machine.sh("systemctl is-active ipvsadm-serve").stdout, "inactive\n");
    machine.ok("systemctl start ipvsadm-serve");
    let request = "GET /metrics HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n";
    let ask = format!("exec 3<>/dev/tcp/127.0.0.1/9469 && printf '{request}' >&3 && cat <&3");
    machine.wait(&format!(
        "timeout 20 bash -c \"{}\" | grep '^ipvs_services '",
        ask.replace('"', "\\\"")
    ));
    let pid = machine.ok("systemctl show -P MainPID ipvsadm-serve");
    let status = machine.ok(&format!("cat /proc/{}/status", pid.trim()));
    assert!(status.contains("CapEff:\t0000000000001000\n"), "{status}");
    assert!(!status.contains("Uid:\t0\t"), "{status}");
    machine.ok("systemctl stop ipvsadm-serve");
    assert_eq!(machine.ok("systemctl show -P Result ipvsadm-serve"), "success\n");
    assert_eq!(machine.table(), RULES);
}

#[test]
fn a_real_server_by_its_unit() {
    let machine = booted();
    let state = "ip -o addr show lo; sysctl -a 2>/dev/null | grep -E 'arp_(ignore|announce)'";
    let before = machine.ok(state);
    machine.ok("cp /usr/share/doc/ipvsadm/examples/rs.conf /etc/ipvsadm/rs/web.conf");
    machine.ok("systemctl start ipvsadm-rs@web");
    machine.ok("ipvsadm rs status --mode dr --vip 192.0.2.80");
    assert!(machine.ok(state).contains("192.0.2.80/32"));

    // The second address shares the ARP suppression, which stays when the first address is removed.
    machine
        .ok("sed 's/192.0.2.80/192.0.2.81/' /etc/ipvsadm/rs/web.conf >/etc/ipvsadm/rs/mail.conf");
    machine.ok("systemctl start ipvsadm-rs@mail && systemctl stop ipvsadm-rs@web");
    let shared = machine.ok(state);
    assert!(!shared.contains("192.0.2.80/32") && shared.contains("192.0.2.81/32"), "{shared}");
    machine.ok("ipvsadm rs status --mode dr --vip 192.0.2.81");
    machine.ok("systemctl stop ipvsadm-rs@mail");
    assert_eq!(machine.ok(state), before);

    // Masquerading has no virtual address, so undo takes the mode instead.
    machine
        .ok("printf 'FOR=\"--mode nat\"\nHOW=\"--director 10.9.0.2\"\n' >/etc/ipvsadm/rs/nat.conf");
    machine.ok("systemctl start ipvsadm-rs@nat && ip route | grep -q 'default via 10.9.0.2'");
    machine.ok("systemctl stop ipvsadm-rs@nat && ! ip route | grep -q default");

    assert_ne!(machine.sh("systemctl start ipvsadm-rs@missing").status, Some(0));
}

/// Removes everything that a boot removes: all but files.
const FORGOTTEN: &str = "rm -rf /run/ipvsadm
    for device in lo eth0; do ip addr flush dev $device to 192.0.2.0/24; done
    cd /proc/sys/net/ipv4
    for key in conf/all/arp_ignore conf/all/arp_announce ip_forward; do echo 0 >$key; done
    for key in all eth0; do echo 1 >conf/$key/send_redirects; done
    echo 0 >vs/expire_nodest_conn";

/// Boots after `prepare --persist`, checks the status, and undoes the preparation.
fn is_so_after_a_boot(verb: &str, spec: &str, vip: &str) {
    let before = format!(
        "dpkg -i /packages/ipvsadm_*.deb >/dev/null 2>&1\n{NETWORK}\n\
         ip link set eth0 arp on\n\
         ipvsadm {verb} prepare {spec} --persist >/dev/null || exit 1\n{FORGOTTEN}"
    );
    let machine = Machine::start(Root::Field, Init::Systemd, &before);
    machine.ok(&format!("ipvsadm {verb} status {spec}"));
    let unit = format!("ipvsadm-{verb}-{vip}.service");
    assert_eq!(machine.ok(&format!("systemctl is-active {unit}")), "active\n");
    let said = machine.sh(&format!("systemd-analyze verify /etc/systemd/system/{unit}"));
    assert_ne!(said.status, Some(127), "no systemd-analyze: {}", said.stderr);
    let said = format!("{}{}", said.stdout, said.stderr);
    assert!(!said.contains(&unit), "{said}");

    machine.ok(&format!("ipvsadm {verb} undo"));
    assert_ne!(machine.sh(&format!("ip -o addr | grep {vip}")).status, Some(0));
    let left = machine.ok("find /etc/systemd /etc/sysctl.d /etc/modules-load.d -name '*ipvsadm*'");
    // The package's own unit stays enabled.
    let left: Vec<&str> = left.lines().filter(|it| !it.ends_with("/ipvsadm.service")).collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn a_real_server_prepared_with_persist_survives_a_boot() {
    is_so_after_a_boot("rs", "--mode dr --vip 192.0.2.80", "192.0.2.80");
}

#[test]
fn a_director_prepared_with_persist_survives_a_boot() {
    let spec =
        "--mode nat --vip 192.0.2.90 --iface eth0 --scheduler wlc --set expire_nodest_conn=1";
    is_so_after_a_boot("director", spec, "192.0.2.90");
}
