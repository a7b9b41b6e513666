//! Messages of `-R` and `ipvsadm-restore`: refused lines, and what became of the table.

use crate::classic::{RuleLine, describe_service};
use crate::diff::Delta;
use crate::error::Error;
use crate::model::Table;
use crate::transaction::kept::Extent;
use crate::transaction::{Fate, Guard, Refused, Stage, kept, reasons};

use super::super::progress::Line;
use super::super::recording::{self, Planned};
use super::super::writers::{EARLIER, told, unlocked_hints};
use super::Session;

/// Announces a stage to the guard, and reports a missing lock or journal.
pub(super) fn announce(
    session: &mut Session<'_>,
    guard: &mut Guard,
    stage: Stage,
) -> Result<(), Error> {
    let unprotected = guard.announce(stage)?;
    if let Some(why) = unprotected.unlocked {
        session.hint(&unlocked_hints(&why));
    }
    if let Some(error) = unprotected.unwritten {
        session.complain(&error);
        session.hint(&["without a journal, a run that is killed half way cannot be rolled \
                        back"
            .to_owned()]);
    }
    Ok(())
}

/// Writes the record of a run that is about to change the table: `before` has all services. Nothing
/// is recorded if there was no service, as at boot, or if another run may write to the history.
pub(super) fn record(
    session: &mut Session<'_>,
    guard: &mut Guard,
    before: &Table,
    delta: Option<&Delta>,
) {
    if before.pools.is_empty() || delta == Some(&Delta::default()) || !guard.is_locked() {
        return;
    }
    // A service that reloads does not wait for the disk.
    let planned = Planned { verb: "restore", before, delta, gradual: false, durable: false };
    guard.record(recording::draft(session, &planned));
}

/// Ends a guarded run and reports what became of the table.
pub(super) fn end(
    session: &mut Session<'_>,
    guard: Guard,
    outcome: Result<u8, Error>,
) -> Result<u8, Error> {
    let end = guard.end(outcome, &mut Line::default())?;
    recording::keep(session, end.draft);
    let status = match end.fate {
        Fate::Done { status, tidied } => {
            if let Err(error) = tidied {
                session.complain(&error);
            }
            status
        }
        Fate::TakenBack { signal, error, rollback } => {
            if let Some(name) = signal {
                session.say(name);
            }
            if let Some(error) = error {
                session.complain(&error);
            }
            told(session, rollback)
        }
    };
    if end.earlier {
        session.hint(&[EARLIER.to_owned()]);
    }
    Ok(status)
}

/// Adds again the services that the file names and that no longer exist, and reports them.
pub(super) fn bring_back(
    session: &mut Session<'_>,
    lines: &[RuleLine],
    before: &Table,
) -> Result<(), Error> {
    let (services, stopped) = kept::bring_back(session.client()?, lines, before);
    for it in services {
        let outcome = match it.extent {
            Extent::Whole => "was restored",
            Extent::Part => "was restored only in part",
            Extent::Nothing => "could not be restored",
        };
        session.hint(&[format!("{} {outcome}", describe_service(&it.service))]);
    }
    stopped
}

/// Reports the refused lines with their reasons, and returns the exit status.
pub(super) fn complain(
    session: &mut Session<'_>,
    refused: Vec<Refused<'_>>,
    lines: &[RuleLine],
) -> u8 {
    let mut status = 0;
    for reason in reasons(refused, lines) {
        session.complain_with(&reason.error, reason.hints);
        if reason.stays {
            session.hint(&["the object existed before, and is kept".to_owned()]);
        }
        status = reason.error.exit_code();
    }
    status
}
