//! Plans: the steps from the current to the desired state of a host. No I/O.
//!
//! All plans have the same order, and undo reverses it: first ARP suppression, then tunnels and
//! routes, then the virtual address, then files that keep it after a boot. So a host never answers
//! for an address for which it must not answer.

pub(super) mod arp;
mod director;
mod images;
mod nat;
mod persist;
mod preconditions;
mod question;
pub(super) mod real_server;
pub(super) mod tunnel;

use std::collections::BTreeSet;

pub use images::Images;
pub use question::{effective, question};

use super::facts::Facts;
use super::spec::Spec;
use super::state::{Planned, State};
use super::steps::Step;
use crate::error::Obstacle;

/// The steps to repeat after a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep<'a> {
    Nothing,
    /// Everything, in the named network namespace, or in the host's with `None`.
    Everything(Option<&'a str>),
}

/// All steps in their order, including those already in effect.
pub fn plan(
    spec: &Spec,
    facts: &Facts,
    state: &State,
    images: &Images<'_>,
    keep: Keep<'_>,
) -> Result<Vec<Planned>, Obstacle> {
    let mut phases: [Vec<(Step, String)>; 4] = Default::default();
    for holder in spec.holders() {
        let steps = match (spec, holder.parse()) {
            (Spec::RealServer(spec), Ok(vip)) => {
                real_server::steps(spec, facts, state, images, vip)?
            }
            (Spec::RealServer(spec), Err(_)) => {
                [Vec::new(), nat::steps(spec, facts, state, images)?, Vec::new()]
            }
            (Spec::Director(spec), Ok(vip)) => director::steps(spec, facts, state, vip)?,
            (Spec::Director(_), Err(_)) => continue,
        };
        if let Keep::Everything(netns) = keep {
            let files = persist::files(spec, facts, state, &holder, &steps.concat(), netns)?;
            phases[3].extend(files.into_iter().map(|step| (step, holder.clone())));
        }
        for (phase, steps) in phases.iter_mut().zip(steps) {
            phase.extend(steps.into_iter().map(|step| (step, holder.clone())));
        }
    }
    Ok(merge(phases.into_iter().flatten()))
}

/// Merges equal steps of several holders into one, at the place of the first.
fn merge(steps: impl IntoIterator<Item = (Step, String)>) -> Vec<Planned> {
    let mut planned: Vec<Planned> = Vec::new();
    for (step, holder) in steps {
        match planned.iter_mut().find(|it| it.step == step) {
            Some(it) => {
                it.holders.insert(holder);
            }
            None => planned.push(Planned { step, holders: BTreeSet::from([holder]) }),
        }
    }
    planned
}

#[cfg(test)]
mod tests;
