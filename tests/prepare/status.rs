//! The text of `status`: a summary, then each problem with its remedy.

use std::process::{Command, Output};

use crate::leftover::failing;
use crate::support::{Lan, VIP, text};

/// Lines of a status that finds problems.
fn problems(lan: &Lan, words: &str) -> Vec<String> {
    let output = lan.ipvsadm(words);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{words}: {said}");
    said.lines().map(str::to_owned).collect()
}

/// Runs the command of every `fix:` line in a shell, as if a user had pasted it.
fn paste_fixes(lines: &[String]) {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_ipvsadm")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let fixes: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("fix:     ")).collect();
    assert!(!fixes.is_empty(), "{lines:#?}");
    for fix in fixes {
        let output = Command::new("sh").args(["-c", fix]).env("PATH", &path).output().unwrap();
        assert!(output.status.success(), "{fix}: {}", text(&output));
    }
}

#[test]
fn problems_come_first_and_pasting_their_fixes_mends_them() {
    let lan = Lan::new();
    let prepare = format!("rs prepare --mode dr --vip {VIP}");
    lan.ok(&prepare);
    let well = lan.ok("rs status");
    assert!(well.starts_with("real server: no problems, 7 checks passed\n"), "{well}");
    assert!(!well.contains("fix:"), "{well}");
    lan.rs("sysctl -q -w net.ipv4.conf.all.arp_ignore=0");
    let lines = problems(&lan, "rs status");
    let fix = format!("fix:     ipvsadm {prepare} --netns {}", lan.rs);
    let first = [
        "real server: 2 problems, 5 checks passed",
        "LOST     set net/ipv4/conf/all/arp_ignore to 1",
        &fix,
        "WRONG    v0 answers ARP (arp_ignore 0)",
        &fix,
        "already  set net/ipv4/conf/all/arp_announce to 2",
    ];
    assert_eq!(lines[..6], first);
    paste_fixes(&lines);
    assert_eq!(lan.ok("rs status"), well);
}

#[test]
fn every_problem_of_a_director_has_a_fix() {
    let lan = Lan::new();
    lan.ok("director prepare --vip 10.0.0.80 --iface v0 --mode nat --set conntrack=1");
    lan.rs("sysctl -q -w net.ipv4.conf.v0.send_redirects=1 net.ipv4.vs.conntrack=0");
    lan.rs("ip address delete 10.0.0.80/32 dev v0");
    let lines = problems(&lan, "director status");
    assert!(lines[0].starts_with("director: "), "{lines:#?}");
    let wrong = |line: &&String| line.starts_with("WRONG") || line.starts_with("LOST");
    let problems: Vec<&String> = lines.iter().filter(wrong).collect();
    assert!(lines[0].starts_with(&format!("director: {} problems", problems.len())), "{lines:#?}");
    for problem in &problems {
        let at = lines.iter().position(|line| line == *problem).unwrap();
        assert!(lines[at + 1].starts_with("fix:     "), "{lines:#?}");
    }
    assert!(lines[1 + 2 * problems.len()].starts_with("already"), "{lines:#?}");
    paste_fixes(&lines);
    lan.ok("director status");
}

/// `prepare` would refuse an address that another program added, so it is no remedy.
#[test]
fn a_host_that_something_else_prepared_is_mended_by_parameters() {
    let lan = Lan::new();
    lan.rs(&format!("ip address add {VIP}/32 dev lo"));
    let words = format!("rs status --mode dr --vip {VIP}");
    let lines = problems(&lan, &words);
    let sysctl = |name: &str| format!("fix:     ip netns exec {} sysctl -w {name}", lan.rs);
    assert!(lines.contains(&sysctl("net.ipv4.conf.all.arp_ignore=1")), "{lines:#?}");
    assert!(lines.contains(&sysctl("net.ipv4.conf.all.arp_announce=2")), "{lines:#?}");
    paste_fixes(&lines);
    lan.ok(&words);
}

#[test]
fn a_value_that_prepare_refuses_is_mended_at_its_interface() {
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    lan.rs("sysctl -q -w net.ipv4.conf.v0.arp_ignore=3");
    let lines = problems(&lan, "rs status");
    let fix = format!("fix:     ip netns exec {} sysctl -w net.ipv4.conf.v0.arp_ignore=1", lan.rs);
    assert!(lines.contains(&fix), "{lines:#?}");
    paste_fixes(&lines);
    lan.ok("rs status");
}

/// The kernel treats `arp_announce` above 2 as 0, and uses the greater value of `all` and the
/// interface, so only a smaller value at the interface helps.
#[test]
fn an_announcing_interface_is_mended_at_its_own_parameter() {
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    lan.rs("sysctl -q -w net.ipv4.conf.v0.arp_announce=3");
    let lines = problems(&lan, "rs status");
    let set = "sysctl -w net.ipv4.conf.v0.arp_announce=2";
    let fix = format!("fix:     ip netns exec {} {set}", lan.rs);
    assert!(lines.contains(&fix), "{lines:#?}");
    paste_fixes(&lines);
    lan.ok("rs status");
}

#[test]
fn quiet_prints_nothing_and_keeps_the_exit_status() {
    let lan = Lan::new();
    let said = |output: &Output| (output.status.code(), text(output));
    for words in ["rs status -q", "director status --quiet", "rs status -q --json"] {
        assert_eq!(said(&lan.ipvsadm(words)), (Some(1), String::new()), "{words}");
    }
    lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    assert_eq!(said(&lan.ipvsadm("rs status -q")), (Some(0), String::new()));
}

#[test]
fn a_host_without_a_preparation_has_no_clean_report() {
    let lan = Lan::new();
    for (verb, role, options) in
        [("rs", "real server", "--mode and --vip"), ("director", "director", "--vip and --iface")]
    {
        let lines = problems(&lan, &format!("{verb} status"));
        assert_eq!(lines[0], format!("{role}: nothing is prepared on this host"));
        assert!(lines[1].starts_with("note     ") && lines[1].ends_with(options), "{lines:?}");
    }
}

/// If the kernel no longer answers, a rollback leaves its steps in the state file.
#[test]
fn a_run_that_did_not_finish_is_named_with_its_undo() {
    let lan = Lan::new();
    let mut number = 0;
    while lan.state_files().is_empty() {
        number += 1;
        let inject = format!("inject=sendto:error=EIO:when={number}+");
        let spec = "rs prepare --mode dr --vip 10.0.0.80 --dev ipvs0";
        let output = failing(&lan, spec, "sendto", &["-e", &inject]);
        assert!(!output.status.success(), "nothing was left: {}", text(&output));
    }
    let lines = problems(&lan, "rs status");
    let at =
        lines.iter().position(|line| line.contains("did not finish, and some of its steps remain"));
    let fix = &lines[at.unwrap_or_else(|| panic!("{lines:#?}")) + 1];
    assert_eq!(*fix, format!("fix:     ipvsadm rs undo --vip 10.0.0.80 --netns {}", lan.rs));
    paste_fixes(&lines);
    assert_eq!(lan.state_files(), [""; 0]);
}

#[test]
fn json_gives_the_fix_with_each_problem() {
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --mode dr --vip {VIP}"));
    lan.rs("sysctl -q -w net.ipv4.conf.all.arp_ignore=0");
    let output = lan.ipvsadm("rs status --json");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let fix = format!("ipvsadm rs prepare --mode dr --vip {VIP} --netns {}", lan.rs);
    assert_eq!(report["steps"][1]["fix"], *fix);
    assert!(report["steps"][0].get("fix").is_none(), "{report}");
    let wrong = report["findings"].as_array().unwrap().iter().find(|it| it["ok"] == false);
    assert_eq!(wrong.unwrap()["fix"], *fix);
}
