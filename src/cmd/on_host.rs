//! `prepare`, `undo` and `status`, which `rs` and `director` share.

use super::Session;
use crate::cli::HostVerb;
use crate::drain::{Seen, Store, list};
use crate::error::Error;
use crate::host::{self, Options, Prepared, Report};
use crate::json::document;
use crate::output::{drain, host_report};

/// A verb with the options that all verbs have.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) verb: &'a HostVerb,
    pub(super) netns: Option<&'a str>,
    pub(super) json: bool,
}

pub(super) fn run(
    session: &mut Session<'_>,
    host: &'static str,
    Call { verb, netns, json }: Call<'_>,
) -> Result<u8, Error> {
    let report = match verb {
        HostVerb::Prepare { spec, persist, dry_run, static_entry } => {
            let (persist, dry_run, static_entry) = (*persist, *dry_run, *static_entry);
            let options = Options { persist, dry_run, static_entry, netns };
            match host::prepare(spec, options)? {
                Prepared { script: Some(script), .. } if !json => {
                    session.out.write_all(script.as_bytes())?;
                    return Ok(0);
                }
                Prepared { report, .. } => report,
            }
        }
        HostVerb::Undo { holders, dry_run } => host::undo(host, holders.as_ref(), *dry_run)?,
        HostVerb::Status { spec, quiet } => {
            let mut report = host::status(host, spec.as_ref(), netns)?;
            if *quiet {
                return Ok(u8::from(!report.ok));
            }
            if host == "director" {
                report.notes.extend(drained(session));
            }
            report
        }
    };
    tell(session, &report, json)
}

/// The drained real servers of this host's table, with what became of them. A status does not fail
/// where the records cannot be read; without access to the table, it repeats the records.
fn drained(session: &mut Session<'_>) -> Vec<String> {
    let records = match Store::look().and_then(|store| store.read()) {
        Ok(records) if records.drains.is_empty() => return Vec::new(),
        Ok(records) => records,
        Err(error) => return vec![error.to_string()],
    };
    let seen = session.client().and_then(|client| Seen::of(client, &records.services()));
    match seen {
        Ok(seen) => list(&seen, &records).iter().map(drain::listed_note).collect(),
        Err(_) => records.drains.iter().map(drain::record).collect(),
    }
}

fn tell(session: &mut Session<'_>, report: &Report, json: bool) -> Result<u8, Error> {
    if json {
        let text = document(report, session.json_style())?;
        session.out.write_all(text.as_bytes())?;
    } else {
        let text = host_report::text(report, session.paint());
        session.out.write_all(text.as_bytes())?;
    }
    Ok(u8::from(!report.ok))
}
