//! Progress of long work, on a terminal only.

use std::borrow::Borrow;
use std::cell::Cell;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::model::Change;
use crate::netlink::{Client, REQUESTS, Refusal};

/// Fewer changes are made before anybody has read how many.
const WORTH_SHOWING: usize = 2000;

/// What takes longer is shown in any case.
const LONG: Duration = Duration::from_secs(1);

/// A line on standard error that counts, and goes away with its value; nothing where that is no
/// terminal, or the work is short. A library for it would be the only user of the mathematics
/// library, and to load that takes every command a millisecond and more.
pub(super) struct Progress {
    changes: usize,
    done: &'static str,
    start: Instant,
    is_terminal: bool,
    is_shown: Cell<bool>,
}

impl Progress {
    /// So many changes are going to be `done`: `made`, for example.
    pub(super) fn of(changes: usize, done: &'static str) -> Self {
        let is_terminal = stderr().is_terminal();
        Self { changes, done, start: Instant::now(), is_terminal, is_shown: Cell::new(false) }
    }

    pub(super) fn show(&self, made: usize) {
        // Few changes can take long too: the kernel searches the real servers that were deleted in the
        // last two minutes for each that is added.
        let is_long = self.changes >= WORTH_SHOWING || self.start.elapsed() >= LONG;
        if self.is_terminal && is_long {
            self.is_shown.set(true);
            write!(stderr(), "\r{made} of {} changes {}", self.changes, self.done).ok();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown.get() {
            // Back to the first column, and clear the line (ECMA-48 EL).
            write!(stderr(), "\r\x1b[K").ok();
        }
    }
}

/// Makes the changes, at most `length`, and shows how many have been made.
pub(super) fn batch<C: Borrow<Change>>(
    client: &mut Client,
    length: usize,
    done: &'static str,
    changes: impl Iterator<Item = C>,
) -> Result<Vec<Refusal>, Error> {
    let progress = Progress::of(length, done);
    // They are asked for one by one as they are sent.
    client.batch(changes.enumerate().map(|(made, change)| {
        if made.is_multiple_of(REQUESTS) {
            progress.show(made);
        }
        change
    }))
}
