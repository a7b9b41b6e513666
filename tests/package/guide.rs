//! The first page of the guide, pasted into the shell of a machine that is as new as its reader's.

use std::fmt::Write as _;
use std::fs;

use crate::block::{same, steps};
use crate::machine::{Init, Machine, Root};
use crate::markdown;

/// Stands before what a step prints.
const MARK: &str = "@@ step";

#[test]
fn the_first_page_works_by_copy_and_paste() {
    let machine = Machine::start(Root::Equipped, Init::Systemd, "");
    machine.ok("cd /packages && apt-get install -y ./ipvsadm_*.deb");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide/en/index.md");
    let page = fs::read_to_string(path).expect(path);
    let steps = steps(&markdown::blocks(&page).expect(path)).expect(path);
    // As in a terminal: one shell, for variables and functions.
    let mut script = "set -e -o pipefail\nexec 2>&1\n".to_owned();
    for step in &steps {
        let _ = write!(script, "echo '{MARK}'\n{}", step.commands);
    }
    let printed = machine.ok(&format!("cat >/tmp/page <<'@@'\n{script}@@\nbash /tmp/page"));
    let printed: Vec<&str> = printed.split(&format!("{MARK}\n")).skip(1).collect();
    assert_eq!(printed.len(), steps.len(), "{printed:#?}");
    for (step, printed) in steps.iter().zip(printed) {
        let Some(expected) = &step.output else { continue };
        let lines: Vec<&str> = printed.lines().collect();
        assert!(same(expected, &lines), "line {}: {}\n{printed}", step.line, step.commands);
    }
}
