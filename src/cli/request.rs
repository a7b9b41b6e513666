//! What a command line asks for.

use super::complete::Wanted;
use super::verbs::Called;
use crate::classic::parser::Classic;

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
