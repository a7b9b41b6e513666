//! Callers without the privilege get the same refusal from every command. Mistakes are reported to
//! them as to root, where the old program does not check the arguments first.

use crate::comparison::{difference, report};
use crate::network::SMALL;
use crate::pair::{Pair, lines, ours_under_test, shown, words};
use crate::testbed;
use crate::testbed::copies::Copies;
use crate::testbed::process::{Outcome, Program};

const COMMANDS: &str = include_str!("cases/commands.txt");
const MISUSE: &str = include_str!("cases/misuse.txt");

/// Standard input of `-R`.
const RULE: &str = "-A -t 10.0.0.9:80 -s rr\n";

const REFUSED: &str = "Can't initialize ipvs: Permission denied (you must be root)";

fn is_refused(outcome: &Outcome) -> bool {
    outcome.status == 2
        && outcome.stdout.is_empty()
        && outcome.stderr.lines().next() == Some(REFUSED)
}

fn copies() -> Copies {
    Copies::new(&testbed::ours(), &testbed::reference())
}

#[test]
fn unprivileged_callers_get_the_old_refusal() {
    let mut pair = Pair::with(SMALL);
    let copies = copies();
    pair.theirs.namespace.enter();
    let files = ["", "\n", "# none\n", "-L\n", "-C\n-A -t 10.0.0.9:80\n"];
    let files = files.map(|file| ("-R", file));
    for (line, file) in lines(COMMANDS).map(|line| (line, RULE)).chain(files) {
        let words = words(line);
        let run = |program: &Program| program.run_as_nobody(&words, Some(file));
        let (ours, theirs) = (run(&copies.ours), run(&copies.theirs));
        if !is_refused(&theirs) || difference(&ours, &theirs).is_some() {
            pair.differs(report("nobody", &shown(&words, Some(file)), &ours, &theirs));
        }
    }
    pair.check_tables();
}

#[test]
fn mistakes_are_reported_to_unprivileged_callers() {
    let mut pair = Pair::with(SMALL);
    let copies = copies();
    pair.theirs.namespace.enter();
    for line in lines(MISUSE) {
        let words = words(line);
        let theirs = copies.theirs.run_as_nobody(&words, Some(""));
        assert!(is_refused(&theirs), "{line}: {theirs:?}");
        let ours = copies.ours.run_as_nobody(&words, Some(""));
        let expected = if ours_under_test() { copies.theirs.run(&words, Some("")) } else { theirs };
        if difference(&ours, &expected).is_some() {
            pair.differs(report("mistake of nobody", line, &ours, &expected));
        }
    }
    pair.check_tables();
}
