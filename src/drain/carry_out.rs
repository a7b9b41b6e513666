//! Carries out a plan, or rolls it back.

use super::plan::{Plan, Step};
use super::ramp::{Ramp, Stage};
use super::records::Records;
use super::seen::TEMPLATE;
use super::store::Store;
use crate::classic::describe;
use crate::error::Error;
use crate::model::{Change, Destination};
use crate::netlink::Client;
use crate::system::sysctl;

/// Makes the changes of a plan and writes its records. `records` are the ones from before the plan.
/// The caller holds the lock of the table.
///
/// # Errors
/// The error that stopped the plan; the steps before it are rolled back. [`Error::TakenBack`] if one of
/// them could not be rolled back, or the records could not.
pub fn carry_out(
    client: &mut Client,
    store: &Store,
    records: &Records,
    plan: &Plan,
) -> Result<(), Error> {
    let write = |records: &Records| store.write(records);
    let is_changed = plan.records != *records;
    if is_changed && plan.records_first {
        write(&plan.records)?;
    }
    for (made, step) in plan.steps.iter().enumerate() {
        if let Err(error) = make(client, step) {
            // Unless the kernel has refused the step, nobody knows whether it was made.
            let made = if matches!(error, Error::Kernel { .. }) { made } else { made + 1 };
            let mut left = take_back(client, &plan.steps[..made]);
            // The record of a weight that could not be given back is the only place that has it.
            if is_changed && plan.records_first && left.is_empty() {
                left.extend(write(records).err().map(|error| error.to_string()));
            }
            if left.is_empty() {
                return Err(error);
            }
            return Err(Error::TakenBack { source: Box::new(error), left });
        }
    }
    if is_changed && !plan.records_first {
        write(&plan.records)?;
    }
    Ok(())
}

fn make(client: &mut Client, step: &Step) -> Result<(), Error> {
    match step {
        Step::Change { make, .. } => match client.change(make) {
            // Another program has deleted the object first.
            Err(Error::Kernel { errno, .. }) if make.is_needless(errno) => Ok(()),
            made => made.map_err(|error| error.about(describe(make))),
        },
        Step::Template { value, .. } => sysctl::write(TEMPLATE, value),
    }
}

/// Rolls steps back, the last one first. Returns a line about each that could not be rolled back.
fn take_back(client: &mut Client, steps: &[Step]) -> Vec<String> {
    let mut left = Vec::new();
    for step in steps.iter().rev() {
        let (name, outcome) = match step {
            Step::Change { back: Some(back), .. } => (describe(back), client.change(back)),
            Step::Change { back: None, .. } => continue,
            Step::Template { former, .. } => {
                (format!("net/{TEMPLATE}"), sysctl::write(TEMPLATE, former))
            }
        };
        left.extend(outcome.err().map(|error| format!("{name}: {error}")));
    }
    left
}

/// Gives each real server its weight at this stage of a ramp. The record is written first, so that
/// it explains the weight even if the run is killed in between.
///
/// # Errors
/// The table cannot be read or changed, or the record cannot be written.
pub fn set_weights(
    client: &mut Client,
    store: &Store,
    records: &mut Records,
    ramp: &Ramp,
    stage: &Stage,
) -> Result<(), Error> {
    let weights = &stage.weights;
    for (service, server, weight) in weights {
        if let Some(record) = records.of_mut(service, server) {
            record.standing = *weight;
            let goal = ramp.goal(service, server).filter(|goal| *goal != record.weight);
            record.goal = goal.unwrap_or(0);
        }
    }
    store.write(records)?;
    for (service, server, weight) in weights {
        let found = client.destinations(service)?.into_iter();
        let mut found = found.map(|it| it.destination).filter(|it| it.key == *server);
        let Some(found) = found.next() else { continue };
        let change = Change::UpdateDestination(*service, Destination { weight: *weight, ..found });
        client.change(&change).map_err(|error| error.about(describe(&change)))?;
    }
    Ok(())
}
