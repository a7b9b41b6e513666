//! Random commands, each by both programs on its own table.

use std::env;

use crate::comparison::{difference, report, same_messages};
use crate::departures::without_thresholds;
use crate::generator::{Generated, Generator};
use crate::pair::{Pair, ours_under_test, shown};
use crate::testbed::process::Outcome;

const SEED: u64 = 20_191_224;
const COMMANDS: u64 = 2000;

/// So often the tables are compared with all that they hold.
const INTERVAL: u64 = 50;

fn number(variable: &str, default: u64) -> u64 {
    match env::var(variable) {
        Ok(text) if !text.is_empty() => {
            text.parse().unwrap_or_else(|_| panic!("{variable} is '{text}': give a number"))
        }
        _ => default,
    }
}

#[test]
fn random_commands() {
    let seed = number("COMPAT_SEED", SEED);
    let mut generator = Generator::new(seed);
    let mut pair = Pair::new();
    let mut succeeded = 0;
    let count = number("COMPAT_COMMANDS", COMMANDS);
    for nth in 1..=count {
        let command = generator.command();
        let theirs = both(&mut pair, &command, &format!("COMPAT_SEED={seed}, command {nth}"));
        succeeded += u64::from(theirs.status == 0);
        if nth % INTERVAL == 0 {
            pair.check_tables();
        } else {
            pair.check_outlines();
        }
    }
    pair.check_tables();
    assert!(succeeded * 4 > count, "only {succeeded} of {count} commands are right: too few");
}

fn both(pair: &mut Pair, command: &Generated, place: &str) -> Outcome {
    let Generated { given, ordered } = command;
    let old = if ours_under_test() { ordered } else { given };
    let (ours, theirs) = pair.run_each(given, old);
    let Some(what) = difference(&ours, &theirs) else { return theirs };
    if !explained(pair, command, &ours, &theirs) {
        let shown = shown(&given.words, given.stdin.as_deref());
        pair.differs(report(what, &format!("{shown} ({place})"), &ours, &theirs));
    }
    theirs
}

/// Whether a declared departure makes exactly this difference.
fn explained(pair: &Pair, command: &Generated, ours: &Outcome, theirs: &Outcome) -> bool {
    if !ours_under_test() {
        return false;
    }
    let words = &command.given.words;
    let plain = Outcome { stdout: without_thresholds(&ours.stdout), ..ours.clone() };
    match words.first().map(String::as_str) {
        Some("-S" | "--save") => difference(&plain, theirs).is_none(),
        Some("-R") => failed_line(ours, theirs),
        // Of two mistakes in a line either may be the first.
        _ if ours.status == 2 && theirs.status == 2 && command.given != command.ordered => {
            difference(ours, &pair.theirs.run(words, None)).is_none()
        }
        _ => false,
    }
}

/// A file in which a line failed ends with 255, whatever the last line did.
fn failed_line(ours: &Outcome, theirs: &Outcome) -> bool {
    let failed = !theirs.stderr.is_empty();
    ours.status == if failed { 255 } else { 0 }
        && ours.stdout == theirs.stdout
        && same_messages(&ours.stderr, &theirs.stderr)
}
