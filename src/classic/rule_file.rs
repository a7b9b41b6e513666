//! Reads rule files, which have one command on each line.

use std::borrow::Cow;
use std::io::Read;

use crate::error::mistakes::MistakeList;
use crate::error::{Errno, Error, Misuse, Rejection};
use crate::model::{Change, Table};

use super::canonical::Parser;
use super::lexer::{Token, tokens};
use super::line_numbers::LineNumbers;
use super::parser::{self, Classic, Invocation};
use super::scanner::Scanner;
use super::validate::usual_notes;
use super::verb_names::VERBS;

/// Length limit of a line in bytes. A rule has about a hundred.
pub(crate) const LONGEST: usize = 64 * 1024;

/// Size limit of a file in bytes, which also ends endless input.
pub(crate) const MOST_BYTES: u64 = 64 << 20;

/// Limit of the number of commands, because all are kept until the whole file is read.
const MOST_COMMANDS: u32 = 1_000_000;

/// Number of bytes that are read at once.
const PIECE: usize = 16 * 1024;

/// Initial room for commands. It costs no memory until it is used, while a growing list would
/// leave holes in the heap.
const ROOM: usize = 4096;

/// Usual size of a service with its real servers in a rule file, in bytes. Room for so many
/// services saves a growing table from being moved.
const SERVICE: usize = 160;

/// Limit of that room, in services.
const MOST_ROOM: usize = 1 << 16;

/// A command of a rule file with its line number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLine {
    /// Line number, from 1.
    pub number: u32,
    /// Kind of the request.
    pub invocation: Invocation,
}

impl RuleLine {
    /// The change on the line; `None` for a command that changes nothing, such as `-L`.
    pub fn change(&self) -> Option<&Change> {
        match &self.invocation {
            Invocation::Change(change) => Some(change),
            _ => None,
        }
    }
}

/// Reads a whole rule file. Skips blank lines and comments (`#` at the start of a word), and the
/// word `ipvsadm`, or a path to it, at the start of a line.
///
/// # Errors
/// [`Error::RuleFile`] for an invalid line, [`Error::Mistakes`] for up to ten of them,
/// [`Error::Io`] if `file` cannot be read, [`Error::Rejection`] if it has more than 64 MiB or a
/// million commands.
pub fn read_rules(
    scanner: &mut Scanner,
    program: &str,
    file: impl Read,
) -> Result<Vec<RuleLine>, Error> {
    let (mut lines, mut mistakes) = (Vec::with_capacity(ROOM), MistakeList::default());
    rule_lines(scanner, program, file, |line| match line {
        Ok(line) => {
            if mistakes.is_empty() {
                lines.push(line);
            }
            true
        }
        Err(error) => add(&mut mistakes, error),
    });
    mistakes.into_result().map(|()| lines)
}

/// Adds a mistake. Returns whether to look for more.
fn add(mistakes: &mut MistakeList, error: Error) -> bool {
    let is_last = ends_reading(&error);
    mistakes.add(error) && !is_last
}

/// Whether nothing can be read after this error, or only the rest of an overlong line.
fn ends_reading(error: &Error) -> bool {
    match error {
        Error::RuleFile { source, .. } => matches!(source, Misuse::LongLine { .. }),
        Error::Rejection(Rejection::NoRule { .. }) => false,
        _ => true,
    }
}

/// Calls `each` with each command of `file`, or the mistake in its place, as long as it returns
/// `true`.
fn rule_lines(
    scanner: &mut Scanner,
    program: &str,
    mut file: impl Read,
    mut each: impl FnMut(Result<RuleLine, Error>) -> bool,
) {
    let (mut bytes, mut lines) = (Vec::new(), Lines::default());
    loop {
        bytes.reserve(PIECE);
        let read = match file.by_ref().take(PIECE as u64).read_to_end(&mut bytes) {
            Ok(read) => read,
            Err(error) => {
                each(Err(error.into()));
                return;
            }
        };
        let is_last = read < PIECE;
        let line_feed = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = match line_feed {
            _ if is_last || bytes.len() > LONGEST && line_feed.is_none() => bytes.len(),
            place => place.map_or(0, |place| place + 1),
        };
        for line in text(&bytes[..whole]).split_inclusive('\n') {
            if let Some(found) = lines.next(scanner, program, line)
                && !each(found)
            {
                return;
            }
        }
        if is_last {
            return;
        }
        bytes.drain(..whole);
    }
}

/// `from_utf8` is many times as fast as `from_utf8_lossy`, above all for many lines at once.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Reader of successive lines.
#[derive(Default)]
struct Lines {
    parser: Parser,
    /// Number of the last line.
    number: u32,
    commands: u32,
    bytes: u64,
}

impl Lines {
    /// Reads the next line. `None` for a line without a command.
    fn next(
        &mut self,
        scanner: &mut Scanner,
        program: &str,
        line: &str,
    ) -> Option<Result<RuleLine, Error>> {
        self.number += 1;
        self.bytes += line.len() as u64;
        let line = line.strip_suffix('\n').unwrap_or(line);
        if line.len() > LONGEST {
            return Some(Err(long_line(self.number, line.as_bytes())));
        }
        if self.bytes > MOST_BYTES {
            return Some(Err(Rejection::LongFile.into()));
        }
        if line.is_empty() {
            return None;
        }
        let number = self.number;
        let invocation = match self.parser.line(line) {
            Some(change) => Invocation::Change(change),
            None => match other_line(scanner, program, number, line) {
                Ok(other) => other?,
                Err(source) => {
                    let text = line.trim().to_owned();
                    return Some(Err(Error::RuleFile { line: number, text, source }));
                }
            },
        };
        self.commands += 1;
        if self.commands > MOST_COMMANDS {
            return Some(Err(Rejection::LongFile.into()));
        }
        Some(Ok(RuleLine { number, invocation }))
    }
}

/// Error for an overlong line, which shows only the beginning of the line.
pub(crate) fn long_line(number: u32, line: &[u8]) -> Error {
    let text = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]);
    let source = Misuse::LongLine { most: LONGEST };
    Error::RuleFile { line: number, text: format!("{}...", text.trim()), source }
}

/// Number of bytes to show of an overlong line.
const SHOWN: usize = 60;

/// Parses a line that is not canonical.
fn other_line(
    scanner: &mut Scanner,
    program: &str,
    number: u32,
    text: &str,
) -> Result<Option<Invocation>, Misuse> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r');
    let mut words: Vec<&str> = text
        .split(blank)
        .filter(|word| !word.is_empty())
        .take_while(|word| !word.starts_with('#'))
        .collect();
    // No rule contains these bytes; the old tool ended the line at a NUL.
    let control = |byte: &u8| matches!(byte, 0 | 1);
    if let Some(byte) = words.iter().flat_map(|word| word.bytes()).find(control) {
        return Err(Misuse::ControlByte { byte });
    }
    if words.first().is_some_and(|word| *word == "ipvsadm" || word.ends_with("/ipvsadm")) {
        words.remove(0);
    }
    let Some(first) = words.first() else { return Ok(None) };
    let tokens: Vec<Token<'_>> = tokens(words.iter().copied()).collect();
    let parsed = parser::parse(scanner, program, &tokens);
    let Classic { invocation, netns, notes, .. } = parsed.map_err(for_rule_file)?;
    let usual: Vec<String> = match &invocation {
        Invocation::Change(change) => usual_notes(change).collect(),
        _ => Vec::new(),
    };
    let notes = notes.into_iter().filter(|note| !usual.contains(note));
    let place = match &scanner.file {
        Some(file) => format!("{file}:{number}"),
        None => format!("line {number}"),
    };
    scanner.notes.extend(notes.map(|note| format!("{place}: {note}")));
    let found = match (&invocation, netns) {
        (Invocation::Restore, _) => (*first).to_owned(),
        (_, Some(_)) => "--netns".to_owned(),
        _ => return Ok(Some(invocation)),
    };
    let meant = Some("not allowed in a rule file".into());
    Err(Misuse::NoCommand { program: program.to_owned(), found, meant })
}

/// Proposes for a first word only what is legal in a rule file.
fn for_rule_file(mistake: Misuse) -> Misuse {
    let Misuse::NoCommand { program, found, meant } = mistake else { return mistake };
    let is_rule = |text: &str| !["ipvsadm ", "--list", "--save"].iter().any(|it| text.contains(it));
    let meant = match meant {
        _ if VERBS.contains(&&*found) => Some("verbs are not allowed in a rule file".into()),
        Some(text) if is_rule(&text) => Some(text),
        None if found.starts_with('-') || found.is_empty() => None,
        _ => Some("a rule file has only commands that change the table, such as -A and -a".into()),
    };
    Misuse::NoCommand { program, found, meant }
}

/// The table that these lines describe, and the line number of each object. Calls `see` for each
/// line. Reports up to ten mistakes: invalid lines or, if there are none, lines that the kernel
/// would refuse. These two are not mixed, because an invalid line causes many refusals.
pub(crate) fn table_of(
    scanner: &mut Scanner,
    program: &str,
    file: &[u8],
    mut see: impl FnMut(&RuleLine),
) -> Result<(Table, LineNumbers), Error> {
    let (mut mistakes, mut refused) = (MistakeList::default(), MistakeList::default());
    let (mut table, mut numbers) = (Table::default(), LineNumbers::default());
    table.pools.reserve((file.len() / SERVICE).min(MOST_ROOM));
    let mut has_room = true;
    rule_lines(scanner, program, file, |line| {
        let line = match line {
            Ok(line) => line,
            Err(error) => return add(&mut mistakes, error),
        };
        see(&line);
        let RuleLine { number, invocation } = line;
        let change = match invocation {
            Invocation::Change(change) if !matches!(change, Change::Zero(_)) => change,
            _ => return add(&mut mistakes, Rejection::NoRule { line: number }.into()),
        };
        if has_room && let Err((errno, change)) = numbers.change(&mut table, number, change) {
            let is_there = errno == Errno::EEXIST;
            let earlier = if is_there { numbers.same(&table, &change) } else { None };
            has_room = refused.add(contradiction(number, &change, errno, earlier));
        }
        true
    });
    let found = if mistakes.is_empty() { refused } else { mistakes };
    found.into_result().map(|()| (table, numbers))
}

fn contradiction(number: u32, change: &Change, errno: Errno, earlier: Option<u32>) -> Error {
    Rejection::Contradiction {
        place: Some(format!("line {number}")),
        operation: change.operation(),
        errno,
        object: super::describe(change),
        earlier: earlier.map(|line| format!("line {line}")),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_table(file: &str) -> Result<Table, Error> {
        let table = table_of(&mut Scanner::default(), "ipvsadm", file.as_bytes(), |_| {});
        table.map(|(table, _)| table).map_err(Error::first)
    }

    #[test]
    fn read_table_starts_with_an_empty_table() {
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

    /// A reader that returns a few bytes at a time.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(7);
            self.0.read(&mut buffer[..length])
        }
    }

    #[test]
    fn lines_are_whole_wherever_the_pieces_of_the_file_end() {
        for comment in [0, 1, PIECE - 30, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, LONGEST - 1] {
            let rule = "-a -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 1";
            let file = format!("#{}\n\n{rule}\n{rule}", "x".repeat(comment));
            let numbers = |file: &mut dyn Read| -> Vec<u32> {
                let lines = read_rules(&mut Scanner::default(), "ipvsadm", file).unwrap();
                lines.iter().map(|line| line.number).collect()
            };
            assert_eq!(numbers(&mut file.as_bytes()), [3, 4], "{comment}");
            assert_eq!(numbers(&mut Trickle(file.as_bytes())), [3, 4], "{comment}");
        }
        let long = format!("-C\n{}\n-C\n", "x".repeat(LONGEST + 1));
        for mut file in [long.as_bytes(), &long.as_bytes()[..LONGEST + 5]] {
            let error = read_rules(&mut Scanner::default(), "ipvsadm", &mut file).unwrap_err();
            let source = Misuse::LongLine { most: LONGEST };
            assert!(
                matches!(&error, Error::RuleFile { line: 2, source: found, .. } if *found == source),
                "{error:?}"
            );
        }
    }

    #[test]
    fn read_table_names_a_line_that_the_kernel_would_refuse() {
        let refused = |file: &str| match read_table(file) {
            Err(Error::Rejection(Rejection::Contradiction { place, errno, earlier, .. })) => {
                (place.unwrap(), errno, earlier)
            }
            other => panic!("{other:?}"),
        };
        let twice = "-A -t 192.0.2.80:80 -s rr\n\n-A -t 192.0.2.80:80 -s wlc";
        let place = |number: u32| format!("line {number}");
        assert_eq!(refused(twice), (place(3), Errno::EEXIST, Some(place(1))));
        let orphan = "-a -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 1";
        assert_eq!(refused(orphan), (place(1), Errno::ESRCH, None));
    }
}
