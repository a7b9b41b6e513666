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

use super::apply::LOCK;
use super::{Session, progress, snapshot};

/// How long another of our writers is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of one read of the input.
const CHUNK: usize = 64 * 1024;

pub(super) fn run(session: &mut Session<'_>) -> Result<u8, Error> {
    let lines = read(session)?;
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
    let status = if lines.iter().enumerate().any(stands_in_its_place)
        || session.client()?.configured_services()?.is_empty()
    {
        session.client()?.change(&Change::Flush)?;
        execute(session, &lines)?
    } else {
        let (rules, others) = split(&lines);
        let refused = converge(session, &rules)?;
        let status = complain(session, refused);
        status.max(execute(session, &others)?)
    };
    // What an apply left that was killed is of no table that there is.
    if let Some(Some(journal)) = lock {
        journal.clear()?;
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

/// The lines that make the table, and those of time-outs and daemons, which `-C` never cleared.
fn split(lines: &[RuleLine]) -> (Vec<RuleLine>, Vec<RuleLine>) {
    lines.iter().cloned().partition(|line| {
        !matches!(
            line.change(),
            Some(Change::SetTimeouts(_) | Change::StartDaemon(_) | Change::StopDaemon(_))
        )
    })
}

/// A line that the kernel refuses, or would have refused on an empty table.
struct Refused<'a> {
    line: &'a RuleLine,
    errno: Errno,
}

/// Makes the table that the lines would have made of an empty one. A line that is refused counts
/// as not written: the lines that build on it fail, the others go on.
fn converge<'a>(
    session: &mut Session<'_>,
    lines: &'a [RuleLine],
) -> Result<Vec<Refused<'a>>, Error> {
    let mut by_kernel: BTreeMap<usize, Errno> = BTreeMap::new();
    loop {
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
        let client = session.client()?;
        let current = snapshot::whole(client, &wish)?;
        let changes = plan(&current, &wish);
        let refusals = progress::batch(client, changes.len(), changes.iter())?;
        if refusals.is_empty() {
            return Ok(refused);
        }
        let before = by_kernel.len();
        // Where a service is refused its real servers are too, for now.
        for refusal in refusals.iter().filter(|refusal| refusal.errno != Errno::ESRCH) {
            let refused = &changes[refusal.index];
            let mut written = accepted.iter().rev();
            if let Some((place, _)) = written.find(|(_, it)| it.concerns_the_same_as(refused)) {
                by_kernel.insert(*place, refusal.errno);
            }
        }
        if by_kernel.len() == before {
            // Another program is at work on the same table.
            return Err(Error::Interrupted(1));
        }
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
        Err(error @ Error::Kernel { .. }) => {
            session.complain(&error);
            session.hint(&[format!("line {}", line.number)]);
            Ok(error.exit_code())
        }
        other => other,
    }
}
