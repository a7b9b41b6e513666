//! `-R` and `ipvsadm-restore`: the commands on standard input.
//!
//! The whole input is read and understood before the first change. The changes go to the kernel in
//! batches; what it refuses is reported with its line, and the rest goes on.
//!
//! `ipvsadm-restore` cleared the table first. The table that results is the same here, but what is
//! in it already is not touched: its connections live on. Only a file whose lines cannot be taken
//! for a table, since one of them looks at what the others made, is executed on an empty one.
//! Where it is stopped on the way there, everything is taken back.

mod report;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{BufReader, stdin};
use std::time::Duration;

use crate::classic::{Invocation, RuleLine, read_rules};
use crate::diff::{Delta, plan};
use crate::error::{Errno, Error};
use crate::model::{Change, Table};
use crate::netlink::{Client, Refusal};
use crate::reader::{Columns, Reader};
use crate::transaction::{Effort, Guard, Needs, Refused, Step, lock, snapshot};

use super::connections::ask_first;
use super::{Session, desired, is_closed_pipe, progress};
use report::{announce, bring_back, complain, end};

/// How often the table is read and changed again where another program changes it meanwhile.
const TRIES: u32 = 20;

/// How long another of our writers is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of one read of the input.
const CHUNK: usize = 64 * 1024;

pub(super) fn run(session: &mut Session<'_>) -> Result<u8, Error> {
    let lines = read(session)?;
    if lines.is_empty() {
        ask_first(session)?;
    }
    execute(session, &lines, None)
}

/// `ipvsadm-restore`: afterwards the table is that of the file, or the one before.
pub(super) fn replace(session: &mut Session<'_>, ignored: &[String]) -> Result<u8, Error> {
    let outcome = replace_noting(session, !ignored.is_empty());
    if outcome.is_ok() {
        session.hint(ignored);
    }
    outcome
}

/// Says how many services were deleted, if that may be a surprise.
fn replace_noting(session: &mut Session<'_>, is_odd: bool) -> Result<u8, Error> {
    let lines = read(session)?;
    let makes_none = !lines.iter().any(|line| matches!(line.change(), Some(Change::AddService(_))));
    let lock = lock::where_possible(PATIENCE)?;
    let mut guard = Guard::begin(lock, session.client()?);
    let before =
        if is_odd || makes_none { snapshot::keys(session.client()?)? } else { HashSet::new() };
    let outcome = make(session, &mut guard, lines);
    let status = end(session, guard, outcome)?;
    if !before.is_empty() {
        let deleted = before.difference(&snapshot::keys(session.client()?)?).count();
        if deleted > 0 {
            let none = if makes_none { "the input makes no service; " } else { "" };
            session.hint(&[format!("{none}services deleted: {deleted}")]);
        }
    }
    Ok(status)
}

fn make(session: &mut Session<'_>, guard: &mut Guard, lines: Vec<RuleLine>) -> Result<u8, Error> {
    let in_place = lines.iter().enumerate().any(stands_in_its_place)
        || stops_what_it_starts(&lines)
        || starts_what_forbids(&lines);
    if in_place {
        let before = snapshot::whole(session.client()?, &outside(&lines))?;
        return clear_and_execute(session, guard, &lines, before);
    }
    let reader = Reader::open(session.client()?, Columns::CONFIGURED)?;
    if reader.rows().is_empty() {
        let before = snapshot::outside(session.client()?, &outside(&lines))?;
        clear_and_execute(session, guard, &lines, before)
    } else {
        let parts = split(lines);
        let status = converge(session, guard, &parts, reader)?;
        Ok(status.max(execute(session, &parts[2], Some(guard))?))
    }
}

fn clear_and_execute(
    session: &mut Session<'_>,
    guard: &mut Guard,
    lines: &[RuleLine],
    mut before: Table,
) -> Result<u8, Error> {
    let touched = outside(lines);
    before.daemons.retain(|role, _| touched.daemons.contains_key(role));
    guard.remember(&before);
    announce(session, guard, Step::Replaced(before.clone()))?;
    if guard.is_stopped() {
        return Ok(0);
    }
    session.client()?.change(&Change::Flush)?;
    let status = execute(session, lines, Some(guard))?;
    if status != 0 && !guard.is_stopped() {
        bring_back(session, lines, &before)?;
    }
    Ok(status)
}

/// Time-outs and daemons, as far as lines touch them.
fn outside<'a>(lines: impl IntoIterator<Item = &'a RuleLine>) -> Table {
    let mut table = Table::default();
    for change in lines.into_iter().filter_map(RuleLine::change) {
        if let Change::SetTimeouts(_) | Change::StartDaemon(_) | Change::StopDaemon(_) = change {
            // What the kernel would refuse touches nothing.
            let _ = table.change(change);
        }
    }
    table
}

/// A line that looks at the table, or prints, or changes what lines before it made: whether those
/// were refused is known only when they were executed.
fn stands_in_its_place((place, line): (usize, &RuleLine)) -> bool {
    !matches!(
        (place, line.change()),
        (0, Some(Change::Flush))
            | (
                _,
                Some(
                    Change::AddService(_)
                        | Change::AddDestination(..)
                        | Change::SetTimeouts(_)
                        | Change::StartDaemon(_)
                        | Change::StopDaemon(_)
                )
            )
    )
}

/// A daemon is stopped behind the line that starts it: in another order it would be running.
fn stops_what_it_starts(lines: &[RuleLine]) -> bool {
    let mut started = Vec::new();
    lines.iter().any(|line| match line.change() {
        Some(Change::StartDaemon(daemon)) => {
            started.push(daemon.role);
            false
        }
        Some(Change::StopDaemon(role)) => started.contains(role),
        _ => false,
    })
}

/// While a daemon runs the kernel refuses real servers of another family than their service's, and the
/// daemon while there are such: the first of them to stand in the file wins.
fn starts_what_forbids(lines: &[RuleLine]) -> bool {
    let starts = lines.iter().any(|line| matches!(line.change(), Some(Change::StartDaemon(_))));
    starts && lines.iter().filter_map(RuleLine::change).any(is_mixed)
}

fn is_mixed(change: &Change) -> bool {
    matches!(change, Change::AddDestination(key, server) if server.key.is_of_other_family(key))
}

/// The lines that stop daemons, those that make the table, and those of time-outs and of daemons
/// that start, which `-C` never cleared.
fn split(lines: Vec<RuleLine>) -> [Vec<RuleLine>; 3] {
    let is_rule = |line: &RuleLine| {
        !matches!(
            line.change(),
            Some(Change::StopDaemon(_) | Change::SetTimeouts(_) | Change::StartDaemon(_))
        )
    };
    // To move the lines of a large file would touch as much memory again.
    if lines.iter().all(is_rule) {
        return [Vec::new(), lines, Vec::new()];
    }
    let mut parts = [const { Vec::new() }; 3];
    for line in lines {
        let part = match line.change() {
            Some(Change::StopDaemon(_)) => 0,
            Some(Change::SetTimeouts(_) | Change::StartDaemon(_)) => 2,
            _ => 1,
        };
        parts[part].push(line);
    }
    parts
}

/// Makes the table that the lines would have made of an empty one, except for what starts last. A
/// line that is refused counts as not written: the lines that build on it fail, the others go on.
/// But the service or real server that it is about stays as it is, if there is one.
///
/// The kernel refuses real servers of another family than the service's while a daemon runs, and a
/// daemon while there are such: daemons stop before, and start behind.
fn converge(
    session: &mut Session<'_>,
    guard: &mut Guard,
    [stops, rules, others]: &[Vec<RuleLine>; 3],
    reader: Reader,
) -> Result<u8, Error> {
    let mut by_kernel: BTreeMap<usize, LineRefusal> = BTreeMap::new();
    let mut disturbed = 0;
    let mut status = None;
    let mut first = Some(reader);
    loop {
        let Written { desired, passed_over, refused } = Written::of(rules, &by_kernel);
        let current = match first.take() {
            Some(reader) => snapshot::read(session.client()?, reader, &desired)?,
            None => snapshot::whole(session.client()?, &desired)?,
        };
        guard.remember(&current);
        let changes = plan(&current, &desired);
        let delta = Delta::of(&changes, &current);
        let so_far = if let Some(status) = status {
            announce(session, guard, Step::Touched(delta))?;
            status
        } else {
            let delta = beside(delta, around(session.client()?, stops, others)?);
            announce(session, guard, Step::Touched(delta))?;
            execute(session, stops, Some(guard))?
        };
        status = Some(so_far);
        let wanted = changes.iter().take_while(|_| !guard.is_stopped());
        let refusals = progress::batch(session.client()?, changes.len(), wanted)?;
        if guard.is_stopped() {
            return Ok(so_far);
        }
        if refusals.is_empty() {
            return Ok(so_far.max(complain(session, refused, rules)));
        }
        let before = by_kernel.len();
        let accepted = |place: &usize| !passed_over.contains(place);
        let accepted: Vec<(usize, &Change)> = (0..rules.len())
            .filter(accepted)
            .filter_map(|place| Some((place, rules[place].change()?)))
            .collect();
        by_kernel.extend(by_line(&refusals, &changes, &accepted, &current));
        if by_kernel.len() == before {
            disturbed += 1;
        }
        if disturbed == TRIES {
            let status = so_far.max(complain(session, refused, rules));
            let error = Error::Interrupted(TRIES);
            session.complain(&error);
            return Ok(status.max(error.exit_code()));
        }
    }
}

/// The kernel refuses a line.
struct LineRefusal {
    errno: Errno,
    /// What makes the service or real server that is there already, and that stays.
    instead: Option<Change>,
}

/// The lines that the kernel has refused. Where a new service is refused its real servers are too,
/// for now. Where another program, for example a health checker, has made or deleted the same thing
/// meanwhile, the line is right and only the plan is old.
fn by_line(
    refusals: &[Refusal],
    changes: &[Change],
    accepted: &[(usize, &Change)],
    current: &Table,
) -> Vec<(usize, LineRefusal)> {
    let line = |refusal: &Refusal| {
        let change = &changes[refusal.index];
        if change.comes_too_late(refusal.errno) {
            return None;
        }
        let mut written = accepted.iter().rev();
        let (place, _) = written.find(|(_, it)| it.concerns_the_same_as(change))?;
        Some((
            *place,
            LineRefusal { errno: refusal.errno, instead: there_already(change, current) },
        ))
    };
    refusals.iter().filter_map(line).collect()
}

/// What makes the thing that `change` is about as it is in this table.
fn there_already(change: &Change, table: &Table) -> Option<Change> {
    match change {
        Change::AddService(it) | Change::UpdateService(it) => {
            Some(Change::AddService(table.pools.get(&it.key)?.service.clone()))
        }
        Change::AddDestination(key, it) | Change::UpdateDestination(key, it) => {
            let server = table.pools.get(key)?.destinations.get(&it.key)?;
            Some(Change::AddDestination(*key, *server))
        }
        _ => None,
    }
}

/// What the lines touch that stand around those of the services.
fn around(client: &mut Client, stops: &[RuleLine], others: &[RuleLine]) -> Result<Delta, Error> {
    let lines = || stops.iter().chain(others);
    let current = snapshot::outside(client, &outside(lines()))?;
    Ok(Delta::of(lines().filter_map(RuleLine::change), &current))
}

/// Services of one, time-outs and daemons of the other.
fn beside(services: Delta, outside: Delta) -> Delta {
    Delta {
        before: Table { pools: services.before.pools, ..outside.before },
        after: Table { pools: services.after.pools, ..outside.after },
    }
}

/// What lines would make of an empty table.
struct Written<'a> {
    desired: Table,
    /// The places of the lines that add nothing to it.
    passed_over: BTreeSet<usize>,
    refused: Vec<Refused<'a>>,
}

impl<'a> Written<'a> {
    /// The lines at the places of `by_kernel` are known to be refused.
    fn of(lines: &'a [RuleLine], by_kernel: &BTreeMap<usize, LineRefusal>) -> Self {
        let mut desired = Table::default();
        let (mut refused, mut passed_over) = (Vec::new(), BTreeSet::new());
        for (place, line) in lines.iter().enumerate() {
            let Some(change) = line.change() else { continue };
            if let Some(LineRefusal { errno, instead }) = by_kernel.get(&place) {
                let stays = instead.as_ref().is_some_and(|it| desired.change(it).is_ok());
                refused.push(Refused { line, errno: *errno, stays });
                passed_over.insert(place);
                continue;
            }
            if let Err(errno) = desired.change(change) {
                refused.push(Refused { line, errno, stays: false });
                passed_over.insert(place);
            }
        }
        Self { desired, passed_over, refused }
    }
}

fn read(session: &mut Session<'_>) -> Result<Vec<RuleLine>, Error> {
    let file = BufReader::with_capacity(CHUNK, stdin().lock());
    let lines = read_rules(&mut session.scanner, &session.program, file)?;
    desired::check(session, &Needs::of_lines(&lines), Effort::Load)?;
    Ok(lines)
}

/// Runs the lines, until they are at their end or the guard says stop.
fn execute(
    session: &mut Session<'_>,
    lines: &[RuleLine],
    guard: Option<&Guard>,
) -> Result<u8, Error> {
    let mut status = 0;
    let mut rest = lines;
    while let Some(first) = rest.first()
        && !is_stopped(guard)
    {
        let changes = rest.iter().take_while(|line| line.change().is_some()).count();
        if changes > 0 {
            let (batch, others) = rest.split_at(changes);
            status = status.max(execute_changes(session, batch, lines, guard)?);
            rest = others;
            continue;
        }
        status = status.max(execute_other(session, first)?);
        if first.invocation == Invocation::Help {
            break;
        }
        rest = &rest[1..];
    }
    Ok(status)
}

fn is_stopped(guard: Option<&Guard>) -> bool {
    guard.is_some_and(Guard::is_stopped)
}

fn execute_changes(
    session: &mut Session<'_>,
    batch: &[RuleLine],
    lines: &[RuleLine],
    guard: Option<&Guard>,
) -> Result<u8, Error> {
    let changes = batch.iter().filter_map(RuleLine::change).take_while(|_| !is_stopped(guard));
    let refusals = progress::batch(session.client()?, batch.len(), changes)?;
    let refused = refusals.into_iter();
    let refused = refused
        .map(|it| Refused { line: &batch[it.index], errno: it.errno, stays: false })
        .collect();
    Ok(complain(session, refused, lines))
}

fn execute_other(session: &mut Session<'_>, line: &RuleLine) -> Result<u8, Error> {
    match session.invoke(&line.invocation) {
        // What cannot be printed must not keep the lines behind it from being carried out.
        Err(error) if is_closed_pipe(&error) => Ok(0),
        Err(error @ (Error::Kernel { .. } | Error::Io(_) | Error::File { .. })) => {
            session.complain(&error);
            session.hint(&[format!("line {}", line.number)]);
            Ok(error.exit_code())
        }
        other => other,
    }
}
