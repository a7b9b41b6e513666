//! Progress of long work, on a terminal only.

use std::borrow::Borrow;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::model::Change;
use crate::netlink::{Client, Refusal};
use crate::transaction::{Doing, Progress, progress};

/// Fewer changes are made before anybody has read how many.
const WORTH_SHOWING: usize = 2000;

/// What takes longer is shown in any case.
const LONG: Duration = Duration::from_secs(1);

/// A line on standard error that counts, and goes away when the work ends; nothing where that is no
/// terminal, or the work is short. A library for it would be the only user of the mathematics
/// library, and to load that takes every command a millisecond and more.
#[derive(Default)]
pub(super) struct Line(Option<Run>);

/// The run of changes that is going on.
struct Run {
    changes: usize,
    done: &'static str,
    start: Instant,
    is_terminal: bool,
    is_shown: bool,
}

impl Progress for Line {
    fn begin(&mut self, changes: usize, doing: Doing) {
        let done = match doing {
            Doing::Make => "made",
            Doing::Undo => "undone",
        };
        let is_terminal = stderr().is_terminal();
        self.0 = Some(Run { changes, done, start: Instant::now(), is_terminal, is_shown: false });
    }

    fn advance(&mut self, made: usize) {
        let Some(run) = &mut self.0 else { return };
        // Few changes can take long too: the kernel searches the real servers that were deleted in the
        // last two minutes for each that is added.
        let is_long = run.changes >= WORTH_SHOWING || run.start.elapsed() >= LONG;
        if run.is_terminal && is_long {
            run.is_shown = true;
            write!(stderr(), "\r{made} of {} changes {}", run.changes, run.done).ok();
        }
    }

    fn end(&mut self) {
        if self.0.take().is_some_and(|run| run.is_shown) {
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
    progress::batch(client, &mut Line::default(), length, Doing::Make, changes)
}
