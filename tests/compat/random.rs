//! Runs random commands with both programs, each on its own table.

use std::env;

use crate::comparison::{difference, report};
use crate::departures::declared;
use crate::generator::{Generated, Generator};
use crate::pair::{Pair, ours_under_test, shown};
use crate::testbed::process::Outcome;

const SEED: u64 = 20_191_224;
const COMMANDS: u64 = 2000;

/// Number of commands after which the whole tables are compared.
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
    let what = difference(&ours, &theirs);
    // Our program changes nothing for a file that it refuses, so the tables may differ.
    let refused = ours_under_test() && given.stdin.is_some() && ours.status == 2;
    if what.is_none() && !refused {
        return theirs;
    }
    let what = what.unwrap_or("effect");
    if !declared(pair, command, &ours, &theirs) {
        let shown = shown(&given.words, given.stdin.as_deref());
        pair.differs(report(what, &format!("{shown} ({place})"), &ours, &theirs));
    }
    theirs
}
