//! Sends a plan's changes in batches and stops at a refusal or a signal.

use crate::error::{Errno, Error};
use crate::model::Change;
use crate::netlink::{Client, REQUESTS, Refusal};
use crate::system::signals::Signals;

use super::progress::{Doing, Progress};

/// Reason why a run stopped before the end of its plan.
#[derive(Debug)]
pub enum Stop {
    /// The kernel refused changes.
    Refused {
        /// Index in the plan of the first refused change.
        index: usize,
        /// Error number of that refusal.
        errno: Errno,
        /// Number of further refusals in the same send.
        more: usize,
    },
    /// The connection to the kernel failed.
    Broken(Error),
    /// A signal came; the text names it: `interrupted by SIGTERM`.
    Signal(&'static str),
    /// Nobody confirmed the change; the text says why.
    Unconfirmed(&'static str),
}

/// Indices in the plan of the changes that were made or may have been made, and the reason of the
/// stop.
pub type Stopped = (Vec<usize>, Stop);

/// Makes the changes of a plan in their order.
///
/// # Errors
/// [`Stopped`], with the changes that the caller must roll back.
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
    // All additions and edits come before the first deletion. Rollback can add a deleted object
    // again, but its connections have lost packets and its counters are gone. The only exception is
    // a sync daemon that must stop before another can start.
    for phase in changes.chunk_by(|one, next| deletes(one) == deletes(next)) {
        // Each batch is one send.
        for requests in phase.chunks(REQUESTS) {
            if let Some(name) = signals.received() {
                return Err(((0..made).collect(), Stop::Signal(name)));
            }
            let mut refusals = client
                .batch(requests)
                .map_err(|error| ((0..made + requests.len()).collect(), Stop::Broken(error)))?;
            // If another program has deleted the same object first, the refusal is harmless.
            refusals.retain(|refusal| !requests[refusal.index].is_needless(refusal.errno));
            if let Some(first) = refusals.iter().min_by_key(|refusal| refusal.index) {
                let refused = |place| refusals.iter().any(|refusal| made + refusal.index == place);
                let done = (0..made + requests.len()).filter(|place| !refused(*place)).collect();
                let Refusal { index, errno } = *first;
                let more = refusals.len() - 1;
                return Err((done, Stop::Refused { index: made + index, errno, more }));
            }
            made += requests.len();
            progress.advance(made);
        }
    }
    // After this check, a signal no longer rolls the changes back.
    match signals.received() {
        Some(name) => Err(((0..made).collect(), Stop::Signal(name))),
        None => Ok(()),
    }
}

fn deletes(change: &Change) -> bool {
    matches!(change, Change::DeleteService(_) | Change::DeleteDestination(..))
}
