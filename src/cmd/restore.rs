//! `-R` and `ipvsadm-restore`: the commands on standard input.
//!
//! The whole input is read and understood before the first change. The changes go to the kernel in
//! batches; what it refuses is reported with its line, and the rest goes on.
//!
//! `ipvsadm-restore` cleared the table first. The table that results is the same here, but what is
//! in it already is not touched: its connections live on. Only a file whose lines cannot be taken
//! for a table, since one of them looks at what the others made, is executed on an empty one.

use std::collections::BTreeMap;
use std::io::{BufReader, stdin};
use std::time::Duration;

use crate::cli::{Invocation, RuleLine, read_rules};
use crate::error::{Errno, Error, Rejection};
use crate::model::{Change, Table};
use crate::rules::{describe, plan};
use crate::system::journal::Journal;

use super::apply::{self, LOCK};
use super::connections::ask_first;
use super::{Session, is_closed_pipe, progress, snapshot};

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
    execute(session, &lines)
}

/// `ipvsadm-restore`: afterwards the table is that of the file.
pub(super) fn replace(session: &mut Session<'_>) -> Result<u8, Error> {
    let lines = read(session)?;
    // Where /run cannot be written nobody else of us locks either.
    let lock = match Journal::lock_within(LOCK, PATIENCE) {
        Ok(None) => return Err(Rejection::Busy.into()),
        lock => lock.ok(),
    };
    let in_place =
        lines.iter().enumerate().any(stands_in_its_place) || stops_what_it_starts(&lines);
    let status = if in_place || session.client()?.configured_services()?.is_empty() {
        session.client()?.change(&Change::Flush)?;
        execute(session, &lines)?
    } else {
        // The kernel refuses real servers of another family than the service's while a daemon runs,
        // and a daemon while there are such.
        let [stops, rules, others] = split(lines);
        let status = execute(session, &stops)?;
        let status = status.max(converge(session, &rules)?);
        status.max(execute(session, &others)?)
    };
    if let Some(Some(journal)) = lock {
        apply::supersede(session, &journal, status == 0)?;
    }
    Ok(status)
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

/// The lines that stop daemons, those that make the table, and those of time-outs and of daemons
/// that start, which `-C` never cleared.
fn split(lines: Vec<RuleLine>) -> [Vec<RuleLine>; 3] {
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

/// A line that the kernel refuses, or would have refused on an empty table.
struct Refused<'a> {
    line: &'a RuleLine,
    errno: Errno,
}

/// Makes the table that the lines would have made of an empty one. A line that is refused counts
/// as not written: the lines that build on it fail, the others go on.
fn converge(session: &mut Session<'_>, lines: &[RuleLine]) -> Result<u8, Error> {
    let mut by_kernel: BTreeMap<usize, Errno> = BTreeMap::new();
    let mut disturbed = 0;
    loop {
        let Written { wish, accepted, refused } = Written::of(lines, &by_kernel);
        let client = session.client()?;
        let current = snapshot::whole(client, &wish)?;
        let changes = plan(&current, &wish);
        let refusals = progress::batch(client, changes.len(), changes.iter())?;
        if refusals.is_empty() {
            return Ok(complain(session, refused));
        }
        let before = by_kernel.len();
        // Where a service is refused its real servers are too, for now. Where another program, for
        // example a health checker, has made or deleted the same thing meanwhile, the line is right
        // and only the plan is old.
        for refusal in refusals {
            let change = &changes[refusal.index];
            let mut written = accepted.iter().rev();
            if !change.comes_too_late(refusal.errno)
                && let Some((place, _)) = written.find(|(_, it)| it.concerns_the_same_as(change))
            {
                by_kernel.insert(*place, refusal.errno);
            }
        }
        if by_kernel.len() == before {
            disturbed += 1;
        }
        if disturbed == TRIES {
            let status = complain(session, refused);
            let error = Error::Interrupted(TRIES);
            session.complain(&error);
            return Ok(status.max(error.exit_code()));
        }
    }
}

/// What lines would make of an empty table.
struct Written<'a> {
    wish: Table,
    /// With the place of the line.
    accepted: Vec<(usize, &'a Change)>,
    refused: Vec<Refused<'a>>,
}

impl<'a> Written<'a> {
    /// The lines at the places of `by_kernel` are known to be refused.
    fn of(lines: &'a [RuleLine], by_kernel: &BTreeMap<usize, Errno>) -> Self {
        let mut wish = Table::default();
        let (mut refused, mut accepted) = (Vec::new(), Vec::new());
        for (place, line) in lines.iter().enumerate() {
            let Some(change) = line.change() else { continue };
            let answer = match by_kernel.get(&place) {
                Some(errno) => Err(*errno),
                None => wish.change(change),
            };
            match answer {
                Ok(()) => accepted.push((place, change)),
                Err(errno) => refused.push(Refused { line, errno }),
            }
        }
        Self { wish, accepted, refused }
    }
}

fn complain(session: &mut Session<'_>, refused: Vec<Refused<'_>>) -> u8 {
    let mut status = 0;
    for Refused { line, errno } in refused {
        let Some(change) = line.change() else { continue };
        let object = format!("line {}: {}", line.number, describe(change));
        let error = Error::Kernel { operation: change.operation(), errno, object };
        session.complain(&error);
        status = error.exit_code();
    }
    status
}

fn read(session: &mut Session<'_>) -> Result<Vec<RuleLine>, Error> {
    let file = BufReader::with_capacity(CHUNK, stdin().lock());
    read_rules(&mut session.scanner, &session.program, file)
}

fn execute(session: &mut Session<'_>, lines: &[RuleLine]) -> Result<u8, Error> {
    let mut status = 0;
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let changes = rest.iter().take_while(|line| line.change().is_some()).count();
        if changes > 0 {
            let (batch, others) = rest.split_at(changes);
            status = status.max(execute_changes(session, batch)?);
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

fn execute_changes(session: &mut Session<'_>, lines: &[RuleLine]) -> Result<u8, Error> {
    let changes = lines.iter().filter_map(RuleLine::change);
    let refusals = progress::batch(session.client()?, lines.len(), changes)?;
    let refused = refusals.into_iter();
    let refused = refused.map(|it| Refused { line: &lines[it.index], errno: it.errno }).collect();
    Ok(complain(session, refused))
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
