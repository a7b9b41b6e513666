//! `ipvsadm history`: lists recorded changes of the table, or prints the table before one.
//!
//! ```text
//! # ipvsadm history
//!  N  Time (UTC)           User   Changes  Command
//! --------------------------------------------------------------------
//! 17  2026-11-27 03:12:05  alice  +1 ~1    ipvsadm apply ipvsadm.rules
//! ```

use crate::cli::HistoryVerb;
use crate::error::Error;
use crate::json;
use crate::output::history as report;
use crate::transaction::history::{History, Summary};

use super::save;
use super::session::{Session, is_closed_pipe};

/// Exit status if a record is damaged, or if a table cannot be printed as it is.
const IN_PART: u8 = 1;
/// Exit status if nothing could be read.
const TROUBLE: u8 = 2;

pub(super) fn run(session: &mut Session<'_>, verb: &HistoryVerb, json: bool) -> Result<u8, Error> {
    let outcome = match verb {
        HistoryVerb::List => list(session, json),
        HistoryVerb::Show(number) => show(session, *number, json),
    };
    match outcome {
        Err(error) if !is_closed_pipe(&error) => {
            session.complain_of_input(&error);
            Ok(TROUBLE)
        }
        other => other,
    }
}

fn list(session: &mut Session<'_>, json: bool) -> Result<u8, Error> {
    let mut listed = Vec::new();
    let mut status = 0;
    for it in History::look()?.list()? {
        match it.record {
            Ok(record) => listed.push((it.number, record.summary)),
            Err(error) => {
                session.complain_of_input(&error);
                status = IN_PART;
            }
        }
    }
    let rows = listed.iter().map(|(number, summary)| entry(*number, summary));
    if json {
        report::json(rows, session.json_style(), session.out)?;
    } else {
        report::text(rows, session.out)?;
    }
    Ok(status)
}

/// Prints the table before a change.
fn show(session: &mut Session<'_>, number: u64, json: bool) -> Result<u8, Error> {
    let (_, record, table) = History::look()?.find(Some(number))?;
    if json {
        json::write(&table, session.out)?;
        return Ok(0);
    }
    report::heading(&entry(number, &record.summary), session.out)?;
    Ok(if save::table(session, &table)? { 0 } else { IN_PART })
}

fn entry(number: u64, summary: &Summary) -> report::Entry<'_> {
    let Summary { time, by, command, counts, changes } = summary;
    report::Entry { number, time, by, command, counts: counts.map(Into::into), changes }
}
