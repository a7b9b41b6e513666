//! `ipvsadm diff`: shows the differences between the kernel's table and a file, or between two
//! files.
//!
//! ```text
//! # ipvsadm diff /etc/ipvsadm.rules
//! ~ -a -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 3  # weight 1 -> 3
//! - -a -t 192.0.2.80:80 -r 198.51.100.22:80 -g -w 1
//! ```

use crate::cli::DiffVerb;
use crate::diff::{Delta, Limits, plan};
use crate::error::Error;
use crate::model::Table;
use crate::output::changes as report;
use crate::transaction::{Effort, snapshot};

use super::outcome::{TROUBLE, unread};
use super::{Session, desired};

const DIFFERENT: u8 = 1;

pub(super) fn run(session: &mut Session<'_>, verb: &DiffVerb, json: bool) -> Result<u8, Error> {
    let delta = match compare(session, verb) {
        Ok(delta) => delta,
        Err(error) => return Ok(unread(session, &error)),
    };
    session.tell_notes();
    print(session, &delta, json)
}

/// Prints the differences, and returns the exit status.
pub(super) fn print(session: &mut Session<'_>, delta: &Delta, json: bool) -> Result<u8, Error> {
    let status = if *delta == Delta::default() { 0 } else { DIFFERENT };
    session.settle_report(status, TROUBLE);
    if json {
        report::json(delta, None, None, session.json_style(), session.out)?;
    } else {
        report::text(delta, session.paint(), session.out)?;
    }
    Ok(status)
}

/// The differences between the two sides.
pub(super) fn compare(session: &mut Session<'_>, verb: &DiffVerb) -> Result<Delta, Error> {
    let Some(before) = &verb.before else {
        let desired = desired::read(session, &verb.after, &verb.limits)?;
        desired::check(session, &desired.needs, Effort::Look)
            .map_err(|error| error.in_file(&verb.after))?;
        let after = desired.table;
        let before = snapshot::whole(session.client()?, &after)?;
        let changes = plan(&before, &verb.limits.target(&before, &after));
        return Ok(Delta::of(&changes, &before));
    };
    let limits = &verb.limits;
    let before = one_of_two(session, before, limits)?;
    let after = one_of_two(session, &verb.after, limits)?;
    Ok(Delta::between(&before, &after, &verb.limits))
}

/// Reads one of two files. Its schedulers are not checked, since the file may be for another host
/// and this one may lack IPVS.
fn one_of_two(session: &mut Session<'_>, path: &str, limits: &Limits) -> Result<Table, Error> {
    session.scanner.file = Some(if path == "-" { "standard input" } else { path }.to_owned());
    let desired = desired::read(session, path, limits).map_err(|source| source.inside(path));
    session.scanner.file = None;
    Ok(desired?.table)
}
