//! Progress of long work, on a terminal only.

use std::io::{IsTerminal, Write, stderr};

use crate::error::Error;
use crate::model::Change;
use crate::netlink::{Client, Refusal};

/// Fewer changes are made before anybody has read how many.
const WORTH_SHOWING: usize = 2000;

/// Changes between two looks at the clock.
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

/// Makes the changes, and shows how many have been made.
pub(super) fn batch(client: &mut Client, changes: &[&Change]) -> Result<Vec<Refusal>, Error> {
    let progress = Progress::of(changes.len());
    if !progress.is_shown {
        return client.batch(changes.iter().copied());
    }
    let mut refusals = Vec::new();
    for (number, step) in changes.chunks(STEP).enumerate() {
        let made = number * STEP;
        let refused = client.batch(step.iter().copied())?.into_iter();
        refusals.extend(refused.map(|it| Refusal { index: made + it.index, ..it }));
        progress.show(made + step.len());
    }
    Ok(refusals)
}
