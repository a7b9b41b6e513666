//! Installs, upgrades and removes the RPM with Debian's rpm on a Debian machine, because no RPM
//! distribution is available here.

use crate::machine::{Init, Machine, Root};
use crate::{NETWORK, handbook};

/// Sets up an RPM distribution. Debian's packages provide what the RPM requires, but rpm does not
/// know them, so an empty RPM declares them. As in Fedora, a unit without a preset stays disabled.
const WORLD: &str = r"
dpkg -P --force-depends ipvsadm
mkdir -p /etc/rpm /etc/sysconfig /lib/systemd/system-preset
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
echo 'disable *' >/lib/systemd/system-preset/99-default-disable.preset
cat >/tmp/world.spec <<END
Name: world
Version: 1
Release: 1
Summary: What every system has
License: none
BuildArch: noarch
$(rpm -qp --requires /rpm/RPMS/*/*.rpm | grep -v '^rpmlib(\|^config(' | sed 's/^/Provides: /')
%description
%files
END
rpmbuild -bb --quiet --define '_topdir /tmp/world' /tmp/world.spec
rpm --initdb && rpm -U /tmp/world/RPMS/*/*.rpm
";

/// Builds a package like those of Fedora and RHEL, with the C program, and a package that requires
/// it.
const DISTRIBUTION: &str = r#"
dpkg-deb -x /opt/debian.deb /tmp/c
cat >/tmp/distribution.spec <<'END'
Name: ipvsadm
Version: 1.31
Release: 9
Summary: The distribution's own
License: none
AutoReqProv: no
%global debug_package %{nil}
%global __os_install_post %{nil}
%description
%package -n director
Summary: Calls ipvsadm
AutoReqProv: no
Requires: ipvsadm >= 1.24
%description -n director
%install
mkdir -p %{buildroot}/usr/sbin %{buildroot}/usr/lib/systemd/system %{buildroot}/etc/sysconfig
find /tmp/c -path '*sbin/ipvsadm*' -exec cp {} %{buildroot}/usr/sbin ';'
echo IPVS_SAVE_ON_STOP=no >%{buildroot}/etc/sysconfig/ipvsadm-config
cat >%{buildroot}/usr/lib/systemd/system/ipvsadm.service <<'UNIT'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash -c "exec /sbin/ipvsadm-restore </etc/sysconfig/ipvsadm"
ExecStop=/bin/bash -c "exec /sbin/ipvsadm-save -n >/etc/sysconfig/ipvsadm"
ExecStop=/sbin/ipvsadm -C
[Install]
WantedBy=multi-user.target
UNIT
%preun
[ $1 -ge 1 ] || systemctl --no-reload disable --now ipvsadm.service
%postun
systemctl daemon-reload
[ $1 -lt 1 ] || systemctl try-restart ipvsadm.service
%files
/usr/sbin/ipvsadm*
/usr/lib/systemd/system/ipvsadm.service
%config(noreplace) /etc/sysconfig/ipvsadm-config
%files -n director
END
rpmbuild -bb --quiet --define '_topdir /tmp/distribution' /tmp/distribution.spec
rpm -U /tmp/distribution/RPMS/*/*.rpm
"#;

/// Lists files, but not folders, without the records of rpm and of other services.
const FILES: &str = "find /etc /usr /var /sbin -xdev ! -type d -not -path '/var/lib/rpm*' \
    -not -path '/var/cache*' -not -path '/var/log*' -not -path '/var/lib/systemd*' | sort";

const RULES: &str = "/etc/sysconfig/ipvsadm";

fn machine() -> Machine {
    let machine = Machine::start(Root::Field, Init::Systemd, NETWORK);
    machine.ok(WORLD);
    machine
}

/// The blocks of commands in docs/install.md.
fn text() -> [String; 4] {
    let mut blocks = handbook::blocks("## RPM");
    // scripts/package-test.sh runs this block of the text.
    assert_eq!(blocks.remove(0).split(" #").next().unwrap().trim(), "scripts/package.sh rpm");
    blocks.try_into().expect("install, keep the rules, change them, remove")
}

fn asks_for_libc_and_a_shell_only(machine: &Machine) {
    let needs = machine.ok("rpm -qp --requires /rpm/RPMS/*/*.rpm");
    let known = ["libc.so.6(", "ld-linux", "rtld(", "rpmlib(", "config(ipvsadm)", "/bin/sh"];
    let strange = |need: &&str| !known.iter().any(|it| need.starts_with(it));
    assert_eq!(needs.lines().filter(strange).collect::<Vec<_>>(), [""; 0]);
}

/// On an RPM distribution, the package's scripts call that distribution's macros.
fn calls_systemds_macros_where_there_are_any(machine: &Machine) {
    let spec = include_str!("../../packaging/ipvsadm.spec");
    let macros =
        ["post", "preun", "postun"].map(|it| format!("--define 'systemd_{it}() {it}: %*'"));
    let expanded = machine.ok(&format!(
        "cat >/tmp/ours.spec <<'@@'\n{spec}@@\nrpmspec -P {} /tmp/ours.spec",
        macros.join(" ")
    ));
    for called in ["post", "preun", "postun"] {
        assert!(expanded.contains(&format!("\n{called}: ipvsadm.service\n")), "{expanded}");
    }
    assert!(!expanded.contains("preset") && !expanded.contains("daemon-reload"), "{expanded}");
}

#[test]
fn documented_commands_from_installation_to_removal() {
    let [install, keep, change, remove] = text();
    let machine = machine();
    asks_for_libc_and_a_shell_only(&machine);
    calls_systemds_macros_where_there_are_any(&machine);
    let before = machine.ok(FILES);
    machine.ok(&format!("cd /rpm/RPMS/* && {install}"));
    // No installed file is missing or modified.
    assert_eq!(machine.ok("rpm -V ipvsadm"), "");
    for path in [
        "/usr/sbin/ipvsadm",
        "/usr/sbin/ipvsadm-save",
        "/usr/sbin/ipvsadm-restore",
        RULES,
        "/usr/lib/systemd/system/ipvsadm.service",
        "/usr/lib/systemd/system/ipvsadm-rs@.service",
        "/usr/lib/systemd/system/ipvsadm-serve.service",
        "/usr/lib/systemd/system/ipvsadm-watch.service",
        "/usr/lib/tmpfiles.d/ipvsadm.conf",
        "/usr/share/man/man8/ipvsadm.8.gz",
        "/usr/share/bash-completion/completions/ipvsadm-save",
        "/usr/share/zsh/site-functions/_ipvsadm",
        "/usr/share/fish/vendor_completions.d/ipvsadm.fish",
        "/usr/share/ipvsadm/prometheus-alerts.yml",
        "/usr/share/ipvsadm/grafana-dashboard.json",
        "/usr/share/doc/ipvsadm/docs/install.md",
        "/usr/share/doc/ipvsadm/rs.conf",
        "/usr/share/licenses/ipvsadm/LICENSE-MIT",
    ] {
        machine.ok(&format!("test -e {path} && rpm -qf {path} | grep '^ipvsadm-'"));
    }
    assert_eq!(machine.ok("stat -c %a /run/ipvsadm"), "755\n");
    assert_eq!(machine.sh("systemctl is-enabled ipvsadm").stdout, "disabled\n");
    assert_eq!(machine.ok("rpm -qc ipvsadm"), format!("{RULES}\n"));

    machine.ok("ip addr add 10.0.0.1/32 dev eth0
        ipvsadm -A -t 10.0.0.1:80 -s rr && ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.2 -m -w 1");
    machine.ok(&format!("set -e; {keep}"));
    machine.ok("systemctl is-enabled ipvsadm && systemctl is-active ipvsadm");
    let counted = "ipvsadm -Ln --stats -t 10.0.0.1:80 | awk '$1 == \"TCP\" { print $3 }'";
    machine.wait(&format!("timeout 5 bash -c ': </dev/tcp/10.0.0.1/80'; test $({counted}) -ge 1"));
    let connections = || machine.ok(counted).trim().parse::<u64>().unwrap();
    let seen = connections();
    machine.ok(&format!("sed -i 's/-w 1$/-w 4/' {RULES}"));
    // The exit status of diff is 1 if there are differences.
    let change = change.replace("ipvsadm\nsystem", "ipvsadm || test $? = 1\nsystem");
    assert!(machine.ok(&format!("set -e; {change}")).contains("weight 1 -> 4"));
    assert!(machine.table().contains("-w 4"));
    assert!(connections() >= seen, "the service was made anew");

    stop_saves_then_clears(&machine);

    machine.ok("cp /usr/share/doc/ipvsadm/rs.conf /etc/ipvsadm/rs/web.conf
        systemctl enable --now ipvsadm-rs@web && ip -o addr | grep -q 192.0.2.80");
    machine.ok(&format!("cp /usr/sbin/ipvsadm /opt/ipvsadm && {remove}"));
    assert_ne!(machine.sh("ip -o addr | grep 192.0.2.80").status, Some(0), "still prepared");
    let after = machine.ok(FILES);
    let left = after.lines().filter(|it| !before.lines().any(|was| was == *it));
    let saved = format!("{RULES}.rpmsave");
    // The units have changed the table, and the records of changes are no files of the package.
    let left = left.filter(|it| !it.starts_with("/var/lib/ipvsadm/history/"));
    assert_eq!(left.collect::<Vec<_>>(), ["/etc/ipvsadm/rs/web.conf", &saved]);
    // The upgrade stopped the unit, which saved the rules and cleared the table.
    assert!(machine.ok(&format!("cat {saved}")).contains("-A -f 4 -s sh"));
    assert_eq!(machine.ok("/opt/ipvsadm -S -n"), "");

    machine.ok("echo 'enable ipvsadm.service' >/lib/systemd/system-preset/50-mine.preset");
    machine.ok(&format!("cd /rpm/RPMS/* && {install}"));
    assert_eq!(machine.ok("systemctl is-enabled ipvsadm"), "enabled\n", "as the preset says");
}

fn stop_saves_then_clears(machine: &Machine) {
    machine.ok("ipvsadm -A -f 4 -s sh");
    let table = machine.table();
    machine.ok("systemctl stop ipvsadm");
    assert_eq!(machine.table(), "", "{:?}", machine.sh("systemctl status --full ipvsadm"));
    assert_eq!(machine.ok(&format!("cat {RULES}")), format!("# ipvsadm.rules\n{table}"));
    machine.ok("systemctl start ipvsadm");
    assert_eq!(machine.table(), table);

    // If saving fails, the table is not cleared.
    machine.ok("mount -t tmpfs -o ro tmpfs /etc/sysconfig");
    machine.sh("systemctl stop ipvsadm");
    assert_eq!(machine.table(), table, "cleared without having been saved");
    machine.ok("umount /etc/sysconfig && systemctl reset-failed ipvsadm; systemctl start ipvsadm");
}

#[test]
fn the_distributions_package_is_replaced_and_upgraded() {
    let machine = machine();
    machine.ok(DISTRIBUTION);
    machine.ok(&format!("echo '-A -f 3 -s rr' >{RULES} && systemctl enable --now ipvsadm"));
    machine.ok("ipvsadm -A -f 4 -s sh");
    let table = machine.table();
    assert_eq!(table, "-A -f 3 -s rr\n-A -f 4 -s sh\n");
    let installed = || machine.ok("rpm -q --qf '%{EPOCH}-%{RELEASE} ' ipvsadm");
    let in_service = || {
        assert_eq!(machine.table(), table);
        machine.ok("systemctl is-active ipvsadm && systemctl is-enabled ipvsadm");
        assert_eq!(machine.ok("systemctl show -P NeedDaemonReload ipvsadm"), "no\n");
    };

    machine.ok("rpm -U /rpm/older/*/*.rpm");
    assert_eq!(installed(), "1-0 ");
    // The old package restarts the unit. Stopping the new unit saves rules that were not in the
    // file.
    in_service();
    assert_eq!(machine.ok(&format!("cat {RULES}")), format!("# ipvsadm.rules\n{table}"));
    assert!(machine.ok(&format!("cat {RULES}.rpmnew")).ends_with("# of release 0\n"));
    // rpm regards our package as the latest, and other packages depend on it.
    assert_ne!(machine.sh("rpm -U /tmp/distribution/RPMS/*/ipvsadm-*.rpm").status, Some(0));
    let refused = machine.sh("rpm -e ipvsadm");
    assert!(refused.stderr.contains("is needed by") && refused.status != Some(0), "{refused:?}");

    let [install, ..] = text();
    let edited = "-A -f 5 -s rr\n";
    machine.ok(&format!("echo '{}' >{RULES}", edited.trim()));
    machine.ok(&format!("cd /rpm/RPMS/* && {install}"));
    assert_eq!(installed(), "1-1 ");
    in_service();
    assert_eq!(machine.ok(&format!("cat {RULES}")), edited);
    let ours = include_str!("../../packaging/ipvsadm.rules");
    assert_eq!(machine.ok(&format!("cat {RULES}.rpmnew")), ours);
    // Only the edited file is modified.
    assert_eq!(machine.sh("rpm -V ipvsadm | cut -c 10-").stdout, format!("  c {RULES}\n"));

    // The administrator's setting takes precedence over the preset, even in an upgrade.
    machine.ok("systemctl disable ipvsadm && rpm -U --force /rpm/RPMS/*/*.rpm");
    assert_eq!(machine.sh("systemctl is-enabled ipvsadm").stdout, "disabled\n");

    machine.ok("rpm -U --oldpackage /tmp/distribution/RPMS/*/ipvsadm-*.rpm");
    assert_eq!(installed(), "(none)-9 ");
    machine.ok("systemctl is-active ipvsadm && ipvsadm -Ln");
}
