//! Decides whether a declared departure explains the difference of a random command.

use super::without_thresholds;
use crate::comparison::{difference, same_messages};
use crate::generator::{Command, Generated};
use crate::pair::{Pair, ours_under_test, words};
use crate::testbed::process::Outcome;

/// Commands that reset both tables.
const START: &str = "-C\n--set 900 120 300\n";

const MASK: &str = "illegal virtual server persistent mask specified";
const SCHEDULER: &str = "Scheduler or persistence engine not found";
const PREFIX: &str = "illegal ipv6 netmask specified";
const REAL_SERVER: &str = "illegal real server address[:port] specified";

/// Whether a departure explains the difference. If the departure leaves the tables unequal, this
/// makes them equal again.
pub fn declared(pair: &Pair, command: &Generated, ours: &Outcome, theirs: &Outcome) -> bool {
    if !ours_under_test() {
        return false;
    }
    let given = &command.given;
    if let Some(file) = &given.stdin {
        return ours.status != 2 && failed_line(ours, theirs)
            || file_with_mistake(pair, file, ours);
    }
    if ours.status == 2 && ours.stderr.starts_with(MASK) && has_bare_length(given) {
        pair.load(START);
        return true;
    }
    let saved = matches!(given.words[0].as_str(), "-S" | "--save")
        && difference(&with_old_save(ours), theirs).is_none();
    saved || is_usage(ours) && is_usage(theirs) && other_mistake(pair, command, ours, theirs)
}

fn is_usage(outcome: &Outcome) -> bool {
    outcome.status == 2 || outcome.status == 255
}

fn with_old_save(ours: &Outcome) -> Outcome {
    Outcome { stdout: without_thresholds(&ours.stdout), ..ours.clone() }
}

/// Our exit status is 255 if any line of a file failed; the old program's depends on the last line.
fn failed_line(ours: &Outcome, theirs: &Outcome) -> bool {
    let failed = !theirs.stderr.is_empty();
    ours.status == if failed { 255 } else { 0 }
        && ours.stdout == theirs.stdout
        && same_messages(&ours.stderr, &theirs.stderr)
}

/// If a file has a mistake, nothing is changed, and the message belongs to the line that the hint
/// names.
fn file_with_mistake(pair: &Pair, file: &str, ours: &Outcome) -> bool {
    let number = ours.stderr.lines().find_map(|line| line.strip_prefix("hint: line "));
    let number = number.and_then(|text| text.split(':').next()?.parse::<usize>().ok());
    let Some(line) = number.and_then(|number| file.lines().nth(number - 1)) else { return false };
    // Our program looks up the scheduler only for a new service.
    pair.load(START);
    let added = line.replacen("-E ", "-A ", 1).replacen("--edit-service ", "--add-service ", 1);
    let line = if ours.stderr.starts_with(SCHEDULER) { &added } else { line };
    let alone = pair.theirs.run(&words(line), None);
    let found = ours.status == 2
        && ours.stdout.is_empty()
        && is_usage(&alone)
        && same_messages(&ours.stderr, &alone.stderr);
    // The old program has executed the lines before the mistake.
    pair.load(START);
    found
}

/// If a line has two mistakes, our program may report the other one. The order of options does not
/// matter to it, and it interprets a value only when the service is known.
fn other_mistake(pair: &Pair, command: &Generated, ours: &Outcome, theirs: &Outcome) -> bool {
    let Generated { given, ordered } = command;
    let same = |words: &[String]| difference(ours, &pair.theirs.run(words, None)).is_none();
    let without_mask = without_value(given, "-M", "--netmask");
    given != ordered && same(&given.words)
        || without_mask != given.words && same(&without_mask)
        || ours.stderr.starts_with(PREFIX) && theirs.stderr.starts_with(MASK) && family_late(given)
        || theirs.stderr.starts_with(REAL_SERVER) && same(&numeric_port(given))
}

/// Removes an option and its value.
fn without_value(command: &Command, letter: &str, name: &str) -> Vec<String> {
    let mut words = command.words.iter();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if word == letter || word == name {
            words.next();
        } else if !word.starts_with(letter) && !word.starts_with(&format!("{name}=")) {
            kept.push(word.clone());
        }
    }
    kept
}

/// Whether a prefix length is given without an IPv6 service, where our program expects an IPv4
/// mask.
fn has_bare_length(command: &Command) -> bool {
    let values = command.words.iter().zip(command.words.iter().skip(1)).map(|(name, value)| {
        name.strip_prefix("-M")
            .filter(|glued| !glued.is_empty())
            .unwrap_or(if name == "-M" || name == "--netmask" { value } else { "" })
    });
    let is_length = |value: &str| !value.is_empty() && value.parse::<u8>().is_ok();
    values.map(|value| value.trim_start_matches('=')).any(is_length)
        && !command.words.iter().any(|word| is_six(word))
}

/// Whether the word makes the service an IPv6 one. A word with an unclosed bracket is no address.
fn is_six(word: &str) -> bool {
    word == "-6" || word.matches(':').count() > 1 && word.contains('[') == word.contains(']')
}

/// Whether the mask precedes the word that makes the service an IPv6 one.
fn family_late(command: &Command) -> bool {
    let mask = command.words.iter().position(|word| is_mask(word));
    let family = command.words.iter().position(|word| is_six(word));
    mask.zip(family).is_some_and(|(mask, family)| mask < family)
}

fn is_mask(word: &str) -> bool {
    word.starts_with("-M") || word.starts_with("--netmask")
}

/// Replaces a port name by its number.
fn numeric_port(command: &Command) -> Vec<String> {
    command.words.iter().map(|word| word.replace("server.example:http", "10.1.0.1:80")).collect()
}
