//! `-R` and `ipvsadm-restore`: executes rule lines from standard input.
//!
//! The whole input is read and checked before the first change. The changes go to the kernel in
//! batches. A refused line is reported with its number, and the other lines are executed.
//!
//! The old `ipvsadm-restore` cleared the table first. This one reaches the same table without
//! changing services and real servers that stay the same, so their connections survive. It clears
//! the table only if the lines cannot be read as a table, because a line depends on the effect of
//! earlier lines. If the run is interrupted, everything is rolled back.

mod report;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::stdin;
use std::time::Duration;

use crate::classic::{Invocation, RuleLine, read_rules};
use crate::diff::{Delta, plan};
use crate::error::{Errno, Error};
use crate::model::{Change, Table};
use crate::netlink::{Client, Refusal};
use crate::reader::{Columns, Reader};
use crate::transaction::{Effort, Guard, Needs, Refused, Stage, lock, snapshot};

use super::listing::ask_first;
use super::session::{Session, is_closed_pipe};
use super::{desired, progress};
use report::{announce, bring_back, complain, end, record};

/// Attempts to reach the table of the file while another program changes the table.
const TRIES: u32 = 20;

/// Time to wait for the lock of another run.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn run(session: &mut Session<'_>) -> Result<u8, Error> {
    let lines = read(session)?;
    if lines.is_empty() {
        ask_first(session)?;
    }
    execute(session, &lines, None)
}

/// `ipvsadm-restore`: afterwards the table equals the file, or it is as before.
pub(super) fn replace(session: &mut Session<'_>, ignored: &[String]) -> Result<u8, Error> {
    let outcome = replace_noting(session, !ignored.is_empty());
    if outcome.is_ok() {
        session.hint(ignored);
    }
    outcome
}

/// Prints how many services were deleted, if `is_odd` or the file adds none.
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
            let none = if makes_none { "the input defines no service; " } else { "" };
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
    announce(session, guard, Stage::Replaced(before.clone()))?;
    record(session, guard, &before, None);
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

/// Time-outs and daemons that the lines change.
fn outside<'a>(lines: impl IntoIterator<Item = &'a RuleLine>) -> Table {
    let mut table = Table::default();
    for change in lines.into_iter().filter_map(RuleLine::change) {
        if let Change::SetTimeouts(_) | Change::StartDaemon(_) | Change::StopDaemon(_) = change {
            // A change that the kernel would refuse touches nothing.
            let _ = table.change(change);
        }
    }
    table
}

/// Whether a line must be executed at its place, because it reads the table, prints, or changes
/// what earlier lines made. The result of those lines is known only after they were executed.
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

/// Whether a line stops a daemon that an earlier line starts. In another order the daemon would
/// keep running.
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

/// Whether the lines both start a daemon and add a real server of the other address family. The
/// kernel refuses whichever comes second, so the order matters.
fn starts_what_forbids(lines: &[RuleLine]) -> bool {
    let starts = lines.iter().any(|line| matches!(line.change(), Some(Change::StartDaemon(_))));
    starts && lines.iter().filter_map(RuleLine::change).any(is_mixed)
}

fn is_mixed(change: &Change) -> bool {
    matches!(change, Change::AddDestination(key, server) if server.key.is_of_other_family(key))
}

/// Splits the lines into three groups: lines that stop daemons, rules of the table, and lines that
/// set time-outs or start daemons. `-C` does not reset the last group.
fn split(lines: Vec<RuleLine>) -> [Vec<RuleLine>; 3] {
    let is_rule = |line: &RuleLine| {
        !matches!(
            line.change(),
            Some(Change::StopDaemon(_) | Change::SetTimeouts(_) | Change::StartDaemon(_))
        )
    };
    // Common case: no line moves, which saves the memory of a second list.
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

/// Makes the table that the lines would make of an empty one. A refused line counts as missing, so
/// lines that depend on it fail, and all others are executed. If the refused line's service or real
/// server exists already, it stays as it is.
///
/// Daemons stop before and start after the changes, because the kernel refuses a daemon next to a
/// real server of the other address family.
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
            announce(session, guard, Stage::Touched(delta))?;
            status
        } else {
            let delta = combined(delta, around(session.client()?, stops, others)?);
            record(session, guard, &current, Some(&delta));
            announce(session, guard, Stage::Touched(delta))?;
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

/// A line that the kernel has refused.
struct LineRefusal {
    errno: Errno,
    /// The change that adds the existing service or real server as it is now, so that it stays.
    instead: Option<Change>,
}

/// Assigns the kernel's refusals to lines. If a new service is refused, its real servers are
/// refused too in this round. A refusal is ignored if another program, such as a health checker,
/// has added or deleted the same object meanwhile; the line is correct, and only the plan is out of
/// date.
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

/// The change that adds the object of `change` as it is in `table`.
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

/// The delta of time-outs and daemons that the lines change.
fn around(client: &mut Client, stops: &[RuleLine], others: &[RuleLine]) -> Result<Delta, Error> {
    let lines = || stops.iter().chain(others);
    let current = snapshot::outside(client, &outside(lines()))?;
    Ok(Delta::of(lines().filter_map(RuleLine::change), &current))
}

/// Combines the services of one delta with the time-outs and daemons of another.
fn combined(services: Delta, outside: Delta) -> Delta {
    Delta {
        before: Table { pools: services.before.pools, ..outside.before },
        after: Table { pools: services.after.pools, ..outside.after },
    }
}

/// The table that lines would make of an empty one.
struct Written<'a> {
    desired: Table,
    /// Indices of the lines that have no effect on `desired`.
    passed_over: BTreeSet<usize>,
    refused: Vec<Refused<'a>>,
}

impl<'a> Written<'a> {
    /// `by_kernel` has the lines, by index, that the kernel is known to refuse.
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
    let lines = read_rules(&mut session.scanner, &session.program, stdin())?;
    desired::check(session, &Needs::of_lines(&lines), Effort::Load)?;
    Ok(lines)
}

/// Executes the lines one by one, until the last one or until the guard was stopped.
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
        // If a line cannot print its output, the following lines are still executed.
        Err(error) if is_closed_pipe(&error) => Ok(0),
        Err(error @ (Error::Kernel { .. } | Error::Io(_) | Error::File { .. })) => {
            session.complain(&error);
            session.hint(&[format!("line {}", line.number)]);
            Ok(error.exit_code())
        }
        other => other,
    }
}
