//! Progress of long work: the room counts, and whoever calls it shows the count.

use std::borrow::Borrow;

use crate::error::Error;
use crate::model::Change;
use crate::netlink::{Client, REQUESTS, Refusal};

/// What happens to the changes that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// They are made.
    Make,
    /// They are taken back.
    Undo,
}

/// Shows how far a run of many changes is.
pub trait Progress {
    /// At most `changes` changes are made from now on.
    fn begin(&mut self, changes: usize, doing: Doing);

    /// The kernel has got this many of them.
    fn advance(&mut self, made: usize);

    /// The run is over, whether all changes were made or not.
    fn end(&mut self);
}

/// Makes the changes, at most `length`, and counts them.
pub fn batch<C: Borrow<Change>>(
    client: &mut Client,
    progress: &mut dyn Progress,
    length: usize,
    doing: Doing,
    changes: impl Iterator<Item = C>,
) -> Result<Vec<Refusal>, Error> {
    progress.begin(length, doing);
    // The client asks for each change only when it is about to send it.
    let outcome = client.batch(changes.enumerate().map(|(made, change)| {
        if made.is_multiple_of(REQUESTS) {
            progress.advance(made);
        }
        change
    }));
    progress.end();
    outcome
}
