//! Defines when two programs did the same, and reports differences.

use std::fmt::Write;

use crate::testbed::process::Outcome;

/// Start of our additional lines, which the old program does not have.
pub const HINT: &str = "hint: ";

/// The first aspect in which the outcomes differ; `None` if they are equal.
pub fn difference(ours: &Outcome, theirs: &Outcome) -> Option<&'static str> {
    if ours.hung || theirs.hung {
        Some("a program hangs")
    } else if ours.status != theirs.status {
        Some("exit status")
    } else if ours.stdout != theirs.stdout {
        Some("standard output")
    } else if !same_messages(&ours.stderr, &theirs.stderr) {
        Some("standard error")
    } else {
        None
    }
}

/// Whether our messages without hints equal the old program's, beginning with the first line.
pub fn same_messages(ours: &str, theirs: &str) -> bool {
    let said: Vec<&str> = ours.lines().filter(|line| !line.starts_with(HINT)).collect();
    let old: Vec<&str> = theirs.lines().collect();
    let (Some(first), Some(line)) = (old.first(), ours.lines().next()) else {
        return said.is_empty() && old.is_empty();
    };
    *first == line && (said == old || said.len() == 1)
}

/// Reports the difference of one command.
pub fn report(what: &str, command: &str, ours: &Outcome, theirs: &Outcome) -> String {
    let mut text = format!("{what} differs: {command}\n");
    if ours.status != theirs.status || ours.hung || theirs.hung {
        let _ = writeln!(text, "  status: theirs {}, ours {}", shown(theirs), shown(ours));
    }
    section(&mut text, "stdout", &theirs.stdout, &ours.stdout);
    section(&mut text, "stderr", &theirs.stderr, &ours.stderr);
    text
}

fn shown(outcome: &Outcome) -> String {
    if outcome.hung { "killed at the time limit".to_owned() } else { outcome.status.to_string() }
}

fn section(text: &mut String, name: &str, theirs: &str, ours: &str) {
    if ours == theirs {
        let _ = if ours.is_empty() { Ok(()) } else { writeln!(text, "  {name}, both: {ours:?}") };
        return;
    }
    let _ = writeln!(text, "  {name} (- theirs, + ours):");
    text.push_str(&diff(theirs, ours));
}

/// Lines that only one of the texts has.
pub fn diff(theirs: &str, ours: &str) -> String {
    let old: Vec<&str> = theirs.split_inclusive('\n').collect();
    let new: Vec<&str> = ours.split_inclusive('\n').collect();
    let common = common_lengths(&old, &new);
    let (mut at, mut to) = (0, 0);
    let mut text = String::new();
    while at < old.len() || to < new.len() {
        if at < old.len() && to < new.len() && old[at] == new[to] {
            (at, to) = (at + 1, to + 1);
        } else if to == new.len() || at < old.len() && common[at + 1][to] >= common[at][to + 1] {
            let _ = writeln!(text, "  - {:?}", old[at]);
            at += 1;
        } else {
            let _ = writeln!(text, "  + {:?}", new[to]);
            to += 1;
        }
    }
    text
}

/// For each pair of indices, the length of the longest common subsequence of the rests.
fn common_lengths(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; new.len() + 1]; old.len() + 1];
    for at in (0..old.len()).rev() {
        for to in (0..new.len()).rev() {
            lengths[at][to] = if old[at] == new[to] {
                lengths[at + 1][to + 1] + 1
            } else {
                lengths[at + 1][to].max(lengths[at][to + 1])
            };
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hints_may_follow_the_old_line() {
        assert!(same_messages("No such service\nhint: -t 10.0.0.1:80\n", "No such service\n"));
        assert!(same_messages("", ""));
        assert!(same_messages("hint: the port is replaced\n", ""));
        assert!(!same_messages("warning\n", ""));
        assert!(!same_messages("", "No such service\n"));
        assert!(!same_messages("No such service\nmore\n", "No such service\n"));
        assert!(!same_messages("hint: x\nNo such service\n", "No such service\n"));
    }

    #[test]
    fn a_diff_shows_only_what_differs() {
        assert_eq!(diff("a\nb\nc\n", "a\nB\nc\n"), "  - \"b\\n\"\n  + \"B\\n\"\n");
        assert_eq!(diff("a\n", "a\nb\n"), "  + \"b\\n\"\n");
        assert_eq!(diff("a\nb\nc\nd\n", "b\nc\n"), "  - \"a\\n\"\n  - \"d\\n\"\n");
    }
}
