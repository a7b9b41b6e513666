//! From what the user asks and the facts about the host to steps. No I/O.
//!
//! The order is the same everywhere, and undone backwards: first ARP suppression, then tunnels and
//! routes, then the virtual address, then what keeps it after a boot. So no host ever answers for an
//! address that it must not speak for.

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

/// What is to be kept after a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep<'a> {
    /// Nothing.
    Nothing,
    /// Everything, in the network namespace of that name, or the host's.
    Everything(Option<&'a str>),
}

/// Every step in its order, also those that are done already.
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

/// A step that several holders need stands once, where the first of them needs it.
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
