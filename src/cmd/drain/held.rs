//! The table and the records while drain or undrain changes them.

use std::time::Duration;

use crate::drain::{self, Plan, Records, Seen, Selection, Store};
use crate::error::{Error, Rejection};
use crate::model::Change;
use crate::transaction::Journal;
use crate::transaction::history::Draft;

use super::super::recording;
use super::super::session::Session;
use super::super::writers::locked;

/// Time that a run in progress waits for another writer.
pub const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// The locks of the table and of the records, with the records.
pub struct Held {
    journal: Journal,
    pub store: Store,
    pub records: Records,
}

impl Held {
    /// Takes the lock of the table, and that of the records.
    pub fn take(session: &mut Session<'_>, wait: Duration) -> Result<Self, Error> {
        let journal = locked(session, wait)?;
        let store = Store::lock(wait)?;
        let records = store.read()?;
        Ok(Self { journal, store, records })
    }

    /// Like [`Self::take`], at the start of a command. Refuses a table that a killed run has left
    /// half changed.
    pub fn begin(
        session: &mut Session<'_>,
        wait: Duration,
        selection: &Selection,
    ) -> Result<Self, Error> {
        let held = Self::take(session, wait)?;
        let begun = held.journal.pending(session.client()?)?;
        let touched = match selection.service() {
            Some(service) => begun.touches(service),
            None => !begun.is_empty(),
        };
        if touched { Err(Rejection::Unfinished.into()) } else { Ok(held) }
    }

    /// Carries out a plan of `verb`, and records what it changes.
    pub fn carry_out(
        &self,
        session: &mut Session<'_>,
        plan: &Plan,
        verb: &str,
    ) -> Result<(), Error> {
        let draft = draft(session, plan, verb, false)?;
        self.finish(session, plan)?;
        recording::keep(session, draft);
        Ok(())
    }

    /// Carries out the rest of a plan, of which the changes are recorded.
    pub fn finish(&self, session: &mut Session<'_>, plan: &Plan) -> Result<(), Error> {
        drain::carry_out(session.client()?, &self.store, &self.records, plan)
    }
}

/// Writes the record of a plan in the history. With `gradual`, its weights change in steps.
pub fn draft(
    session: &mut Session<'_>,
    plan: &Plan,
    verb: &str,
    gradual: bool,
) -> Result<Option<Draft>, Error> {
    let changes: Vec<&Change> = plan.changes().collect();
    if changes.is_empty() {
        return Ok(None);
    }
    recording::draft_of(session, verb, &changes, gradual)
}

/// Reads the services that the selection concerns.
pub fn look(
    session: &mut Session<'_>,
    selection: &Selection,
    records: &Records,
) -> Result<Seen, Error> {
    let client = session.client()?;
    match selection {
        Selection::One(service, _) => Seen::of(client, &[*service]),
        Selection::Everywhere { .. } => Seen::whole(client),
        Selection::Recorded => Seen::of(client, &records.services()),
    }
}
