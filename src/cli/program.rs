//! The names under which the program is called.

use crate::classic::{is_verb, parse_line};
use crate::error::{Error, pasted::remark};
use crate::model::Change;

use super::complete::{self, Wanted};
use super::verbs::{self, Called};
use crate::classic::Scanner;
use crate::classic::options::{Command, OPTIONS, OptionRow};
use crate::classic::parser::{self, Classic, Invocation, Save};

/// Which program was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `ipvsadm`
    Ipvsadm,
    /// `ipvsadm-save`: `ipvsadm -S`
    Save,
    /// `ipvsadm-restore`: standard input replaces the table
    Restore,
}

/// What the words behind the name ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A command of the classic language.
    Classic(Classic),
    /// A verb.
    Verb(Called),
    /// What the parser has to tell: help, or what is wrong.
    Told {
        /// The text.
        text: String,
        /// The exit status.
        status: u8,
    },
    /// Replace the table by the rules on standard input.
    Replace {
        /// The network namespace to do it in.
        netns: Option<String>,
        /// What to say of words that were passed over.
        ignored: Vec<String>,
    },
    /// Say how a word can go on: a shell asks.
    Complete(Wanted),
}

const SAVE_USAGE: &str = "Usage: ipvsadm-save [-n] [--netns NAME] > FILE\n  \
    -n            print numbers, look no names up\n  \
    --netns NAME  of that network namespace\n";

const RESTORE_USAGE: &str = "Usage: ipvsadm-restore [--netns NAME] < FILE\n  \
    --netns NAME  in that network namespace\n";

const SAVE_STREAM: &str = "the rules go to standard output: ipvsadm-save > FILE";
const RESTORE_STREAM: &str = "the rules come from standard input: ipvsadm-restore < FILE";

/// What to say of a word that is passed over.
fn ignored(word: &str, stream: &str) -> String {
    format!("`{word}' was ignored: {}", remark(word).as_deref().unwrap_or(stream))
}

impl Program {
    /// The program that `argv0`, with or without folders, names.
    pub fn from_name(argv0: &str) -> Self {
        let is = |name| {
            let folder: Option<&str> = argv0.strip_suffix(name);
            folder.is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
        };
        if is("ipvsadm-save") {
            Self::Save
        } else if is("ipvsadm-restore") {
            Self::Restore
        } else {
            Self::Ipvsadm
        }
    }

    /// Reads the words behind the program's name, which `name` is.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn understand(
        self,
        scanner: &mut Scanner,
        name: &str,
        args: &[String],
    ) -> Result<Request, Error> {
        match self {
            // The old tool refuses every word that does not begin with a dash.
            Self::Ipvsadm if begins_verb(args) => Ok(verbs::parse(args, scanner.names)?),
            Self::Ipvsadm if args.first().is_some_and(|word| word == "help") => {
                Ok(match &args[1..] {
                    [] => Request::Classic(Invocation::Help.into()),
                    words => verbs::help(words)?,
                })
            }
            Self::Ipvsadm if args.first().is_some_and(|word| word == complete::QUESTION) => {
                Ok(Request::Complete(complete::wanted(&args[1..])))
            }
            Self::Ipvsadm => match canonical(args) {
                Some(change) => Ok(Request::Classic(Classic {
                    notes: parser::usual_notes(&change).collect(),
                    unnamed: unnamed(&change, args),
                    ..Invocation::Change(change).into()
                })),
                None => Ok(Request::Classic(parser::parse(scanner, name, args)?)),
            },
            Self::Save => Ok(save(args)),
            Self::Restore => Ok(restore(args)),
        }
    }
}

/// The words after the options that go with every verb; `None` if one of these lacks its value.
pub(super) fn after_globals(mut args: &[String]) -> Option<&[String]> {
    loop {
        args = match args {
            [word, rest @ ..] if word == "--netns" => rest.split_first()?.1,
            [word, rest @ ..] if word == "--json" || word.starts_with("--netns=") => rest,
            _ => return Some(args),
        }
    }
}

fn begins_verb(args: &[String]) -> bool {
    after_globals(args).and_then(<[_]>::first).is_some_and(|word| is_verb(word))
}

/// The words make a rule line that needs no clap.
fn canonical(args: &[String]) -> Option<Change> {
    let one_word_each = args.iter().all(|arg| !arg.is_empty() && !arg.contains(' '));
    if one_word_each { parse_line(&args.join(" ")) } else { None }
}

/// In the canonical form each option is a word.
fn unnamed(change: &Change, args: &[String]) -> Vec<&'static str> {
    let command = match change {
        Change::UpdateService(_) => Command::EditService,
        Change::UpdateDestination(..) => Command::EditServer,
        _ => return Vec::new(),
    };
    let names = |word: &str, row: &OptionRow| {
        word.strip_prefix("--") == Some(row.long)
            || row.short.is_some_and(|letter| word.strip_prefix('-') == Some(&letter.to_string()))
    };
    parser::unnamed(command, |column| {
        let mut rows = OPTIONS.iter().filter(|row| row.column == Some(column));
        rows.any(|row| args.iter().any(|word| names(word, row)))
    })
}

/// Words without a dash were always passed over.
fn save(args: &[String]) -> Request {
    let (netns, args) = match netns(args) {
        Ok(found) => found,
        Err(NoName) => return Request::Told { text: SAVE_USAGE.to_owned(), status: 1 },
    };
    let mut options = args.iter().filter(|arg| arg.starts_with('-'));
    if options.any(|arg| *arg != "-n") {
        // An error also where help was asked for, as it was.
        return Request::Told { text: SAVE_USAGE.to_owned(), status: 1 };
    }
    let numeric = args.contains(&"-n");
    let invocation = Invocation::Save(Save { numeric, full: false, json: false });
    let others = args.iter().filter(|arg| !arg.starts_with('-'));
    let notes = others.map(|word| ignored(word, SAVE_STREAM)).collect();
    Request::Classic(Classic { netns, notes, ..invocation.into() })
}

/// All other words were always passed over.
fn restore(args: &[String]) -> Request {
    match netns(args) {
        Ok((netns, others)) => {
            let ignored = others.iter().map(|word| ignored(word, RESTORE_STREAM)).collect();
            Request::Replace { netns, ignored }
        }
        Err(NoName) => Request::Told { text: RESTORE_USAGE.to_owned(), status: 1 },
    }
}

/// `--netns` without a name.
struct NoName;

/// The network namespace that the words name, and the other words.
fn netns(args: &[String]) -> Result<(Option<String>, Vec<&str>), NoName> {
    let (mut found, mut others) = (None, Vec::new());
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if word == "--netns" {
            found = Some(words.next().ok_or(NoName)?.clone());
        } else if let Some(name) = word.strip_prefix("--netns=") {
            found = Some(name.to_owned());
        } else {
            others.push(word.as_str());
        }
    }
    Ok((found, others))
}
