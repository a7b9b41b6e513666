//! The request of a command line.

use super::complete::Wanted;
use super::verbs::Called;
use crate::classic::parser::Classic;

/// Request of the words after argument 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A command of the classic language.
    Classic(Classic),
    /// A verb with its arguments.
    Verb(Called),
    /// Print a text, such as help, and exit.
    Told {
        /// Text to print.
        text: String,
        /// Exit status.
        status: u8,
    },
    /// Replace the kernel's table by the rules on standard input.
    Replace {
        /// Network namespace for the command, if not the current one.
        netns: Option<String>,
        /// Notes about ignored words.
        ignored: Vec<String>,
    },
    /// Print the candidates of a completion for a shell.
    Complete(Wanted),
}
