//! Accepted and refused words: bundled options, glued values, order, surplus words.

use crate::network::SMALL;
use crate::pair::{Pair, lines, words};

/// First words, of which only commands are valid.
const FIRST: &str = include_str!("cases/first.txt");

/// Words after a command.
const LATER: &str = include_str!("cases/later.txt");

/// Glued values, values after `=`, and values that look like options.
const GLUED: &str = include_str!("cases/glued.txt");

/// Commands whose values for `--set` are in various places.
const SET: &str = include_str!("cases/set.txt");

/// Lines with several mistakes, of which the first is reported. Values are checked as they are
/// read.
const MISTAKES: &str = include_str!("cases/mistakes.txt");

fn check_all(cases: &str) {
    let mut pair = Pair::with(SMALL);
    for (nth, line) in lines(cases).enumerate() {
        pair.check_words(&words(line), Some(""));
        if nth % 25 == 24 {
            pair.check_tables();
        }
    }
    pair.check_tables();
}

#[test]
fn the_first_option_must_be_a_command() {
    check_all(FIRST);
}

#[test]
fn words_after_the_command() {
    check_all(LATER);
}

#[test]
fn values_glued_after_equals_signs_and_in_words_of_their_own() {
    check_all(GLUED);
}

#[test]
fn set_takes_its_values_from_any_place() {
    check_all(SET);
}

#[test]
fn the_first_mistake_is_reported() {
    check_all(MISTAKES);
}
