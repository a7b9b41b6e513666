//! `-R` and `ipvsadm-restore`: the commands on standard input.
//!
//! The whole input is read and understood before the first change. The changes go to the kernel in
//! batches; what it refuses is reported with its line, and the rest goes on.

use std::io::Read;

use crate::cli::{Invocation, RuleLine, read_rules};
use crate::error::Error;
use crate::model::Change;
use crate::rules::describe;

use super::Session;

pub(super) fn run(session: &mut Session<'_>) -> Result<u8, Error> {
    let lines = read(session)?;
    execute(session, &lines)
}

/// `ipvsadm-restore`: afterwards the table is that of the file.
pub(super) fn replace(session: &mut Session<'_>) -> Result<u8, Error> {
    let lines = read(session)?;
    session.client()?.change(&Change::Flush)?;
    execute(session, &lines)
}

fn read(session: &mut Session<'_>) -> Result<Vec<RuleLine>, Error> {
    let mut file = Vec::new();
    std::io::stdin().lock().read_to_end(&mut file)?;
    read_rules(&mut session.scanner, &session.program, &file)
}

fn execute(session: &mut Session<'_>, lines: &[RuleLine]) -> Result<u8, Error> {
    let mut status = 0;
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let changes = rest.iter().take_while(|line| change_of(line).is_some()).count();
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

fn change_of(line: &RuleLine) -> Option<&Change> {
    match &line.invocation {
        Invocation::Change(change) => Some(change),
        _ => None,
    }
}

fn execute_changes(session: &mut Session<'_>, lines: &[RuleLine]) -> Result<u8, Error> {
    let refusals = session.client()?.batch(lines.iter().filter_map(change_of))?;
    let mut status = 0;
    for refusal in refusals {
        let line = &lines[refusal.index];
        let Some(change) = change_of(line) else { continue };
        let (operation, errno) = (change.operation(), refusal.errno);
        let object = format!("line {}: {}", line.number, describe(change));
        let error = Error::Kernel { operation, errno, object };
        session.complain(&error);
        status = error.exit_code();
    }
    Ok(status)
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
