//! Rule files: one command a line.

use crate::error::{Error, Misuse, Rejection};
use crate::model::{Change, Table};
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
    table_of(&read_rules(&mut Scanner::default(), "ipvsadm", file.as_bytes())?)
}

/// The table that these lines make of an empty one.
pub(crate) fn table_of(lines: &[RuleLine]) -> Result<Table, Error> {
    let says_nothing = |line: &&RuleLine| matches!(line.change(), None | Some(Change::Zero(_)));
    if let Some(line) = lines.iter().find(says_nothing) {
        return Err(Rejection::NoRule { line: line.number }.into());
    }
    rules::wish(lines.iter().filter_map(RuleLine::change)).map_err(|fault| {
        let line = &lines[fault.index];
        let change = line.change().unwrap_or(&Change::Flush);
        Error::from(Rejection::Contradiction {
            line: Some(line.number),
            operation: change.operation(),
            errno: fault.errno,
            object: rules::describe(change),
        })
    })
}
