//! Decides what the arguments of a program ask for.

use super::companions::{restore, save};
use super::complete;
use super::program::Program;
use super::request::Request;
use super::verbs::{self, Answer};
use crate::classic::Scanner;
use crate::classic::command_line::{self, Start, start};
use crate::classic::lexer::tokens_of;
use crate::classic::parser::Invocation;
use crate::error::Error;

impl Program {
    /// Reads the arguments; `name` is argument 0.
    ///
    /// # Errors
    /// The first mistake.
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
        return Ok(answered(verbs::parse(args, scanner.names)?));
    }
    match args.split_first() {
        Some((first, [])) if first == "help" => Ok(Request::Classic(Invocation::Help.into())),
        Some((first, words)) if first == "help" => Ok(answered(verbs::help(words)?)),
        Some((first, words)) if first == complete::QUESTION => {
            Ok(Request::Complete(complete::wanted(words)))
        }
        _ => Ok(Request::Classic(command_line::read(scanner, name, &words)?)),
    }
}

fn answered(answer: Answer) -> Request {
    match answer {
        Answer::Call(called) => Request::Verb(called),
        Answer::Help(text) => Request::Told { text, status: 0 },
    }
}
