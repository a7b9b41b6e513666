//! The package's services work with the privileges that their units leave them.

use std::process::{Command, Output};

use crate::arptables::arptables;
use crate::support::text;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// Value of a key in a unit file.
fn value(unit: &str, key: &str) -> String {
    let path = format!("{TOP}/packaging/{unit}");
    let unit = std::fs::read_to_string(path).unwrap();
    let line = unit.lines().find_map(|line| line.strip_prefix(&format!("{key}=")));
    line.unwrap_or_else(|| panic!("no {key}")).to_owned()
}

/// Runs a script where only /run/ipvsadm and /proc are writable. In it, `confined` runs a program
/// with the unit's capabilities.
fn confined(unit: &str, script: &str) -> Output {
    assert_eq!(value(unit, "ProtectSystem"), "strict");
    assert_eq!(
        value(unit, if unit.contains("watch") { "StateDirectory" } else { "RuntimeDirectory" }),
        "ipvsadm"
    );
    assert_eq!(value(unit, "NoNewPrivileges"), "yes");
    let rights = value(unit, "CapabilityBoundingSet").to_lowercase().replace("cap_", "+");
    let rights = rights.replace(' ', ",");
    let script = format!(
        "mount -t tmpfs run /run
        mkdir /run/ipvsadm /run/bin /run/etc /run/state
        mkdir -p /var/lib/ipvsadm
        mount --bind /run/state /var/lib/ipvsadm
        for name in ipvsadm ipvsadm-save ipvsadm-restore; do ln -s {ours} /run/bin/$name; done
        # control sets its own PATH.
        sed 's,^PATH=,PATH=/run/bin:,' {TOP}/packaging/control >/run/bin/control
        chmod 755 /run/bin/control
        export IPVSADM_SETTINGS=/run/etc/default IPVSADM_RULES=/run/etc/rules
        echo AUTO=true >/run/etc/default
        echo '-A -t 192.0.2.80:80 -s rr' >/run/etc/rules
        chown 65534 /run/etc/rules
        chmod 600 /run/etc/rules
        ip link set lo up
        ip link add v0 type dummy
        ip link set v0 up
        confined() {{
            unshare --mount sh -c '
                mount --bind /run/ipvsadm /run/ipvsadm
                mount --bind /run/state /var/lib/ipvsadm
                mount -o remount,bind,ro /
                mount -o remount,bind,ro /run
                exec setpriv --no-new-privs --inh-caps -all --bounding-set -all,{rights} \"$@\"
            ' sh \"$@\"
        }}
        {script}",
        ours = env!("CARGO_BIN_EXE_ipvsadm")
    );
    let alone = ["--mount", "--pid", "--fork", "--mount-proc", "--net", "bash", "-c", &script];
    Command::new("unshare").args(alone).output().unwrap()
}

#[test]
fn rules_are_loaded_reloaded_and_cleared_with_the_rights_of_the_unit() {
    let output = confined(
        "ipvsadm.service",
        "confined /run/bin/control start; echo $?
        /run/bin/ipvsadm -S -n
        sed -i s/rr/wlc/ /run/etc/rules
        confined /run/bin/control reload; echo $?
        /run/bin/ipvsadm -S -n
        # An apply of root, with all rights, keeps out the reload.
        /run/bin/ipvsadm apply --allow-empty --confirm 600 /dev/null >/run/out 2>/run/said &
        until grep -qs ^applied /run/said || ! kill -0 $!; do sleep 0.1; done
        confined /run/bin/control reload; echo $?
        confined /run/bin/ipvsadm apply --accept; echo $?
        wait $!; echo $?
        cat /run/out
        /run/bin/ipvsadm history | tail -n +3 | awk '{ print $1, $7, $8 }'
        confined /run/bin/control start; echo $?
        confined /run/bin/control stop; echo $?
        /run/bin/ipvsadm -S -n
        confined touch /run/bin/file || echo read-only",
    );
    let out = String::from_utf8_lossy(&output.stdout);
    let expected = "0\n-A -t 192.0.2.80:80 -s rr\n0\n-A -t 192.0.2.80:80 -s wlc\n1\naccepted\n0\n\
                    0\n1 change made: 0 added, 0 edited, 1 deleted\n2 ipvsadm apply\n1 ipvsadm apply\n\
                    0\n0\nread-only\n";
    assert_eq!(out, expected, "{}", text(&output));
}

#[test]
fn changes_are_recorded_with_the_rights_of_the_unit() {
    let output = confined(
        "ipvsadm-watch.service",
        "confined /run/bin/ipvsadm watch --record --interval 100ms >/run/seen &
        until grep -qs watching /run/seen; do sleep 0.1; done
        /run/bin/ipvsadm -A -t 192.0.2.80:80 -s rr
        until grep -q 192.0.2.80 /run/seen; do sleep 0.1; done
        kill $(pgrep -x ipvsadm)
        wait %1; echo $?
        /run/bin/ipvsadm history --since 1h | cut -d ' ' -f 2-
        stat -c %a /var/lib/ipvsadm/history/watch.log",
    );
    let out = String::from_utf8_lossy(&output.stdout);
    let expected = "0\nwatching 0 services with 0 real servers\n+ -A -t 192.0.2.80:80 -s rr\n\
                    ! -t 192.0.2.80:80: no real server has a weight above 0\n600\n";
    assert_eq!(out, expected, "{}", text(&output));
}

/// Prepares a real server and undoes it, both with the rights of the unit.
fn is_prepared_and_restored(how: &str, netns: &str) {
    let output = confined(
        "ipvsadm-rs@.service",
        &format!(
            "ip netns add inner
            ip -n inner link set lo up
            ip address add 192.0.2.1/24 dev v0
            confined /run/bin/ipvsadm rs prepare --vip 192.0.2.80 {how} {netns} >/run/said
            echo $?
            /run/bin/ipvsadm rs status {netns} >>/run/said; echo $?
            confined /run/bin/ipvsadm rs undo --vip 192.0.2.80 {netns} >>/run/said; echo $?
            ip address show | grep -c 192.0.2.80/32
            ls /run/ipvsadm | grep -c json
            cat /run/said >&2"
        ),
    );
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(out, "0\n0\n0\n0\n0\n", "{how} {netns}: {}", text(&output));
}

#[test]
fn hosts_are_prepared_and_restored_with_the_rights_of_the_unit() {
    for (how, netns) in [
        ("--mode dr", ""),
        ("--mode dr", "--netns inner"),
        ("--mode tun --rip 192.0.2.1 --tunnel gre", ""),
    ] {
        is_prepared_and_restored(how, netns);
    }
}

#[test]
fn arptables_and_nft_work_with_the_rights_of_the_unit() {
    let Some(program) = arptables() else { return };
    is_prepared_and_restored("--mode dr --arp arptables", "");
    // A kernel has either both filters, of arptables-nft and of nft, or none.
    if program == "arptables-nft" {
        is_prepared_and_restored("--mode dr --arp nft", "");
    }
}
