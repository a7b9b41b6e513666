//! Rule files: one command a line.

use std::borrow::Cow;
use std::io::BufRead;

use crate::error::{Error, Misuse, Rejection};
use crate::model::{Change, Table};
use crate::rules;

use super::classic::{self, Classic, Invocation};
use super::words::Scanner;

/// A command of a rule file, with the place where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLine {
    /// Counted from 1.
    pub number: u32,
    /// What it asks for.
    pub invocation: Invocation,
}

impl RuleLine {
    /// The change that it asks for; `None` for a command that changes nothing, such as `-L`.
    pub fn change(&self) -> Option<&Change> {
        match &self.invocation {
            Invocation::Change(change) => Some(change),
            _ => None,
        }
    }
}

/// Reads a whole rule file. Blank lines and comments (`#` at the start of a word) are passed over,
/// and so is the word `ipvsadm` at the start of a line.
///
/// # Errors
/// [`Error::RuleFile`] for the first line that makes no command, [`Error::Io`] where `file` cannot
/// be read.
pub fn read_rules(
    scanner: &mut Scanner,
    program: &str,
    file: impl BufRead,
) -> Result<Vec<RuleLine>, Error> {
    rule_lines(scanner, program, file).collect()
}

/// The same line by line: to hold a file of many thousand rules costs more time, in pages of memory
/// touched, than to read it.
pub(crate) fn rule_lines(
    scanner: &mut Scanner,
    program: &str,
    mut file: impl BufRead,
) -> impl Iterator<Item = Result<RuleLine, Error>> {
    let mut bytes = Vec::new();
    let mut number = 0;
    std::iter::from_fn(move || {
        loop {
            bytes.clear();
            match file.read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) => number += 1,
                Err(error) => return Some(Err(error.into())),
            }
            let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            // Many times as fast as the second of the two.
            let text =
                str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed);
            let invocation = read_line(scanner, program, number, &text).map_err(|source| {
                Error::RuleFile { line: number, text: text.trim().to_owned(), source }
            });
            if let Some(found) = invocation.transpose() {
                return Some(found.map(|invocation| RuleLine { number, invocation }));
            }
        }
    })
}

fn read_line(
    scanner: &mut Scanner,
    program: &str,
    number: u32,
    text: &str,
) -> Result<Option<Invocation>, Misuse> {
    match rules::parse_line(text) {
        Some(change) => Ok(Some(Invocation::Change(change))),
        None => other_line(scanner, program, number, text),
    }
}

/// A line that is not in the canonical form.
fn other_line(
    scanner: &mut Scanner,
    program: &str,
    number: u32,
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
    let Classic { invocation, netns, notes, .. } = classic::parse(scanner, program, &words)?;
    // A service is what its line says: a mask with holes may have been saved.
    if let Invocation::Change(Change::AddDestination(..) | Change::UpdateDestination(..)) =
        invocation
    {
        scanner.notes.extend(notes.into_iter().map(|note| format!("line {number}: {note}")));
    }
    let found = match (&invocation, netns) {
        (Invocation::Restore, _) => words.swap_remove(0),
        (_, Some(_)) => "--netns".to_owned(),
        _ => return Ok(Some(invocation)),
    };
    Err(Misuse::NoCommand { program: program.to_owned(), found, nearest: None })
}

/// The table that a rule file makes of an empty one: what `ipvsadm-save` writes and
/// `ipvsadm apply` reads. No kernel is needed, but names of hosts and ports are looked up.
///
/// ```
/// let table = ipvsadm::cli::read_table(
///     "# the shop\n\
///      -A -t 192.0.2.80:80 -s wrr\n\
///      -a -t 192.0.2.80:80 -r 198.51.100.21 -m -w 3\n",
/// )?;
/// assert_eq!(table.destinations(), 1);
/// # Ok::<(), ipvsadm::Error>(())
/// ```
///
/// # Errors
/// [`Error::RuleFile`] for a line that makes no command, [`Error::Rejection`] for one that
/// describes no table or that the kernel would refuse. Both know the number of the line.
pub fn read_table(file: &str) -> Result<Table, Error> {
    table_of(rule_lines(&mut Scanner::default(), "ipvsadm", file.as_bytes()))
}

/// The table that these lines make of an empty one.
pub(crate) fn table_of(
    lines: impl Iterator<Item = Result<RuleLine, Error>>,
) -> Result<Table, Error> {
    let mut table = Table::default();
    for line in lines {
        let RuleLine { number, invocation } = line?;
        let change = match invocation {
            Invocation::Change(change) if !matches!(change, Change::Zero(_)) => change,
            _ => return Err(Rejection::NoRule { line: number }.into()),
        };
        table.change(&change).map_err(|errno| Rejection::Contradiction {
            line: Some(number),
            operation: change.operation(),
            errno,
            object: rules::describe(&change),
        })?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Errno;

    #[test]
    fn the_file_is_executed_on_an_empty_table() {
        let table = read_table(
            "-A -t 192.0.2.80:80 -s rr\n\
             -a -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 1\n\
             -e -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 3\n\
             -A -t 192.0.2.81:80 -s rr\n\
             -D -t 192.0.2.81:80",
        );
        let table = table.unwrap();
        assert_eq!(table.pools.len(), 1);
        assert_eq!(table.pools[0].destinations[0].weight, 3);
    }

    #[test]
    fn the_line_that_would_fail_is_named() {
        let refused = |file: &str| match read_table(file) {
            Err(Error::Rejection(Rejection::Contradiction { line, errno, .. })) => (line, errno),
            other => panic!("{other:?}"),
        };
        let twice = "-A -t 192.0.2.80:80 -s rr\n\n-A -t 192.0.2.80:80 -s wlc";
        assert_eq!(refused(twice), (Some(3), Errno::EEXIST));
        let orphan = "-a -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 1";
        assert_eq!(refused(orphan), (Some(1), Errno::ESRCH));
    }
}
