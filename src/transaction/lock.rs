//! The lock of the commands that change the table.

use std::time::Duration;

use super::journal::Journal;
use super::question::Question;
use crate::error::{Error, Rejection};
use crate::system::state_file::StateFile;

/// The name of the lock and of the journal.
const NAME: &str = "apply";

/// Waits for the lock, at most `patience`. Who has it knows that no apply waits to be confirmed: a
/// question that is still there is of a run that was killed.
///
/// # Errors
/// [`Rejection::Busy`] if another run still holds it.
pub fn within(patience: Duration) -> Result<Journal, Error> {
    let file = StateFile::lock_within(NAME, patience)?.ok_or(Rejection::Busy)?;
    Question::forget()?;
    Ok(Journal::of(file))
}

/// The same for commands that go on without the lock if it cannot be made: the inner result then says
/// why.
pub fn where_possible(patience: Duration) -> Result<Result<Journal, Error>, Error> {
    match within(patience) {
        Err(error @ Error::Rejection(Rejection::Busy)) => Err(error),
        lock => Ok(lock),
    }
}
