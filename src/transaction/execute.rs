//! Making changes in steps, between which there is time to stop.

use crate::error::{Errno, Error};
use crate::model::Change;
use crate::netlink::{Client, REQUESTS, Refusal};
use crate::system::signals::Signals;

use super::progress::{Doing, Progress};

/// Why it stopped before the end.
#[derive(Debug)]
pub enum Stop {
    /// The kernel refused changes; the first of them, by its place in the plan.
    Refused {
        /// The place of the first.
        index: usize,
        /// Why it was refused.
        errno: Errno,
        /// The number of others.
        more: usize,
    },
    /// The kernel cannot be asked any more.
    Broken(Error),
    /// A signal of this name came.
    Signal(&'static str),
    /// Nobody confirmed, for this reason.
    Unconfirmed(&'static str),
}

/// The places of the changes that were or may have been made, and why the rest was not.
pub type Stopped = (Vec<usize>, Stop);

/// Makes the changes. If it stops, the places of those that were or may have been made stand with
/// the reason.
pub fn run(
    client: &mut Client,
    changes: &[Change],
    signals: &Signals,
    progress: &mut dyn Progress,
) -> Result<(), Stopped> {
    progress.begin(changes.len(), Doing::Make);
    let outcome = make(client, changes, signals, progress);
    progress.end();
    outcome
}

fn make(
    client: &mut Client,
    changes: &[Change],
    signals: &Signals,
    progress: &mut dyn Progress,
) -> Result<(), Stopped> {
    let mut made = 0;
    // Nothing is deleted before everything else has succeeded, but for a daemon that has to wait for
    // it: a deletion can be undone, but by then its connections have missed packets and its counters
    // are gone.
    for phase in changes.chunk_by(|one, next| deletes(one) == deletes(next)) {
        // One send each.
        for step in phase.chunks(REQUESTS) {
            if let Some(name) = signals.received() {
                return Err(((0..made).collect(), Stop::Signal(name)));
            }
            let mut refusals = client
                .batch(step)
                .map_err(|error| ((0..made + step.len()).collect(), Stop::Broken(error)))?;
            // If another program has deleted the same thing before us, nothing is wrong.
            refusals.retain(|refusal| !step[refusal.index].is_needless(refusal.errno));
            if let Some(first) = refusals.iter().min_by_key(|refusal| refusal.index) {
                let refused = |place| refusals.iter().any(|refusal| made + refusal.index == place);
                let done = (0..made + step.len()).filter(|place| !refused(*place)).collect();
                let Refusal { index, errno } = *first;
                let more = refusals.len() - 1;
                return Err((done, Stop::Refused { index: made + index, errno, more }));
            }
            made += step.len();
            progress.advance(made);
        }
    }
    // The last moment to notice.
    match signals.received() {
        Some(name) => Err(((0..made).collect(), Stop::Signal(name))),
        None => Ok(()),
    }
}

fn deletes(change: &Change) -> bool {
    matches!(change, Change::DeleteService(_) | Change::DeleteDestination(..))
}
