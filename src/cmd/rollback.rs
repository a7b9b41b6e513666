//! `ipvsadm rollback`: makes the table equal to the one before a recorded change.

use crate::classic::LineNumbers;
use crate::cli::{Order, RollbackVerb};
use crate::error::Error;
use crate::transaction::Needs;
use crate::transaction::history::History;

use super::apply::{self, Goal};
use super::desired::Desired;
use super::outcome::refused;
use super::session::Session;

pub(super) fn run(session: &mut Session<'_>, verb: &RollbackVerb, json: bool) -> Result<u8, Error> {
    let outcome = rollback(session, verb, json);
    refused(session, outcome)
}

fn rollback(session: &mut Session<'_>, verb: &RollbackVerb, json: bool) -> Result<u8, Error> {
    // The lock comes first, so that the newest record is still the newest when it is applied.
    let journal = apply::begin(session, &verb.order)?;
    let (number, _, table) = History::look()?.find(verb.number)?;
    let limits = &verb.order.limits;
    let needs = Needs::of_table(&table, |key| limits.contain(key));
    let desired = Desired { table, lines: LineNumbers::default(), needs };
    let order = Order { file: format!("record {number}"), ..verb.order.clone() };
    let name = format!("the one before change {number}");
    let goal = Goal { order: &order, verb: "rollback", source: "the record", name: &name };
    apply::reach(session, desired, journal, &goal, json)
}
