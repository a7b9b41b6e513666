//! `ipvsadm apply`: makes the kernel's table equal to a file, without an outage, or leaves it as it
//! was.
//!
//! ```text
//! # ipvsadm apply /etc/ipvsadm.rules
//! 3 changes made: 1 added, 1 edited, 1 deleted
//! ```

mod confirm;

use std::borrow::Cow;
use std::io::ErrorKind;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::{ApplyVerb, Order};
use crate::diff::{Delta, Limits, plan};
use crate::error::{Error, Rejection};
use crate::model::{Change, Family, Pool, Table};
use crate::output::changes::{self as report, Ending};
use crate::system::signals::Signals;
use crate::transaction::execute::{self, Stop, Stopped};
use crate::transaction::{Effort, Journal, Rollback, rollback, snapshot};

use super::desired::{self, Desired};
use super::outcome::{TROUBLE, refused};
use super::progress::Line;
use super::recording::{self, Planned};
use super::session::Session;
use super::writers::{BETWEEN, first_lines, locked, settle, stuck, told};

/// Number of services up to which the whole table is read back. In larger tables, only the list of
/// services and the real servers of changed services are read. If such a table has only IPv4, that
/// list lacks IPv6 services added by other programs, and the engines of unchanged services.
const READ_BACK: usize = 1000;

/// Exit status of `--dry-run` if there is something to do.
const WOULD_CHANGE: u8 = 1;

pub(super) fn run(session: &mut Session<'_>, verb: &ApplyVerb, json: bool) -> Result<u8, Error> {
    let outcome = match verb {
        ApplyVerb::Apply(order) => apply(session, order, json),
        ApplyVerb::Accept => confirm::accept(session, json),
        ApplyVerb::Recover { wait } => recover(session, *wait, json),
    };
    refused(session, outcome)
}

/// The desired state, and the work to reach it.
struct Job {
    /// The desired state. If `target` is its table, this table is empty.
    desired: Desired,
    limits: Limits,
    current: Table,
    target: Table,
    changes: Vec<Change>,
    delta: Delta,
}

impl Job {
    /// The place in the file that last mentions the object of `change`, for messages.
    fn place(&self, change: &Change) -> String {
        let read = &self.desired.table;
        let table = if read.pools.is_empty() { &self.target } else { read };
        self.desired.lines.place(table, change)
    }
}

fn apply(session: &mut Session<'_>, order: &Order, json: bool) -> Result<u8, Error> {
    let desired = desired::read(session, &order.file, &order.limits)?;
    session.tell_notes();
    let journal = begin(session, order)?;
    let goal = Goal { order, verb: "apply", source: "the file", name: "the file" };
    reach(session, desired, None, journal, &goal, json)
}

/// Takes the lock, unless this is a dry run, which only reads.
pub(super) fn begin(session: &mut Session<'_>, order: &Order) -> Result<Option<Journal>, Error> {
    if order.dry_run {
        return Ok(None);
    }
    let journal = locked(session, order.wait)?;
    if !journal.pending(session.client()?)?.is_empty() {
        return Err(Rejection::Unfinished.into());
    }
    Ok(Some(journal))
}

/// What to reach, and how messages name it.
pub(super) struct Goal<'a> {
    pub order: &'a Order,
    pub verb: &'static str,
    /// The source of the desired state: `the file` or `the record`.
    pub source: &'static str,
    /// The desired state, for a table that is equal to it.
    pub name: &'a str,
}

/// Makes the table equal to the desired state. `current` is the current state, if the caller has
/// read it.
pub(super) fn reach(
    session: &mut Session<'_>,
    desired: Desired,
    current: Option<Table>,
    journal: Option<Journal>,
    goal: &Goal<'_>,
    json: bool,
) -> Result<u8, Error> {
    let order = goal.order;
    // The program ends after this: freeing two tables of thousands of services one by one would cost
    // three percent of an apply.
    let job = ManuallyDrop::new(new_job(session, desired, current, goal)?);
    let Some(journal) = journal else {
        let status = if job.changes.is_empty() { 0 } else { WOULD_CHANGE };
        session.settle_report(status, TROUBLE);
        print_report(session, &job.delta, Ending::DryRun, None, json)?;
        return Ok(status);
    };
    if job.changes.is_empty() {
        session.settle_success(json);
        print_summary(session, &job.delta, Ending::Unchanged, goal, None, json)?;
        return Ok(0);
    }
    let signals = Signals::catch()?;
    let (before, delta) = (&job.current, Some(&job.delta));
    let planned = Planned { verb: goal.verb, before, delta, gradual: false, durable: true };
    let draft = recording::draft(session, &planned);
    let written = journal.write([(&job.delta.before, Some(&job.delta.after))]);
    // Do not start unless the journal is durable, and leave no journal of a run that never started.
    written.inspect_err(|_| drop(journal.clear()))?;
    match carry_out(session, order, &job, &signals) {
        Ok(status) => {
            let cleared = journal.clear();
            settle(session, status, cleared);
            let record = recording::keep(session, draft);
            if status == 0 {
                session.settle_success(json);
                print_summary(session, &job.delta, Ending::Applied, goal, record, json)?;
            } else if json {
                print_report(session, &job.delta, Ending::Between, record, json)?;
            }
            Ok(status)
        }
        Err((done, stop)) => {
            drop(draft);
            let status = failed(session, &journal, &job, &done, &stop);
            session.settle(status);
            if json && status == BETWEEN {
                print_report(session, &job.delta, Ending::Between, None, json)?;
            } else if json {
                print_report(session, &Delta::default(), Ending::RolledBack, None, json)?;
            }
            Ok(status)
        }
    }
}

/// Makes the changes. From the first change on, only the end of the rollback may end the program.
fn carry_out(
    session: &mut Session<'_>,
    order: &Order,
    job: &Job,
    signals: &Signals,
) -> Result<u8, Stopped> {
    let all = || (0..job.changes.len()).collect();
    let broken = |error| (all(), Stop::Broken(error));
    let client = session.client().map_err(broken)?;
    execute::run(client, &job.changes, signals, &mut Line::default())?;
    let status = read_back(session, job).map_err(broken)?;
    if let Some(patience) = order.confirm
        && let Some(why) = confirm::wait(session, patience, signals).map_err(broken)?
    {
        return Err((all(), Stop::Unconfirmed(why)));
    }
    Ok(status)
}

fn new_job(
    session: &mut Session<'_>,
    mut desired: Desired,
    current: Option<Table>,
    goal: &Goal<'_>,
) -> Result<Job, Error> {
    let order = goal.order;
    let limits = order.limits.clone();
    let effort = if order.dry_run { Effort::Look } else { Effort::Load };
    desired::check(session, &desired.needs, effort).map_err(|error| error.in_file(&order.file))?;
    let is_read = current.is_some();
    let current = match current {
        Some(current) => current,
        None => snapshot::whole(session.client()?, &desired.table)?,
    };
    let ours = |table: &Table| table.pools.keys().filter(|key| limits.contain(key)).count();
    if ours(&desired.table) == 0 && ours(&current) > 0 && !order.allow_empty {
        let is_scoped = !limits.scopes.is_empty();
        return Err(Rejection::Empty { is_scoped, existing: ours(&current) }.into());
    }
    let passed_over = desired.table.pools.iter().filter(|(key, pool)| {
        // A caller that has read the table begins with it, and so shares what it does not change.
        let is_same = |now: &Arc<Pool>| is_read && Arc::ptr_eq(now, pool);
        !limits.contain(key) && !current.pools.get(*key).is_some_and(is_same)
    });
    let passed_over = passed_over.count();
    if passed_over > 0 {
        session.hint(&[outside(passed_over, goal.source)]);
    }
    let rest = desired.table.timeouts.is_some() || !desired.table.daemons.is_empty();
    if rest && !limits.scopes.is_empty() {
        session.hint(&[format!(
            "time-outs and sync daemons of {} are outside the scope, so they are ignored",
            goal.source
        )]);
    }
    let target = match limits.target(&current, &desired.table) {
        Cow::Owned(target) => target,
        Cow::Borrowed(_) => std::mem::take(&mut desired.table),
    };
    let changes = plan(&current, &target);
    let delta = Delta::of(&changes, &current);
    Ok(Job { desired, limits, current, target, changes, delta })
}

/// Checks whether the table is as desired; if not, another program has changed it.
fn read_back(session: &mut Session<'_>, job: &Job) -> Result<u8, Error> {
    let touched = job.delta.services();
    let all = job.target.pools.len() <= READ_BACK;
    // The netlink list of services, the only source of IPv6 services and engines, takes a fifth of
    // the run.
    let mut keys = job.current.pools.keys().chain(job.target.pools.keys());
    let only_ipv4 = !all && keys.all(|key| key.family() == Family::V4);
    let (expected, now) = snapshot::mismatches(session.client()?, &job.target, only_ipv4, |key| {
        job.limits.contain(key).then(|| all || touched.contains(key))
    })?;
    // Plan from `now`, so that values left to the kernel count as equal.
    if plan(&now, &expected).is_empty() {
        return Ok(0);
    }
    session.say("another program has changed the table meanwhile");
    session.hint(&first_lines(&rollback::difference(&expected, &now)));
    Ok(BETWEEN)
}

/// Rolls back the changes at these indices of the plan, and reports the reason.
fn failed(
    session: &mut Session<'_>,
    journal: &Journal,
    job: &Job,
    done: &[usize],
    stop: &Stop,
) -> u8 {
    let done = done.iter().map(|place| &job.changes[*place]);
    let undone = rollback::take_back_changes(&job.current, done, journal, &mut Line::default());
    explain(session, job, stop);
    told(session, undone)
}

fn explain(session: &mut Session<'_>, job: &Job, stop: &Stop) {
    match stop {
        Stop::Refused { index, errno, more } => {
            let change = &job.changes[*index];
            let (operation, errno) = (change.operation(), *errno);
            let object = job.place(change);
            session.complain(&Error::Kernel { operation, errno, object });
            if *more > 0 {
                let refused = if *more == 1 { "change was" } else { "changes were" };
                session.hint(&[format!("{more} more {refused} refused")]);
            }
        }
        Stop::Broken(error) => session.complain(error),
        Stop::Signal(why) | Stop::Unconfirmed(why) => session.say(why),
    }
}

/// Hint that names the number of services that the scope excludes.
fn outside(services: usize, source: &str) -> String {
    match services {
        1 => format!("1 service of {source} is outside the scope, so it is ignored"),
        _ => format!("{services} services of {source} are outside the scope, so they are ignored"),
    }
}

/// `--recover`: rolls back the changes of a killed run.
fn recover(session: &mut Session<'_>, wait: Duration, json: bool) -> Result<u8, Error> {
    let journal = locked(session, wait)?;
    match rollback::recover(session.client()?, &journal, &mut Line::default())? {
        None => Err(Rejection::NothingToRecover.into()),
        Some((back, Rollback::Partial(error))) => {
            let status = stuck(session, &error);
            session.settle(status);
            if json {
                print_report(session, &back, Ending::Between, None, json)?;
            }
            Ok(status)
        }
        Some((back, Rollback::Complete { tidied, .. })) => {
            settle(session, 0, tidied);
            session.settle_success(json);
            print_report(session, &back, Ending::Recovered, None, json)?;
            Ok(0)
        }
    }
}

/// Prints every change.
fn print_report(
    session: &mut Session<'_>,
    delta: &Delta,
    ending: Ending,
    record: Option<u64>,
    json: bool,
) -> Result<(), Error> {
    if json {
        report::json(delta, Some(ending), record, session.json_style(), session.out)?;
    } else {
        report::text(delta, session.paint(), session.out)?;
    }
    flush(session)
}

/// Prints the number of changes, and how to undo them.
fn print_summary(
    session: &mut Session<'_>,
    delta: &Delta,
    ending: Ending,
    goal: &Goal<'_>,
    record: Option<u64>,
    json: bool,
) -> Result<(), Error> {
    if json {
        return print_report(session, delta, ending, record, true);
    }
    let scope = if goal.order.limits.scopes.is_empty() { "" } else { " within the scope" };
    writeln!(session.out, "{}", report::summary(delta, &format!("{}{scope}", goal.name)))?;
    flush(session)?;
    if let Some(record) = record {
        session.hint(&[format!("to undo this: ipvsadm rollback {record}")]);
    }
    Ok(())
}

fn flush(session: &mut Session<'_>) -> Result<(), Error> {
    match session.out.flush() {
        // The reader has closed the pipe, which is no error.
        Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(()),
        flushed => Ok(flushed?),
    }
}
