//! What brings the table back where `ipvsadm-restore` does not come to its end.

use std::time::Duration;

use super::super::apply::work::{Step, Work};
use super::super::apply::{journal, lock_where_possible, undo, unlocked_hints};
use super::Session;
use crate::diff::Delta;
use crate::error::Error;
use crate::model::Table;
use crate::system::journal::Journal;
use crate::system::signals::Signals;

/// How long another of our writers is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The lock, the journal and the signals of a run.
pub(super) struct Guard {
    /// Missing if there is no lock.
    journal: Option<Journal>,
    /// What it means that there is none, until it is said.
    unlocked: Vec<String>,
    /// The journal is of another version. It stays as it is.
    is_unreadable: bool,
    /// What a run that was killed has left.
    earlier: Work,
    own: Work,
    /// The table before the first change, where it is known.
    before: Option<Table>,
    signals: Option<Signals>,
}

impl Guard {
    pub(super) fn begin(session: &mut Session<'_>) -> Result<Self, Error> {
        let (journal, unlocked) = match lock_where_possible(PATIENCE)? {
            Ok(journal) => (Some(journal), Vec::new()),
            // A host that boots needs its rules, lock or not.
            Err(why) => (None, unlocked_hints(&why)),
        };
        let earlier = match &journal {
            Some(journal) => journal::pending(journal, session.client()?),
            None => Ok(Work::default()),
        };
        let is_unreadable = earlier.is_err();
        let (earlier, own) = (earlier.unwrap_or_default(), Work::default());
        let (before, signals) = (None, None);
        Ok(Self { journal, unlocked, is_unreadable, earlier, own, before, signals })
    }

    /// The table before the first change; later ones do not count.
    pub(super) fn remember(&mut self, before: &Table) {
        self.before.get_or_insert_with(|| before.clone());
    }

    /// What is going to be done. From now on it is taken back where a signal comes.
    pub(super) fn announce(&mut self, session: &mut Session<'_>, step: Step) -> Result<(), Error> {
        if matches!(&step, Step::Touched(delta) if *delta == Delta::default()) {
            return Ok(());
        }
        if self.signals.is_none() {
            self.signals = Some(Signals::catch()?);
            session.hint(&std::mem::take(&mut self.unlocked));
        }
        self.own.0.push(step);
        // A host that boots needs its rules, journal or not.
        if let Err(error) = self.write() {
            session.complain(&error);
            session.hint(&["without a journal a kill -9 half way cannot be undone".to_owned()]);
        }
        Ok(())
    }

    /// Who has taken both back has the table as it was before the earlier run.
    fn write(&self) -> Result<(), Error> {
        let steps = self.earlier.0.iter().chain(&self.own.0);
        match &self.journal {
            Some(journal) if !self.is_unreadable => journal::write(journal, steps.map(Step::sides)),
            _ => Ok(()),
        }
    }

    /// A request to stop came.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped_by().is_some()
    }

    fn stopped_by(&self) -> Option<&'static str> {
        self.signals.as_ref()?.received()
    }

    /// Takes everything back where the run was stopped or could not go on.
    pub(super) fn end(
        mut self,
        session: &mut Session<'_>,
        outcome: Result<u8, Error>,
    ) -> Result<u8, Error> {
        let status = match (self.stopped_by(), outcome) {
            (None, Ok(status)) => {
                self.succeed(session, status == 0);
                return Ok(status);
            }
            (_, Err(error)) if self.own.is_empty() => return Err(error),
            (why, outcome) => {
                let undone = undo::take_back_anew(&self.own);
                self.own = Work::default();
                if let Some(name) = why {
                    session.say(name);
                }
                if let Err(error) = outcome {
                    session.complain(&error);
                }
                let outcome = undo::compared(self.before.as_ref());
                undo::told(session, undone.map(|()| self.leave()), &outcome)
            }
        };
        self.hint_at_earlier(session);
        Ok(status)
    }

    /// What was left by a run that was killed is of no table that there is, if all services were
    /// replaced and it touched nothing else.
    fn succeed(mut self, session: &mut Session<'_>, all_replaced: bool) {
        let is_changed = !self.own.is_empty();
        self.own = Work::default();
        let is_replaced = all_replaced && self.earlier.is_of_services_only();
        if is_replaced && !self.earlier.is_empty() {
            self.earlier = Work::default();
        } else if !is_changed {
            self.hint_at_earlier(session);
            return;
        }
        if let Err(error) = self.leave() {
            session.complain(&error);
        }
        self.hint_at_earlier(session);
    }

    /// The journal is what it was at the beginning, if anything.
    fn leave(&self) -> Result<(), Error> {
        match &self.journal {
            Some(journal) if self.earlier.is_empty() && !self.is_unreadable => journal.clear(),
            _ => self.write(),
        }
    }

    fn hint_at_earlier(&self, session: &mut Session<'_>) {
        if self.is_unreadable || !self.earlier.is_empty() {
            session.hint(&[undo::EARLIER.to_owned()]);
        }
    }
}
