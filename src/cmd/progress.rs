//! Progress of long work, on a terminal only.

use std::borrow::Borrow;
use std::io::{IsTerminal, Write, stderr};

use crate::error::Error;
use crate::model::Change;
use crate::netlink::{Client, Refusal};

/// Fewer changes are made before anybody has read how many.
const WORTH_SHOWING: usize = 2000;

/// Changes between two numbers shown.
const STEP: usize = 1000;

/// A line on standard error that counts, and goes away with its value; nothing where that is no
/// terminal, or the work is short. A library for it would be the only user of the mathematics
/// library, and to load that takes every command a millisecond and more.
pub(super) struct Progress {
    changes: usize,
    is_shown: bool,
}

impl Progress {
    pub(super) fn of(changes: usize) -> Self {
        Self { changes, is_shown: changes >= WORTH_SHOWING && stderr().is_terminal() }
    }

    pub(super) fn show(&self, made: usize) {
        if self.is_shown {
            write!(stderr(), "\r{made} of {} changes made", self.changes).ok();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            // Back to the first column, and clear the line (ECMA-48 EL).
            write!(stderr(), "\r\x1b[K").ok();
        }
    }
}

/// Makes the changes, at most `length`, and shows how many have been made.
pub(super) fn batch<C: Borrow<Change>>(
    client: &mut Client,
    length: usize,
    changes: impl Iterator<Item = C>,
) -> Result<Vec<Refusal>, Error> {
    let progress = Progress::of(length);
    // They are asked for one by one as they are sent.
    client.batch(changes.enumerate().map(|(made, change)| {
        if made.is_multiple_of(STEP) {
            progress.show(made);
        }
        change
    }))
}
