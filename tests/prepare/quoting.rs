//! Names chosen by other users are quoted in scripts, commands and units.

use std::fs;
use std::process::Command;

use crate::support::{Lan, VIP, files_of, inside, must, text};

/// A name that prints `uid=` if a shell executes it.
const NAME: &str = "$(id>&2)";

fn lan() -> Lan {
    let lan = Lan::new();
    lan.rs(&format!("ip link add name {NAME} type veth peer name v9"));
    lan.rs(&format!("ip link set dev {NAME} up"));
    lan
}

/// Runs a script on the real server and checks that it did not execute the name.
fn sh(lan: &Lan, script: &str) {
    let output = inside(&lan.rs, || Command::new("sh").args(["-c", script]).output().unwrap());
    let said = text(&output);
    assert!(output.status.success() && !said.contains("uid="), "{script}\n{said}");
}

fn ignores(lan: &Lan) -> String {
    // /proc/sys shows the namespace of the thread that opens the file.
    inside(&lan.rs, || {
        fs::read_to_string(format!("/proc/sys/net/ipv4/conf/{NAME}/arp_ignore")).unwrap()
    })
}

#[test]
fn scripts_quote_interface_names() {
    let lan = lan();
    let script = lan.ok(&format!("rs prepare --mode dr --vip {VIP} --iface {NAME} --dry-run"));
    sh(&lan, &script);
    assert_eq!(ignores(&lan), "1\n", "{script}");
    let script = lan.ok(&format!("director prepare --vip 10.0.0.90 --iface {NAME} --dry-run"));
    sh(&lan, &script);
    assert!(lan.rs("ip -o address show").contains("10.0.0.90/32"), "{script}");
}

#[test]
fn json_commands_quote_interface_names() {
    let lan = lan();
    let spec = format!("rs prepare --mode dr --vip {VIP} --iface {NAME} --json");
    let report: serde_json::Value = serde_json::from_str(&lan.ok(&spec)).unwrap();
    lan.ok("rs undo");
    assert_eq!(ignores(&lan), "0\n");
    for step in report["steps"].as_array().unwrap() {
        sh(&lan, step["command"].as_str().unwrap());
    }
    assert_eq!(ignores(&lan), "1\n", "{report}");
}

#[test]
fn hints_quote_interface_names() {
    let lan = lan();
    lan.rs(&format!("ip link set dev {NAME} down"));
    let refused = text(&lan.ipvsadm(&format!("rs prepare --mode dr --vip {VIP} --iface {NAME}")));
    let mut hints = refused.lines().filter_map(|line| line.strip_prefix("hint: "));
    let hint = hints.find(|hint| hint.contains("ip link")).unwrap();
    sh(&lan, hint);
    assert!(lan.rs(&format!("ip -o link show dev {NAME}")).contains(",UP"));
}

#[test]
fn units_quote_interface_names() {
    let lan = lan();
    for (name, word) in [(NAME, "\"$$(id>&2)\""), ("q\"x", "\"q\\\"x\"")] {
        if name != NAME {
            lan.rs(&format!("ip link add name {name} type veth"));
            lan.rs(&format!("ip link set dev {name} up"));
        }
        let spec = format!("rs prepare --mode dr --vip {VIP} --iface {name} --persist");
        let report = lan.ok(&format!("{spec} --dry-run"));
        let unit = report.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
        assert!(unit.contains(&format!(" --iface {word} ")), "{unit}");
        // systemd-sysctl would read the name as a pattern, so the unit sets the parameter.
        assert!(!report.contains(&format!("net/ipv4/conf/{name}/arp_ignore =")), "{report}");
    }
}

#[test]
fn remedies_of_status_quote_interface_names() {
    let lan = lan();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP} --iface {NAME}"));
    inside(&lan.rs, || {
        fs::write(format!("/proc/sys/net/ipv4/conf/{NAME}/arp_ignore"), "0").unwrap();
    });
    let said = text(&lan.ipvsadm("rs status"));
    let fixes: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("fix:     ")).collect();
    assert!(fixes.iter().any(|fix| fix.contains("$(id>&2)")), "{said}");
    let ours = env!("CARGO_BIN_EXE_ipvsadm");
    for fix in fixes {
        sh(&lan, &format!("ipvsadm() {{ {ours} \"$@\"; }}; {fix}"));
    }
    assert_eq!(ignores(&lan), "1\n", "{said}");
    lan.ok("rs status");
}

/// The command of a unit works with a blank in the program's path and in the namespace's name. For
/// these names, a shell reads the command as systemd does.
#[test]
fn units_quote_the_program_and_the_network_namespace() {
    const SPACE: &str = "192.0.2.77";
    let folder = tempfile::tempdir_in("/run").unwrap();
    let folder = folder.path().join("a b");
    fs::create_dir(&folder).unwrap();
    let program = folder.join("ipvsadm").display().to_string();
    fs::copy(env!("CARGO_BIN_EXE_ipvsadm"), &program).unwrap();
    for (name, word) in [("a b", "\"a b\""), ("q\"x", "\"q\\\"x\"")] {
        must(&["ip", "netns", "add", name]);
        for setup in ["link set lo up", "link add v0 type dummy", "link set v0 up"] {
            must(&[&["ip", "-n", name][..], &setup.split(' ').collect::<Vec<_>>()].concat());
        }
        let run = |words: &str| {
            let words: Vec<&str> = words.split(' ').collect();
            must(&[&[program.as_str()][..], &words, &["--netns", name]].concat())
        };
        run(&format!("rs prepare --mode dr --vip {SPACE} --persist"));
        let units = files_of(SPACE);
        let unit = units.lines().find(|path| path.contains("/system/ipvsadm-rs-")).unwrap();
        let unit = fs::read_to_string(unit).unwrap();
        let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        assert!(command.starts_with(&format!("\"{program}\" rs prepare ")), "{command}");
        assert!(command.contains(&format!(" --netns {word}")), "{command}");
        let address = || must(&["ip", "-n", name, "-o", "address", "show", "dev", "lo"]);
        must(&["ip", "-n", name, "address", "delete", &format!("{SPACE}/32"), "dev", "lo"]);
        assert!(!address().contains(SPACE));
        must(&["sh", "-c", command]);
        assert!(address().contains(SPACE), "{command}");
        run("rs undo");
        assert_eq!(files_of(SPACE), "");
        must(&["ip", "netns", "delete", name]);
    }
}

/// A name must neither clear a screen nor turn a line around.
#[test]
fn control_characters_in_interface_names_are_escaped() {
    for name in ["a\u{1b}[2J", "r\u{202e}l"] {
        let lan = Lan::new();
        lan.rs(&format!("ip link add name {name} type veth peer name v9"));
        let harmless = |words: &str| {
            let said = text(&lan.ipvsadm(words));
            let is_harmful = |letter: char| letter == '\u{202e}' || letter < ' ' && letter != '\n';
            assert!(
                !said.chars().any(|letter| is_harmful(letter) && letter != '\t'),
                "{words}: {said:?}"
            );
            said
        };
        let names =
            |said: &str| said.contains("2J") || said.contains("202e") || said.contains("256");
        for (verb, spec) in [
            ("rs", format!("--mode dr --vip {VIP} --iface")),
            ("director", "--vip 10.0.0.90 --iface".to_owned()),
        ] {
            lan.rs(&format!("ip link set dev {name} down"));
            let down = harmless(&format!("{verb} prepare {spec} {name}"));
            assert!(names(&down) && down.contains("is down"), "{down}");
            let missing = harmless(&format!("{verb} prepare {spec} nosuch"));
            assert!(names(&missing), "{missing}");
            lan.rs(&format!("ip link set dev {name} up"));
            for words in [
                format!("{verb} prepare {spec} {name} --dry-run"),
                format!("{verb} prepare {spec} {name} --dry-run --json"),
                format!("{verb} prepare {spec} {name}"),
                format!("{verb} status {spec} {name}"),
                format!("{verb} status"),
                format!("{verb} status --json"),
                format!("{verb} undo --dry-run"),
                format!("{verb} undo"),
            ] {
                assert!(names(&harmless(&words)), "{words}");
            }
        }
    }
}
