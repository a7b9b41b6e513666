//! The lock of all commands that change the table.

use std::time::Duration;

use super::journal::Journal;
use super::question::Question;
use crate::error::{Error, Rejection};
use crate::system::state_file::StateFile;

/// Name of the lock file and of the journal.
const NAME: &str = "apply";

/// Waits up to `patience` for the lock. While a run holds the lock, no other apply can wait for a
/// confirmation, so a question that still exists comes from a killed run and is removed.
///
/// # Errors
/// [`Rejection::Busy`] if another run still holds the lock after `patience`.
pub fn within(patience: Duration) -> Result<Journal, Error> {
    let file = StateFile::lock_within(NAME, patience)?.ok_or(Rejection::Busy)?;
    Question::forget()?;
    Ok(Journal::of(file))
}

/// Like [`within`], for commands that continue without a lock if the lock file cannot be created.
/// The inner error is the reason.
pub fn where_possible(patience: Duration) -> Result<Result<Journal, Error>, Error> {
    match within(patience) {
        Err(error @ Error::Rejection(Rejection::Busy)) => Err(error),
        lock => Ok(lock),
    }
}
