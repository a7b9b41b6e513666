//! What it means that two programs did the same, and how a difference is told.

use std::fmt::Write;

use crate::testbed::process::Outcome;

/// Lines of ours that the old program does not have begin so.
pub const HINT: &str = "hint: ";

/// Why the outcomes are not the same, or nothing.
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

/// The first line is the old program's; what follows it is the old text too, or hints.
pub fn same_messages(ours: &str, theirs: &str) -> bool {
    let said: Vec<&str> = ours.lines().filter(|line| !line.starts_with(HINT)).collect();
    let old: Vec<&str> = theirs.lines().collect();
    let (Some(first), Some(line)) = (old.first(), ours.lines().next()) else {
        return said.is_empty() && old.is_empty();
    };
    *first == line && (said == old || said.len() == 1)
}

/// The report of one command.
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

/// Lines that only one side has, with those between them.
pub fn diff(theirs: &str, ours: &str) -> String {
    let old: Vec<&str> = theirs.split_inclusive('\n').collect();
    let new: Vec<&str> = ours.split_inclusive('\n').collect();
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let tails = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = tails.take_while(|(old, new)| old == new).count();
    let mut text = String::new();
    for line in &old[start..old.len() - end] {
        let _ = writeln!(text, "  - {line:?}");
    }
    for line in &new[start..new.len() - end] {
        let _ = writeln!(text, "  + {line:?}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_may_follow_the_old_line_and_nothing_else() {
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
    }
}
