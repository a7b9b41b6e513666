//! Exit statuses that verbs share, and errors before the first change.

use crate::error::Error;

use super::session::{Session, is_closed_pipe};

/// Exit status: an error, because of which nothing was changed, compared or printed.
pub const TROUBLE: u8 = 2;

/// Reports an error before the first change, with its exit status.
pub fn refused(session: &mut Session<'_>, outcome: Result<u8, Error>) -> Result<u8, Error> {
    match outcome {
        Err(error) if session.settled.is_none() && !is_closed_pipe(&error) => {
            session.complain(&error);
            Ok(TROUBLE)
        }
        other => other,
    }
}

/// Reports why the input of a verb that only reads cannot be used, and returns the exit status.
pub fn unread(session: &mut Session<'_>, error: &Error) -> u8 {
    session.complain_of_input(error);
    TROUBLE
}
