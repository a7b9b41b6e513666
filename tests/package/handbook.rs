//! This file and rpm.rs run every command of docs/install.md, and the commands of the README that
//! cannot run next to the others.

use std::fs;

use crate::block::Kind;
use crate::machine::{Init, Machine, Root};
use crate::markdown;

fn read(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).expect(&path)
}

/// The indented blocks after a heading, in order.
pub fn blocks(heading: &str) -> Vec<String> {
    let text = read("docs/install.md");
    let (_, part) = text.split_once(&format!("\n{heading}\n")).expect(heading);
    let end = part.find("\n## ").unwrap_or(part.len());
    let mut blocks = vec![String::new()];
    for line in part[..end].lines() {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(command), Some(block)) => block.extend([command, "\n"]),
            (None, Some(block)) if !block.is_empty() => blocks.push(String::new()),
            _ => {}
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

#[test]
fn installing_from_the_package() {
    let machine = Machine::start(Root::Fresh, Init::Systemd, "");
    let mut seen = Vec::new();
    for block in blocks("## Debian, from the package") {
        if block.starts_with("scripts/package.sh") {
            continue; // scripts/package-test.sh runs this line of the text
        }
        if block.contains("init.d/ipvsadm save") {
            machine.ok("ipvsadm -A -f 3 -s rr");
        }
        if block.contains("ipvsadm diff") {
            machine.ok("ipvsadm -C; sed -i 's/-s rr/-s wlc/' /etc/ipvsadm.rules");
            // The exit status of diff is 1 if there are differences.
            let block = block.replace("rules\n", "rules || test $? = 1\n");
            seen.push(machine.ok(&format!("set -e; cd /packages; {block}")));
            assert_eq!(machine.table(), "-A -f 3 -s wlc\n");
            continue;
        }
        let block = block.replace("apt ", "apt -y ");
        seen.push(machine.ok(&format!("set -e; cd /packages; {block}")));
    }
    assert_eq!(seen.len(), 4, "{seen:#?}");
    machine.ok("systemctl is-enabled ipvsadm-rs@web && systemctl is-active ipvsadm-rs@web");
    assert!(seen[3].contains("192.0.2.80"), "{}", seen[3]);
}

#[test]
fn upgrading_and_going_back() {
    let machine = Machine::start(Root::Field, Init::None, "");
    // There is no network, so apt gets Debian's version from a folder.
    machine.ok(
        "mkdir /srv/debian && cp /opt/debian.deb /srv/debian/ipvsadm.deb && cd /srv/debian &&
         { dpkg-deb -f ipvsadm.deb; echo 'Filename: ./ipvsadm.deb'; stat -c 'Size: %s' ipvsadm.deb
           echo \"SHA256: $(sha256sum <ipvsadm.deb | cut -d ' ' -f 1)\"; } >Packages &&
         rm -f /etc/apt/sources.list /etc/apt/sources.list.d/* &&
         echo 'deb [trusted=yes] file:/srv/debian ./' >/etc/apt/sources.list && apt-get update",
    );
    let blocks = blocks("## Upgrading from Debian's ipvsadm");
    let [upgrade, back] = blocks.as_slice() else { panic!("{blocks:#?}") };
    let version = "dpkg-query -W -f '${Version}' ipvsadm";
    machine.ok(&format!("cd /packages && {}", upgrade.replace("apt ", "apt -y ")));
    assert!(machine.ok(version).starts_with("2:"));
    assert!(machine.ok("apt-get -s dist-upgrade").contains("0 upgraded"), "ours is not the latest");
    machine.ok(&back.replace("apt ", "apt -y "));
    assert!(machine.ok(version).starts_with("1:1.31"));
}

#[test]
fn removing() {
    let machine = Machine::start(Root::Fresh, Init::Systemd, "");
    machine.install_ours();
    let commands = blocks("## Removing").concat().replace("apt ", "apt -y ");
    let (remove, purge) = commands.split_once('\n').expect("two commands");
    machine.ok("ipvsadm -A -f 3 && cp /usr/sbin/ipvsadm /opt");
    machine.ok(remove);
    machine.ok("test -e /etc/default/ipvsadm && test -e /etc/ipvsadm.rules");
    machine.ok(purge);
    machine.ok("test ! -e /etc/default/ipvsadm && test ! -e /etc/ipvsadm.rules");
    assert_eq!(machine.ok("/opt/ipvsadm -S -n"), "-A -f 3 -s wlc\n");
}

/// Blocks with the fence `sh host` that CI does not run literally.
#[test]
fn the_readme() {
    let machine = Machine::start(Root::Fresh, Init::None, "");
    machine.ok("mkdir -p /srv/target && ln -s /packages /srv/target/debian");
    let ci = read(".ci/run");
    let mut run = 0;
    for block in markdown::blocks(&read("README.md")).expect("README.md") {
        let lines = block.text.lines().filter(|_| block.kind == Kind::Host);
        for command in lines.map(|line| line.split(" #").next().unwrap_or_default().trim()) {
            let by_ci = ci.lines().any(|line| line.trim() == command);
            // scripts/package-test.sh runs these lines of the text.
            if !by_ci && !command.starts_with("scripts/package.sh") {
                machine.ok(&format!("cd /srv && {}", command.replace("apt ", "apt -y ")));
                run += 1;
            }
        }
    }
    assert_eq!(run, 1, "only the package is installed here");
    assert!(machine.ok("dpkg-query -W -f '${Version}' ipvsadm").starts_with("2:"));
    machine.ok("ipvsadm -Ln");
}

/// The program is already built, and is copied to where the text expects it.
#[test]
fn from_source() {
    let machine = Machine::start(Root::Fresh, Init::None, "");
    let block = blocks("## From source").concat();
    let (build, install) = block.split_once('\n').expect("several commands");
    let packages = read("packaging/compile.sh");
    assert!(packages.lines().any(|line| line == build), "no package is built by `{build}'");
    machine
        .ok("mkdir -p /srv/target/release && dpkg-deb -x /packages/ipvsadm_*.deb /srv/unpacked &&
         cp /srv/unpacked/usr/sbin/ipvsadm /srv/target/release");
    machine.ok(&format!("set -e; cd /srv; {install}"));
    machine.ok("PATH=/usr/local/sbin:$PATH; ipvsadm -A -f 3 && ipvsadm-save -n | ipvsadm-restore");
}
