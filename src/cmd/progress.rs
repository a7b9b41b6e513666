//! Progress of long work, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish};

use crate::error::Error;
use crate::model::Change;
use crate::netlink::{Client, Refusal};

/// Fewer changes are made before anybody has read how many.
const WORTH_SHOWING: usize = 2000;

/// Changes between two looks at the clock.
const STEP: usize = 1000;

/// A bar on standard error; it shows nothing where that is no terminal, or the work is short.
pub(super) fn bar(changes: usize) -> ProgressBar {
    let target = if changes < WORTH_SHOWING {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    ProgressBar::with_draw_target(Some(changes as u64), target)
        .with_finish(ProgressFinish::AndClear)
}

/// Makes the changes, and shows how many there are still to make.
pub(super) fn batch(client: &mut Client, changes: &[&Change]) -> Result<Vec<Refusal>, Error> {
    let bar = bar(changes.len());
    if bar.is_hidden() {
        return client.batch(changes.iter().copied());
    }
    let mut refusals = Vec::new();
    for (number, step) in changes.chunks(STEP).enumerate() {
        let refused = client.batch(step.iter().copied())?.into_iter();
        refusals.extend(refused.map(|it| Refusal { index: number * STEP + it.index, ..it }));
        bar.inc(step.len() as u64);
    }
    Ok(refusals)
}
