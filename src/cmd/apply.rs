//! `ipvsadm apply`: the table becomes that of a file, without an outage, or stays as it was.
//!
//! ```text
//! # ipvsadm apply /etc/ipvsadm.rules
//! 3 changes made: 1 added, 1 edited, 1 deleted
//! ```

mod confirm;
mod execute;
pub(super) mod journal;
pub(super) mod undo;
pub(super) mod work;

use std::borrow::Cow;
use std::io::ErrorKind;
use std::time::Duration;

use crate::cli::{ApplyVerb, Order};
use crate::diff::{Delta, Limits, plan};
use crate::error::{Error, Rejection};
use crate::model::{Change, Table};
use crate::output::paint::Paint;
use crate::system::journal::Journal;
use crate::system::signals::Signals;

use super::offer::Effort;
use super::wish::Wish;
use super::{Session, is_closed_pipe, snapshot, wish};
use crate::output::changes as report;
use execute::Stop;

/// The name of the lock and the journal of those who change the table.
const LOCK: &str = "apply";

/// Up to so many services the whole table is read back afterwards; beyond, the list of services and
/// the real servers of those that were changed.
const READ_BACK: usize = 1000;

/// `--dry-run`: there is something to do.
const WOULD_CHANGE: u8 = 1;
/// Nothing was changed.
const TROUBLE: u8 = 2;
/// The table is as before.
const UNDONE: u8 = 3;
/// The table is neither as wished nor as before.
const BETWEEN: u8 = 4;

pub(super) fn run(session: &mut Session<'_>, verb: &ApplyVerb, json: bool) -> Result<u8, Error> {
    let outcome = match verb {
        ApplyVerb::Apply(order) => apply(session, order, json),
        ApplyVerb::Accept => confirm::accept(session, json),
        ApplyVerb::Recover { wait } => undo::recover(session, *wait, json),
    };
    match outcome {
        Err(error) if session.settled.is_none() && !is_closed_pipe(&error) => {
            session.complain(&error);
            Ok(TROUBLE)
        }
        other => other,
    }
}

/// What was wished and what is to be done for it.
struct Job {
    wish: Wish,
    limits: Limits,
    current: Table,
    target: Table,
    changes: Vec<Change>,
    delta: Delta,
}

fn apply(session: &mut Session<'_>, order: &Order, json: bool) -> Result<u8, Error> {
    let wish = wish::read(session, &order.file, &order.limits)?;
    session.tell_notes();
    // Looking needs no lock.
    let journal = if order.dry_run { None } else { Some(lock(session, order.wait)?) };
    if let Some(journal) = &journal
        && !journal::pending(journal, session.client()?)?.is_empty()
    {
        return Err(Rejection::Unfinished.into());
    }
    let job = prepare(session, wish, order)?;
    let Some(journal) = journal else {
        let status = if job.changes.is_empty() { 0 } else { WOULD_CHANGE };
        session.settle_report(status, TROUBLE);
        report(session, &job.delta, "dry_run", json, true)?;
        return Ok(status);
    };
    if job.changes.is_empty() {
        session.settle_success(json);
        report(session, &job.delta, "unchanged", json, false)?;
        return Ok(0);
    }
    let signals = Signals::catch()?;
    let written = journal::write(&journal, [(&job.delta.before, Some(&job.delta.after))]);
    // What cannot be made lasting is not begun, and must not stay as if it had been.
    written.inspect_err(|_| drop(journal.clear()))?;
    match carry_out(session, order, &job, &signals) {
        Ok(status) => {
            let cleared = journal.clear();
            settle(session, status, cleared);
            if status == 0 {
                session.settle_success(json);
                report(session, &job.delta, "applied", json, false)?;
            }
            Ok(status)
        }
        Err((done, stop)) => Ok(undo::failed(session, &journal, &job, &done, &stop)),
    }
}

/// The table is changed, and `status` says how.
fn settle(session: &mut Session<'_>, status: u8, tidied: Result<(), Error>) {
    session.settle(status);
    if let Err(error) = tidied {
        session.complain(&error);
    }
}

/// From the first change on nothing may end the program before it has tidied up.
fn carry_out(
    session: &mut Session<'_>,
    order: &Order,
    job: &Job,
    signals: &Signals,
) -> Result<u8, (Vec<usize>, Stop)> {
    let all = || (0..job.changes.len()).collect();
    let broken = |error| (all(), Stop::Broken(error));
    execute::run(session.client().map_err(broken)?, &job.changes, signals)?;
    let status = read_back(session, job).map_err(broken)?;
    if let Some(patience) = order.confirm
        && let Some(why) = confirm::wait(session, patience, signals).map_err(broken)?
    {
        return Err((all(), Stop::Unconfirmed(why)));
    }
    Ok(status)
}

fn lock(session: &mut Session<'_>, wait: Duration) -> Result<Journal, Error> {
    match lock_within(wait) {
        // Report missing table access first.
        Err(error @ (Error::System { .. } | Error::Obstacle(_))) => {
            session.client()?.info().and(Err(error))
        }
        lock => lock,
    }
}

/// The lock of those who change the table. Who has it knows that no apply waits for a word: what
/// says so is left of one that was killed.
fn lock_within(patience: Duration) -> Result<Journal, Error> {
    let journal = Journal::lock_within(LOCK, patience)?.ok_or(Rejection::Busy)?;
    confirm::forget()?;
    Ok(journal)
}

/// The same for those who go on without it: why there is no lock stands in the inner result.
pub(super) fn lock_where_possible(patience: Duration) -> Result<Result<Journal, Error>, Error> {
    match lock_within(patience) {
        Err(error @ Error::Rejection(Rejection::Busy)) => Err(error),
        lock => Ok(lock),
    }
}

/// What going on without the lock means. Nothing if /run cannot be written by anybody: no writer of
/// ours locks there either.
pub(super) fn unlocked_hints(why: &Error) -> Vec<String> {
    if let Error::System { source, .. } = why
        && matches!(source.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::NotFound)
    {
        return Vec::new();
    }
    let meaning = "without its lock another ipvsadm may be changing the table at the same time, and \
                   a run that is killed half way cannot be undone";
    vec![why.to_string(), meaning.to_owned()]
}

fn prepare(session: &mut Session<'_>, mut wish: Wish, order: &Order) -> Result<Job, Error> {
    let limits = order.limits.clone();
    wish.needs.check(session, if order.dry_run { Effort::Look } else { Effort::Load })?;
    let current = snapshot::whole(session.client()?, &wish.table)?;
    let ours = |table: &Table| table.pools.keys().filter(|key| limits.contain(key)).count();
    if ours(&wish.table) == 0 && ours(&current) > 0 && !order.allow_empty {
        return Err(Rejection::Empty { is_scoped: !limits.scopes.is_empty() }.into());
    }
    let passed_over = wish.table.pools.len() - ours(&wish.table);
    if passed_over > 0 {
        session.hint(&[format!("{passed_over} services of the file are outside the scope")]);
    }
    let rest = wish.table.timeouts.is_some() || !wish.table.daemons.is_empty();
    if rest && !limits.scopes.is_empty() {
        session.hint(&["time-outs and sync daemons of the file are outside the scope".to_owned()]);
    }
    let target = match limits.target(&current, &wish.table) {
        Cow::Owned(target) => target,
        Cow::Borrowed(_) => std::mem::take(&mut wish.table),
    };
    let changes = plan(&current, &target);
    let delta = Delta::of(&changes, &current);
    Ok(Job { wish, limits, current, target, changes, delta })
}

/// Looks whether the table is as wished; if not, another program has written to it.
fn read_back(session: &mut Session<'_>, job: &Job) -> Result<u8, Error> {
    let touched = job.delta.services();
    let all = job.target.pools.len() <= READ_BACK;
    let (expected, now) = snapshot::doubtful(session.client()?, &job.target, |key| {
        job.limits.contain(key).then(|| all || touched.contains(key))
    })?;
    // In this direction what the wish leaves to the kernel counts as equal.
    if plan(&now, &expected).is_empty() {
        return Ok(0);
    }
    session.say("another program has changed the table meanwhile");
    session.hint(&difference(&expected, &now)?);
    Ok(BETWEEN)
}

/// What differs, a line each.
fn difference(expected: &Table, now: &Table) -> Result<Vec<String>, Error> {
    let mut text = Vec::new();
    report::text(&Delta::of(&plan(expected, now), expected), Paint(false), &mut text)?;
    Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
}

fn report(
    session: &mut Session<'_>,
    delta: &Delta,
    result: &str,
    json: bool,
    lines: bool,
) -> Result<(), Error> {
    if json {
        report::json(delta, Some(result), session.out)?;
    } else if lines {
        report::text(delta, session.paint(), session.out)?;
    } else {
        writeln!(session.out, "{}", report::summary(delta))?;
    }
    match session.out.flush() {
        // A reader who has seen enough changes nothing in what was found.
        Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(()),
        flushed => Ok(flushed?),
    }
}
