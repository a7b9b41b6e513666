//! Runs the first page of the guide in a shell on a new machine.

use std::fmt::Write as _;
use std::fs;

use crate::block::{same, steps};
use crate::machine::{Init, Machine, Root};
use crate::markdown;

/// Precedes the output of each step.
const MARK: &str = "@@ step";

#[test]
fn the_first_page_works_by_copy_and_paste() {
    let machine = Machine::start(Root::Equipped, Init::Systemd, "");
    machine.ok("cd /packages && apt-get install -y ./ipvsadm_*.deb");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide/en/index.md");
    let page = fs::read_to_string(path).expect(path);
    let steps = steps(&markdown::blocks(&page).expect(path)).expect(path);
    // One shell for all steps, so that variables and functions persist.
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
