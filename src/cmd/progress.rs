//! Shows the progress of a long run on a terminal.

use std::borrow::Borrow;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::model::Change;
use crate::netlink::{Client, Refusal};
use crate::transaction::{Doing, Progress, progress};

/// Number of changes from which progress is shown at once. Fewer are made before a user could read
/// it.
const WORTH_SHOWING: usize = 2000;

/// Time after which progress is shown for any number of changes.
const LONG: Duration = Duration::from_secs(1);

/// A progress counter on standard error, erased at the end of the run. If the run is short or
/// standard error is not a terminal, the counter is not shown. A progress library would also load
/// the C mathematics library, which would cost every command a millisecond or more.
#[derive(Default)]
pub(super) struct Line(Option<Run>);

/// A run that has begun.
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
            Doing::Undo => "rolled back",
        };
        let is_terminal = stderr().is_terminal();
        self.0 = Some(Run { changes, done, start: Instant::now(), is_terminal, is_shown: false });
    }

    fn advance(&mut self, made: usize) {
        let Some(run) = &mut self.0 else { return };
        // Even few changes can take long: at each addition, the kernel searches all real servers
        // that were deleted within two minutes.
        let is_long = run.changes >= WORTH_SHOWING || run.start.elapsed() >= LONG;
        if run.is_terminal && is_long {
            run.is_shown = true;
            write!(stderr(), "\r{made} of {} changes {}", run.changes, run.done).ok();
        }
    }

    fn end(&mut self) {
        if self.0.take().is_some_and(|run| run.is_shown) {
            // Return to the first column and erase the line (ECMA-48 EL).
            write!(stderr(), "\r\x1b[K").ok();
        }
    }
}

/// Sends at most `length` changes as one batch and shows the progress.
pub(super) fn batch<C: Borrow<Change>>(
    client: &mut Client,
    length: usize,
    changes: impl Iterator<Item = C>,
) -> Result<Vec<Refusal>, Error> {
    progress::batch(client, &mut Line::default(), length, Doing::Make, changes)
}
