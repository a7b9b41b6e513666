//! Rule files: one command a line.

use crate::error::{Error, Misuse};
use crate::rules;

use super::classic::{self, Classic, Invocation};
use super::words::Scanner;

/// A command of a rule file, with the place where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLine {
    /// Counted from 1.
    pub number: usize,
    /// What it asks for.
    pub invocation: Invocation,
}

/// Reads a whole rule file. Blank lines and comments (`#` at the start of a word) are passed over,
/// and so is the word `ipvsadm` at the start of a line.
///
/// # Errors
/// [`Error::RuleFile`] for the first line that makes no command.
pub fn read_rules(
    scanner: &mut Scanner,
    program: &str,
    file: &[u8],
) -> Result<Vec<RuleLine>, Error> {
    let file = String::from_utf8_lossy(file);
    let mut lines = Vec::new();
    for (index, text) in file.split('\n').enumerate() {
        let number = index + 1;
        let invocation = if let Some(change) = rules::parse_line(text) {
            Some(Invocation::Change(change))
        } else {
            other_line(scanner, program, text).map_err(|source| Error::RuleFile {
                line: number,
                text: text.trim().to_owned(),
                source,
            })?
        };
        lines.extend(invocation.map(|invocation| RuleLine { number, invocation }));
    }
    Ok(lines)
}

/// A line that is not in the canonical form.
fn other_line(
    scanner: &mut Scanner,
    program: &str,
    text: &str,
) -> Result<Option<Invocation>, Misuse> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r');
    let mut words: Vec<String> = text
        .split(blank)
        .filter(|word| !word.is_empty())
        .take_while(|word| !word.starts_with('#'))
        .map(str::to_owned)
        .collect();
    if words.first().is_some_and(|word| word == "ipvsadm") {
        words.remove(0);
    }
    if words.is_empty() {
        return Ok(None);
    }
    let Classic { invocation, netns, .. } = classic::parse(scanner, program, &words)?;
    let found = match (&invocation, netns) {
        (Invocation::Restore, _) => words.swap_remove(0),
        (_, Some(_)) => "--netns".to_owned(),
        _ => return Ok(Some(invocation)),
    };
    Err(Misuse::NoCommand { program: program.to_owned(), found, nearest: None })
}
