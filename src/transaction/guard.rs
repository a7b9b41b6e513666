//! What brings the table back where `ipvsadm-restore` does not come to its end.

use super::journal::Journal;
use super::progress::Progress;
use super::rollback::{Rest, Rollback, outcome, take_back_anew};
use super::steps::{Step, Transaction};
use crate::diff::Delta;
use crate::error::Error;
use crate::model::Table;
use crate::netlink::Client;
use crate::system::signals::Signals;

/// The lock, the journal and the signals of a run.
#[derive(Debug)]
pub struct Guard {
    /// Missing if there is no lock.
    journal: Option<Journal>,
    /// Why there is none, until it is said.
    unlocked: Option<Error>,
    /// The journal is of another version. It stays as it is.
    is_unreadable: bool,
    /// What a run that was killed has left.
    earlier: Transaction,
    own: Transaction,
    /// The table before the first change, where it is known.
    before: Option<Table>,
    signals: Option<Signals>,
}

/// What the user must know before a step is made. A host that boots needs its rules, lock and journal
/// or not.
#[derive(Debug, Default)]
#[must_use]
pub struct Unprotected {
    /// Why there is no lock; said once.
    pub unlocked: Option<Error>,
    /// Why the journal could not be written.
    pub unwritten: Option<Error>,
}

/// How a guarded run ended.
#[derive(Debug)]
pub struct End {
    /// What became of the table.
    pub fate: Fate,
    /// A run that was killed has left changes that can still be taken back.
    pub earlier: bool,
}

/// What became of the table.
#[derive(Debug)]
pub enum Fate {
    /// The run came to its end; whether the journal could be brought up to date.
    Done {
        /// The status with which it ended.
        status: u8,
        /// Whether the journal could be brought up to date.
        tidied: Result<(), Error>,
    },
    /// It was taken back.
    TakenBack {
        /// The signal that stopped it.
        signal: Option<&'static str>,
        /// What it could not go on after.
        error: Option<Box<Error>>,
        /// What came of taking it back.
        rollback: Rollback,
    },
}

impl Guard {
    /// Guards a run that has this lock, or none for the reason given.
    pub fn begin(lock: Result<Journal, Error>, client: &mut Client) -> Self {
        let (journal, unlocked) = match lock {
            Ok(journal) => (Some(journal), None),
            Err(why) => (None, Some(why)),
        };
        let earlier = match &journal {
            Some(journal) => journal.pending(client),
            None => Ok(Transaction::default()),
        };
        let is_unreadable = earlier.is_err();
        let (earlier, own) = (earlier.unwrap_or_default(), Transaction::default());
        let (before, signals) = (None, None);
        Self { journal, unlocked, is_unreadable, earlier, own, before, signals }
    }

    /// The table before the first change; later ones do not count.
    pub fn remember(&mut self, before: &Table) {
        self.before.get_or_insert_with(|| before.clone());
    }

    /// What is going to be done. From now on it is taken back where a signal comes.
    pub fn announce(&mut self, step: Step) -> Result<Unprotected, Error> {
        if matches!(&step, Step::Touched(delta) if *delta == Delta::default()) {
            return Ok(Unprotected::default());
        }
        if self.signals.is_none() {
            self.signals = Some(Signals::catch()?);
        }
        self.own.0.push(step);
        Ok(Unprotected { unlocked: self.unlocked.take(), unwritten: self.write().err() })
    }

    /// Who has taken both back has the table as it was before the earlier run.
    fn write(&self) -> Result<(), Error> {
        let steps = self.earlier.0.iter().chain(&self.own.0);
        match &self.journal {
            Some(journal) if !self.is_unreadable => journal.write(steps.map(Step::sides)),
            _ => Ok(()),
        }
    }

    /// A request to stop came.
    pub fn is_stopped(&self) -> bool {
        self.stopped_by().is_some()
    }

    fn stopped_by(&self) -> Option<&'static str> {
        self.signals.as_ref()?.received()
    }

    /// Takes everything back where the run was stopped or could not go on.
    ///
    /// # Errors
    /// What the run could not go on after, if it has changed nothing.
    pub fn end(
        mut self,
        outcome_of_run: Result<u8, Error>,
        progress: &mut dyn Progress,
    ) -> Result<End, Error> {
        let fate = match (self.stopped_by(), outcome_of_run) {
            (None, Ok(status)) => Fate::Done { status, tidied: self.succeed(status == 0) },
            (_, Err(error)) if self.own.is_empty() => return Err(error),
            (signal, outcome_of_run) => {
                let taken_back = take_back_anew(&self.own, progress);
                self.own = Transaction::default();
                let rest = Rest::of(self.before.as_ref());
                let rollback = outcome(taken_back.map(|()| self.leave()), rest);
                Fate::TakenBack { signal, error: outcome_of_run.err().map(Box::new), rollback }
            }
        };
        let earlier = self.is_unreadable || !self.earlier.is_empty();
        Ok(End { fate, earlier })
    }

    /// What was left by a run that was killed is of no table that there is, if all services were
    /// replaced and it touched nothing else.
    fn succeed(&mut self, all_replaced: bool) -> Result<(), Error> {
        let is_changed = !self.own.is_empty();
        self.own = Transaction::default();
        let is_replaced = all_replaced && self.earlier.is_of_services_only();
        if is_replaced && !self.earlier.is_empty() {
            self.earlier = Transaction::default();
        } else if !is_changed {
            return Ok(());
        }
        self.leave()
    }

    /// The journal is what it was at the beginning, if anything.
    fn leave(&self) -> Result<(), Error> {
        match &self.journal {
            Some(journal) if self.earlier.is_empty() && !self.is_unreadable => journal.clear(),
            _ => self.write(),
        }
    }
}
