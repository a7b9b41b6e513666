//! Command lines of `ipvsadm`: decides how a line begins, and reads classic ones.

use crate::error::Misuse;
use crate::model::Change;

use super::canonical::parse_words;
use super::lexer::{Given, Token, What};
use super::options::{Command, Opt, Slot};
use super::parser::{Classic, Invocation, parse, unnamed};
use super::scanner::Scanner;
use super::validate::usual_notes;
use super::verb_names::is_verb;

/// First word of a command line, after the options that every verb accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Verb,
    /// Nothing follows those options.
    Nothing,
    Classic,
}

/// Decides how a command line begins. The old tool refuses every first word without a dash, so such
/// a word can be a verb.
pub(crate) fn start(words: &[Token<'_>]) -> Start {
    let is_global = |token: &&Token<'_>| match token {
        Token::Given(Given { what: What::Option(Opt::Netns), .. }) => true,
        Token::Given(Given { what: What::Option(Opt::Json), value, .. }) => value.is_none(),
        _ => false,
    };
    match words.iter().find(|token| !is_global(token)) {
        None => Start::Nothing,
        Some(Token::Loose(word)) if is_verb(word) => Start::Verb,
        Some(_) => Start::Classic,
    }
}

/// Reads a command line of the classic language. `program` is argument 0, for messages. Most lines
/// are canonical, which avoids clap.
///
/// # Errors
/// The first mistake, in the old tool's order.
pub(crate) fn read(
    scanner: &mut Scanner,
    program: &str,
    words: &[Token<'_>],
) -> Result<Classic, Misuse> {
    let Some(change) = parse_words(words) else { return parse(scanner, program, words) };
    Ok(Classic {
        notes: usual_notes(&change).collect(),
        unnamed: unnamed_by(&change, words),
        ..Invocation::Change(change).into()
    })
}

fn unnamed_by(change: &Change, words: &[Token<'_>]) -> Vec<&'static str> {
    let command = match change {
        Change::UpdateService(_) => Command::EditService,
        Change::UpdateDestination(..) => Command::EditServer,
        _ => return Vec::new(),
    };
    let names = |token: &Token<'_>, slot: Slot| match token {
        Token::Given(Given { what: What::Option(option), .. }) => option.row().slot == Some(slot),
        _ => false,
    };
    unnamed(command, |slot| words.iter().any(|token| names(token, slot)))
}
