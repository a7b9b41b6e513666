//! Unmodified programs that call ipvsadm behave in the same way with ours as with Debian's.

use crate::NETWORK;
use crate::machine::{Init, Machine, Root};

/// Runs the same scene with Debian's ipvsadm and with ours.
fn both(scene: fn(&Machine) -> Vec<String>) {
    let debian = Machine::start(Root::Field, Init::None, NETWORK);
    let before = scene(&debian);
    drop(debian);
    let ours = Machine::start(Root::Field, Init::None, NETWORK);
    ours.install_ours();
    assert!(ours.ok("dpkg-query -W -f '${Version}' ipvsadm").starts_with("2:"));
    let after = scene(&ours);
    assert_eq!(after.len(), before.len());
    for (after, before) in after.iter().zip(&before) {
        assert_eq!(after, before, "\nwith Debian's:\n{before}\nwith ours:\n{after}");
    }
}

/// Two web servers in their own namespaces.
const WEB: &str = "
ip link add br0 type bridge && ip addr add 10.1.0.1/24 dev br0 && ip link set br0 up
ip addr add 192.0.2.1/32 dev eth0
for number in 2 3; do
    ip netns add rs$number
    ip link add rs$number type veth peer name eth0 netns rs$number
    ip link set rs$number master br0 up
    ip -n rs$number addr add 10.1.0.$number/24 dev eth0
    ip -n rs$number link set eth0 up && ip -n rs$number link set lo up
    mkdir -p /srv/rs$number && echo 'all is well' >/srv/rs$number/index.html
done";

/// Starts a web server and waits until it answers, or stops it.
fn web(number: u8, up: bool) -> String {
    if up {
        format!(
            "cd /srv/rs{number} && ip netns exec rs{number} setsid python3 -m http.server 80 \
             >/dev/null 2>&1 &
             until ip netns exec rs{number} bash -c ': </dev/tcp/127.0.0.1/80' 2>/dev/null
             do sleep .2; done"
        )
    } else {
        format!("for pid in $(ip netns pids rs{number}); do kill -9 $pid; done")
    }
}

fn configuration(quiescent: bool) -> String {
    let quiescent = if quiescent { "yes" } else { "no" };
    format!(
        "cat >/etc/ha.d/ldirectord.cf <<'END'
checktimeout=10
checkinterval=1
autoreload=no
quiescent={quiescent}
logfile=\"/var/log/ldirectord.log\"
virtual=192.0.2.1:80
\treal=10.1.0.2:80 masq 3
\treal=10.1.0.3:80 gate
\tservice=http
\tscheduler=wrr
\tpersistent=600
\tprotocol=tcp
\tchecktype=negotiate
\trequest=\"index.html\"
\treceive=\"all is well\"
virtual=7
\treal=10.1.0.2:80 ipip
\tservice=http
\tscheduler=wlc
\tprotocol=fwm
\tchecktype=on
END"
    )
}

/// Waits for a row of the table and returns the table. The order in which the two health checks
/// finish varies, but the listing is sorted.
fn see(machine: &Machine, pattern: &str) -> String {
    machine.wait(&format!("ipvsadm -L -n | grep -Eq '{pattern}'"));
    let listing = machine.ok("ipvsadm -L -n; ipvsadm -S -n");
    format!("when {pattern}:\n{listing}")
}

#[test]
fn ldirectord_adds_quiesces_and_removes_real_servers() {
    both(|machine| {
        machine.ok(WEB);
        machine.ok(&format!("{}; {}", web(2, true), web(3, true)));
        machine.ok(&configuration(true));
        machine.ok("ldirectord start");
        let both_up = "10.1.0.2:80 +Masq +3 |10.1.0.3:80 +Route +1 ";
        machine.wait("test $(ipvsadm -S -n | grep -c -- '-a -t 192.0.2.1:80') = 2");
        machine.wait("ipvsadm -S -n | grep -q -- '-a -f 7 -r 10.1.0.2:80 -i -w 1' ");
        machine.wait("test $(ipvsadm -S -n | grep -c -- '-w 0') = 0");
        let mut seen = vec![see(machine, both_up)];

        machine.ok(&web(3, false));
        seen.push(see(machine, "10.1.0.3:80 +Route +0 "));
        machine.ok(&web(3, true));
        seen.push(see(machine, "10.1.0.3:80 +Route +1 "));
        machine.ok("rm /srv/rs2/index.html");
        seen.push(see(machine, "10.1.0.2:80 +Masq +0 "));
        machine.ok("echo 'all is well' >/srv/rs2/index.html");
        seen.push(see(machine, "10.1.0.2:80 +Masq +3 "));

        machine.ok("ldirectord stop");
        machine.wait("test -z \"$(ipvsadm -S -n)\"");
        seen.push(machine.ok("ipvsadm -L -n"));

        // Without quiescence, a dead real server is removed from the table.
        machine.ok(&configuration(false));
        machine.ok("ldirectord start");
        machine.wait("test $(ipvsadm -S -n | grep -c -- '-a -t 192.0.2.1:80') = 2");
        machine.ok(&web(3, false));
        machine.wait("! ipvsadm -L -n | grep -q 10.1.0.3");
        seen.push(see(machine, "10.1.0.2:80 +Masq +3 "));
        machine.ok("ldirectord stop");
        machine.wait("test -z \"$(ipvsadm -S -n)\"");
        // Messages about the tool in ldirectord's log, without times.
        seen.push(
            machine.ok("cut -d '|' -f 2- /var/log/ldirectord.log | cut -d ' ' -f 2- | sort -u"),
        );
        seen
    });
}

#[test]
fn sos_report_collects_the_table() {
    both(|machine| {
        machine.ok("ipvsadm -A -t 192.0.2.1:80 -s wlc -p 300 && ipvsadm -A -f 7 -s rr &&
             ipvsadm -a -t 192.0.2.1:80 -r 10.9.0.7 -m -w 9 -x 100 -y 50");
        machine.ok("sos report --batch --quiet -o ipvs --tmp-dir /tmp --build --name table");
        let listing = machine.ok(
            "cd /tmp/sosreport-*/sos_commands/ipvs && for file in *; do echo \"== $file\"; cat $file; done",
        );
        assert!(listing.contains("== ipvsadm_-Ln_--thresholds\n"), "{listing}");
        assert!(listing.contains("10.9.0.7:80"), "{listing}");
        vec![listing]
    });
}

#[test]
fn services_of_keepalived_are_listed_and_saved() {
    both(|machine| {
        machine.ok(WEB);
        machine.ok(&format!("{}; {}", web(2, true), web(3, true)));
        machine.ok("cat >/etc/keepalived/keepalived.conf <<'END'
virtual_server 192.0.2.1 80 {
    delay_loop 1
    lvs_sched wrr
    lvs_method NAT
    persistence_timeout 60
    protocol TCP
    inhibit_on_failure
    real_server 10.1.0.2 80 {
        weight 2
        TCP_CHECK { connect_timeout 10 }
    }
    real_server 10.1.0.3 80 {
        weight 3
        inhibit_on_failure
        TCP_CHECK { connect_timeout 10 }
    }
}
END
keepalived --check --log-console -D >/dev/null 2>&1");
        let mut seen = vec![see(machine, "10.1.0.3:80 +Masq +3 ")];
        machine.ok(&web(3, false));
        seen.push(see(machine, "10.1.0.3:80 +Masq +0 "));
        // Drain a real server by hand in keepalived's table.
        machine.ok("ipvsadm -e -t 192.0.2.1:80 -r 10.1.0.2:80 -m -w 0");
        seen.push(machine.ok("ipvsadm -L -n; ipvsadm -S -n"));
        machine.ok("kill $(cat /run/keepalived.pid)");
        machine.wait("test -z \"$(ipvsadm -S -n)\"");
        seen
    });
}

#[test]
fn ctdb_runs_its_lvs_event_script() {
    both(|machine| {
        machine.ok("echo 10.9.0.1 >/etc/ctdb/nodes && echo 10.9.0.1 >/etc/ctdb/lvs_nodes
             cat >/etc/ctdb/script.options <<'END'
CTDB_LVS_NODES=/etc/ctdb/lvs_nodes
CTDB_LVS_PUBLIC_IP=192.0.2.9
CTDB_LVS_PUBLIC_IFACE=eth0
END
             ctdb event script enable legacy 91.lvs
             mkdir -p /run/ctdb && ctdbd");
        machine.wait("ipvsadm -S -n | grep -q -- '-a -u 192.0.2.9:0 -r 127.0.0.1:0'");
        let seen =
            vec![machine.ok("ipvsadm -L -n; ipvsadm -S -n; /usr/libexec/ctdb/ctdb_lvs list")];
        machine.ok("ctdb shutdown");
        machine.wait("test -z \"$(ipvsadm -S -n)\"");
        seen
    });
}
