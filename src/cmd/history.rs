//! `ipvsadm history`: lists recorded changes of the table, or prints one.
//!
//! ```text
//! # ipvsadm history
//!  N  Time (UTC)           User   Changes  Command
//! --------------------------------------------------------------------
//! 17  2026-11-27 03:12:05  alice  +1 ~1    ipvsadm apply ipvsadm.rules
//! ```

use std::time::{Duration, SystemTime};

use crate::cli::HistoryVerb;
use crate::diff::Delta;
use crate::error::Error;
use crate::model::Table;
use crate::output::changes;
use crate::output::history as report;
use crate::transaction::Stage;
use crate::transaction::history::{History, Line, Summary};

use super::session::{Session, is_closed_pipe};

/// Exit status if a record is damaged.
const IN_PART: u8 = 1;
/// Exit status if nothing could be read.
const TROUBLE: u8 = 2;

pub(super) fn run(session: &mut Session<'_>, verb: &HistoryVerb, json: bool) -> Result<u8, Error> {
    let outcome = match verb {
        HistoryVerb::List => list(session, json),
        HistoryVerb::Between(since, until) => between(session, *since, *until, json),
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
    let (listed, status) = readable(session, &History::look()?)?;
    let rows = listed.iter().map(|(number, summary)| entry(*number, summary));
    if json {
        report::json(rows, None, session.json_style(), session.out)?;
    } else {
        report::text(rows, session.out)?;
    }
    Ok(status)
}

/// Records by number, the newest first, and the exit status.
type Listed = (Vec<(u64, Summary)>, u8);

/// Reads the records, and prints a message about each damaged one.
fn readable(session: &mut Session<'_>, history: &History) -> Result<Listed, Error> {
    let mut listed = Vec::new();
    let mut status = 0;
    for it in history.list()? {
        match it.record {
            Ok(record) => listed.push((it.number, record.summary)),
            Err(error) => {
                session.complain_of_input(&error);
                status = IN_PART;
            }
        }
    }
    Ok((listed, status))
}

/// Prints the records and the log of `watch --record` in the order of their times.
fn between(
    session: &mut Session<'_>,
    since: SystemTime,
    until: SystemTime,
    json: bool,
) -> Result<u8, Error> {
    let history = History::look()?;
    let (mut listed, mut status) = readable(session, &history)?;
    let (mut lines, damaged) = history.log()?;
    if damaged > 0 {
        let lines = if damaged == 1 { "line" } else { "lines" };
        session.say(&format!("the log of ipvsadm watch has {damaged} damaged {lines}"));
        status = IN_PART;
    }
    // Times are in whole seconds, of which a part may have passed.
    let since = since.checked_sub(Duration::from_secs(1)).unwrap_or(since);
    let within =
        |time: &str| humantime::parse_rfc3339(time).is_ok_and(|time| since < time && time <= until);
    listed.retain(|(_, summary)| within(&summary.time));
    lines.retain(|line| within(&line.time));
    let rows = listed.iter().rev().map(|(number, summary)| entry(*number, summary));
    let seen = lines.iter().map(seen);
    if json {
        report::json(rows, Some(seen.collect()), session.json_style(), session.out)?;
    } else {
        report::merged(rows.collect(), seen.collect(), session.out)?;
    }
    Ok(status)
}

fn seen(line: &Line) -> report::Seen<'_> {
    report::Seen { time: &line.time, text: &line.text }
}

/// Prints a change: a comment about it, and what it changed.
fn show(session: &mut Session<'_>, number: u64, json: bool) -> Result<u8, Error> {
    let recorded = History::look()?.find(Some(number))?;
    let entry = entry(number, &recorded.record.summary);
    let delta = match recorded.stage {
        Stage::Touched(delta) => delta,
        Stage::Replaced(before) => Delta { before, after: Table::default() },
    };
    if json {
        report::change(&entry, &delta, session.json_style(), session.out)?;
    } else {
        report::heading(&entry, session.out)?;
        changes::text(&delta, session.paint(), session.out)?;
    }
    Ok(0)
}

fn entry(number: u64, summary: &Summary) -> report::Entry<'_> {
    let Summary { time, by, command, counts, changes, .. } = summary;
    report::Entry { number, time, by, command, counts: counts.map(Into::into), changes }
}
