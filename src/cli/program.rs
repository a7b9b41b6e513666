//! The names under which the program is called.

use crate::classic::command_line::{self, Start, start};
use crate::classic::lexer::{Given, Mistake, Token, What, tokens, tokens_of};
use crate::error::{Error, pasted::remark};

use super::complete::{self, Wanted};
use super::verbs::{self, Called};
use crate::classic::Scanner;
use crate::classic::options::Opt;
use crate::classic::parser::{Classic, Invocation, Save};

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
            Self::Ipvsadm => ipvsadm(scanner, name, args),
            Self::Save => Ok(save(args)),
            Self::Restore => Ok(restore(args)),
        }
    }
}

fn ipvsadm(scanner: &mut Scanner, name: &str, args: &[String]) -> Result<Request, Error> {
    let words = tokens_of(args);
    if start(&words) == Start::Verb {
        return Ok(verbs::parse(args, scanner.names)?);
    }
    match args.split_first() {
        Some((first, [])) if first == "help" => Ok(Request::Classic(Invocation::Help.into())),
        Some((first, words)) if first == "help" => Ok(verbs::help(words)?),
        Some((first, words)) if first == complete::QUESTION => {
            Ok(Request::Complete(complete::wanted(words)))
        }
        _ => Ok(Request::Classic(command_line::read(scanner, name, &words)?)),
    }
}

/// Words without a dash were always passed over.
fn save(args: &[String]) -> Request {
    let usage = || Request::Told { text: SAVE_USAGE.to_owned(), status: 1 };
    let Ok((netns, others)) = netns(args) else { return usage() };
    let (options, others): (Vec<&str>, Vec<&str>) =
        others.into_iter().partition(|word| word.starts_with('-'));
    if options.iter().any(|word| *word != "-n") {
        // An error also where help was asked for, as it was.
        return usage();
    }
    let numeric = !options.is_empty();
    let invocation = Invocation::Save(Save { numeric, full: false, json: false });
    let notes = others.into_iter().map(|word| ignored(word, SAVE_STREAM)).collect();
    Request::Classic(Classic { netns, notes, ..invocation.into() })
}

/// All other words were always passed over.
fn restore(args: &[String]) -> Request {
    match netns(args) {
        Ok((netns, others)) => {
            let ignored = others.into_iter().map(|word| ignored(word, RESTORE_STREAM)).collect();
            Request::Replace { netns, ignored }
        }
        Err(NoName) => Request::Told { text: RESTORE_USAGE.to_owned(), status: 1 },
    }
}

/// `--netns` without a name.
struct NoName;

/// The network namespace that the words name, and the other words. Other options have no value here.
fn netns(args: &[String]) -> Result<(Option<String>, Vec<&str>), NoName> {
    let (mut found, mut others) = (None, Vec::new());
    let mut rest = tokens(args.iter().map(String::as_str));
    loop {
        let before = rest.clone();
        match rest.next() {
            Some(Token::Given(Given { what: What::Option(Opt::Netns), value, .. })) => {
                found = value.map(str::to_owned);
            }
            Some(Token::Mistake(Mistake {
                lacks_value: Some(What::Option(Opt::Netns)), ..
            })) => {
                return Err(NoName);
            }
            Some(_) => {
                rest = before;
                others.extend(rest.skip_word());
            }
            None => return Ok((found, others)),
        }
    }
}
