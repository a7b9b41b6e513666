//! Counts the changes of a long run; the caller shows the count.

use std::borrow::Borrow;

use crate::error::Error;
use crate::model::Change;
use crate::netlink::{Client, REQUESTS, Refusal};

/// Whether a run makes changes or rolls them back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Make,
    Undo,
}

/// Display of a run's progress.
pub trait Progress {
    /// A run of at most `changes` changes begins.
    fn begin(&mut self, changes: usize, doing: Doing);

    /// The run has sent `made` changes to the kernel.
    fn advance(&mut self, made: usize);

    /// The run is over, complete or not.
    fn end(&mut self);
}

/// Sends at most `length` changes as one batch and counts them.
pub fn batch<C: Borrow<Change>>(
    client: &mut Client,
    progress: &mut dyn Progress,
    length: usize,
    doing: Doing,
    changes: impl Iterator<Item = C>,
) -> Result<Vec<Refusal>, Error> {
    progress.begin(length, doing);
    // The client takes each change from the iterator only when it is about to send it.
    let outcome = client.batch(changes.enumerate().map(|(made, change)| {
        if made.is_multiple_of(REQUESTS) {
            progress.advance(made);
        }
        change
    }));
    progress.end();
    outcome
}
