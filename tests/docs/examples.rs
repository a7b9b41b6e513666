//! Runs the programs in examples/ on a real kernel.

use std::fs;
use std::path::{Path, PathBuf};

use crate::block::Step;
use crate::document::TOP;
use crate::world::{World, execute};

/// Path of a built example. Fails if the example is older than its source.
fn built(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_ipvsadm")).with_file_name("examples").join(name);
    let source = Path::new(TOP).join("examples").join(name).with_extension("rs");
    let time = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    let fresh = time(&program).is_some_and(|built| time(&source).is_some_and(|it| it <= built));
    assert!(fresh, "{} is missing or old: run cargo build --examples", program.display());
    program
}

/// Output of each command; all must succeed.
fn run(name: &str, commands: &[&str]) -> Vec<String> {
    let program = built(name);
    let alias = format!("{name}() {{ '{}' \"$@\"; }}\n", program.display());
    let commands = [&[alias.as_str()], commands].concat();
    let step = |commands: &&str| Step { commands: format!("{commands}\n"), ..Step::default() };
    let steps: Vec<Step> = commands.iter().map(step).collect();
    let outcomes = execute(World::Alone, &steps);
    for (step, outcome) in steps.iter().zip(&outcomes) {
        assert!(outcome.finished, "{}failed: {}", step.commands, outcome.output);
    }
    outcomes.into_iter().skip(1).map(|outcome| outcome.output).collect()
}

const RULES: &str = "ipvsadm -R </etc/ipvsadm.rules";

#[test]
fn list_prints_services_with_their_real_servers() {
    let said = run("list", &[RULES, "list"]);
    assert_eq!(
        said[1],
        "tcp 192.0.2.80:80 wlc, 0 connections so far\n  10.0.0.11:80 weight 1, 0 active\n  \
         10.0.0.12:80 weight 1, 0 active\n"
    );
}

#[test]
fn failover_weight_drains_a_dead_server_and_restores_it() {
    let said = run(
        "failover_weight",
        &[
            "ip address add 10.0.0.11/32 dev lo; ip address add 10.0.0.12/32 dev lo",
            "ipvsadm -A -t 192.0.2.80:80 -s wrr",
            "ipvsadm -a -t 192.0.2.80:80 -r 10.0.0.11:8080 -m -w 3",
            "ipvsadm -a -t 192.0.2.80:80 -r 10.0.0.12:8080 -m -w 5",
            "busybox httpd -p 10.0.0.11:8080",
            "failover_weight 192.0.2.80:80 1",
            "ipvsadm -S -n",
            "failover_weight 192.0.2.80:80 >said & sleep 2; busybox httpd -p 10.0.0.12:8080
            until ipvsadm -S -n | grep -q '10.0.0.12:8080 -m -w 1'; do sleep 0.1; done; cat said",
            "ipvsadm -S -n",
        ],
    );
    assert_eq!(said[5], "10.0.0.12:8080 does not answer: weight 0\n");
    assert!(said[6].contains("10.0.0.11:8080 -m -w 3\n"), "{}", said[6]);
    assert!(said[6].contains("10.0.0.12:8080 -m -w 0\n"), "{}", said[6]);
    // The program cannot remember a weight from its previous run.
    assert_eq!(said[7], "10.0.0.12:8080 answers: weight 1\n");
    assert!(said[8].contains("10.0.0.12:8080 -m -w 1\n"), "{}", said[8]);
}

#[test]
fn apply_table_changes_only_what_differs() {
    let said = run(
        "apply_table",
        &[
            RULES,
            "sed -i 's/-w 1$/-w 4/; $d' /etc/ipvsadm.rules; apply_table /etc/ipvsadm.rules",
            "ipvsadm -S -n",
            "apply_table /etc/ipvsadm.rules",
            "echo '-A -t 192.0.2.80' >bad; ! apply_table bad",
        ],
    );
    assert_eq!(
        said[1],
        "edit -t 192.0.2.80:80 -r 10.0.0.11:80\ndelete -t 192.0.2.80:80 -r 10.0.0.12:80\n"
    );
    assert_eq!(
        said[2],
        "-A -t 192.0.2.80:80 -s wlc\n-a -t 192.0.2.80:80 -r 10.0.0.11:80 -m -w 4\n"
    );
    assert_eq!(said[3], "");
    assert!(said[4].contains("Zero port"), "{}", said[4]);
}

#[test]
fn export_csv_has_a_line_for_each_real_server() {
    let said = run("export_csv", &[RULES, "export_csv"]);
    let lines: Vec<&str> = said[1].lines().collect();
    assert!(lines[0].starts_with("service,server,weight,active,"), "{}", lines[0]);
    assert_eq!(lines[1], "tcp/192.0.2.80:80,10.0.0.11:80,1,0,0,0,0,0,0,0");
    assert_eq!(lines.len(), 3);
}
