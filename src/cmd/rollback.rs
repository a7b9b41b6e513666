//! `ipvsadm rollback`: takes recorded changes back.

use std::sync::Arc;

use crate::classic::LineNumbers;
use crate::cli::{Order, RollbackVerb};
use crate::error::Error;
use crate::model::ServiceKey;
use crate::transaction::history::{History, Recorded, Remark, Reversal};
use crate::transaction::{Needs, outside, snapshot};

use super::apply::{self, Goal};
use super::desired::Desired;
use super::outcome::refused;
use super::session::{Session, more_lines};
use super::writers::BETWEEN;

/// Most remarks printed.
const NAMED: usize = 10;

pub(super) fn run(session: &mut Session<'_>, verb: &RollbackVerb, json: bool) -> Result<u8, Error> {
    let outcome = rollback(session, verb, json);
    refused(session, outcome)
}

fn rollback(session: &mut Session<'_>, verb: &RollbackVerb, json: bool) -> Result<u8, Error> {
    // The lock comes first, so that the newest record is still the newest when it is taken back.
    let journal = apply::begin(session, &verb.order)?;
    let recorded = History::look()?.since(verb.number)?;
    let number = recorded.last().map_or(0, |oldest| oldest.number);
    let touched = outside(recorded.iter().map(|it| &it.stage));
    let current = snapshot::whole(session.client()?, &touched)?;
    let mut reversal = Reversal::of(current.clone(), verb.overwrite);
    for it in &recorded {
        reversal.take_back(it.number, &it.stage, it.record.summary.gradual);
    }
    let Reversal { table, remarks, .. } = reversal;
    let limits = &verb.order.limits;
    let is_meant = |it: &Remark| {
        it.service.map_or(limits.scopes.is_empty(), |key| limits.contain(&key))
            && !(limits.keep_weights && it.is_weight())
    };
    let remarks: Vec<Remark> = remarks.into_iter().filter(is_meant).collect();
    let is_left = remarks.iter().any(Remark::is_left);
    explain(session, &recorded, &remarks, number);

    let is_same = |key: &ServiceKey| {
        let (now, then) = (current.pools.get(key), table.pools.get(key));
        now.zip(then).is_some_and(|(now, then)| Arc::ptr_eq(now, then))
    };
    let needs = Needs::of_table(&table, |key| limits.contain(key) && !is_same(key));
    let desired = Desired { table, lines: LineNumbers::default(), needs };
    let order = Order { file: format!("record {number}"), ..verb.order.clone() };
    let rest = if is_left { ", except for the changes by other programs" } else { "" };
    let name = format!("the one before change {number}{rest}");
    let goal = Goal { order: &order, verb: "rollback", source: "the record", name: &name };
    let status = apply::reach(session, desired, Some(current), journal, &goal, json)?;
    if status == 0 && is_left && !order.dry_run {
        session.settle(BETWEEN);
        return Ok(BETWEEN);
    }
    Ok(status)
}

/// Reports what stays as it is, and which changes are not known.
fn explain(session: &mut Session<'_>, recorded: &[Recorded], remarks: &[Remark], number: u64) {
    let mut hints: Vec<String> = remarks.iter().take(NAMED).map(ToString::to_string).collect();
    if remarks.len() > NAMED {
        hints.push(more_lines(remarks.len() - NAMED));
    }
    if remarks.iter().any(Remark::is_left) {
        hints.push(format!(
            "to take these changes back, too: ipvsadm rollback --overwrite {number}"
        ));
    }
    let newest = recorded.first().map_or(number, |newest| newest.number);
    let all = usize::try_from(newest - number).unwrap_or(usize::MAX).saturating_add(1);
    match all.saturating_sub(recorded.len()) {
        0 => {}
        1 => hints.push(format!(
            "1 change after change {number} is not recorded any more, so rollback does not take it back"
        )),
        gone => hints.push(format!(
            "{gone} changes after change {number} are not recorded any more, so rollback does not take them back"
        )),
    }
    session.hint(&hints);
}
