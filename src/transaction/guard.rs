//! [`Guard`] restores the table if `ipvsadm-restore` stops before the end of its file.

use super::history::Draft;
use super::journal::Journal;
use super::progress::Progress;
use super::rollback::{Rest, Rollback, outcome, take_back_anew};
use super::stages::{Stage, Transaction};
use crate::diff::Delta;
use crate::error::Error;
use crate::model::Table;
use crate::netlink::Client;
use crate::system::signals::Signals;

/// Lock, journal and signal handlers of one run.
#[derive(Debug)]
pub struct Guard {
    /// `None` if there is no lock.
    journal: Option<Journal>,
    /// Why there is no lock; taken when it is reported.
    unlocked: Option<Error>,
    /// The journal cannot be read, for example because it has another schema version. The run must
    /// not overwrite it.
    is_unreadable: bool,
    /// Why the journal cannot be read; taken when it is reported.
    unread: Option<Error>,
    /// Stages that a killed run left in the journal.
    earlier: Transaction,
    own: Transaction,
    /// The table before the first change, if the caller read it.
    before: Option<Table>,
    /// Record of this run for the history.
    draft: Option<Draft>,
    signals: Option<Signals>,
}

/// Problems to report before the first stage. The run continues nevertheless, since a host that
/// boots needs its rules with or without lock and journal.
#[derive(Debug, Default)]
#[must_use]
pub struct Unprotected {
    /// Why there is no lock; reported only once.
    pub unlocked: Option<Error>,
    /// Why the journal could not be written.
    pub unwritten: Option<Error>,
}

#[derive(Debug)]
pub struct End {
    pub fate: Fate,
    /// The journal still has changes of a killed run, which `apply --recover` can roll back.
    pub earlier: bool,
    /// Record of a run that reached its end.
    pub draft: Option<Draft>,
}

/// Result of a guarded run for the kernel's table.
#[derive(Debug)]
pub enum Fate {
    /// The run reached its end.
    Done {
        /// Exit status of the run.
        status: u8,
        /// Whether the journal could be updated after the run.
        tidied: Result<(), Error>,
    },
    /// The run stopped early and its changes were rolled back.
    TakenBack {
        /// Names the signal that stopped the run: `interrupted by SIGTERM`.
        signal: Option<&'static str>,
        /// The error that stopped the run.
        error: Option<Box<Error>>,
        rollback: Rollback,
    },
}

impl Guard {
    /// Starts to guard a run. `lock` is the run's lock, or the reason why it has none.
    pub fn begin(lock: Result<Journal, Error>, client: &mut Client) -> Self {
        let (journal, unlocked) = match lock {
            Ok(journal) => (Some(journal), None),
            Err(why) => (None, Some(why)),
        };
        let earlier = match &journal {
            Some(journal) => journal.pending(client),
            None => Ok(Transaction::default()),
        };
        let (earlier, unread) = match earlier {
            Ok(earlier) => (earlier, None),
            Err(why) => (Transaction::default(), Some(why)),
        };
        let (is_unreadable, own) = (unread.is_some(), Transaction::default());
        let (before, draft, signals) = (None, None, None);
        Self { journal, unlocked, is_unreadable, unread, earlier, own, before, draft, signals }
    }

    /// Stores the table before the first change; later calls do nothing.
    pub fn remember(&mut self, before: &Table) {
        self.before.get_or_insert_with(|| before.clone());
    }

    /// Whether this run has the lock, and so may write to the history.
    pub fn is_locked(&self) -> bool {
        self.journal.is_some()
    }

    /// Stores the record of this run. If the run is rolled back, the record is removed.
    pub fn record(&mut self, draft: Option<Draft>) {
        self.draft = draft;
    }

    /// Records the next stage in the journal before the caller makes it. From the first stage on, a
    /// signal leads to a rollback.
    pub fn announce(&mut self, stage: Stage) -> Result<Unprotected, Error> {
        if matches!(&stage, Stage::Touched(delta) if *delta == Delta::default()) {
            return Ok(Unprotected::default());
        }
        if self.signals.is_none() {
            self.signals = Some(Signals::catch()?);
        }
        self.own.0.push(stage);
        let unwritten = self.unread.take().or_else(|| self.write().err());
        Ok(Unprotected { unlocked: self.unlocked.take(), unwritten })
    }

    /// Writes the stages of a killed run before our own. A recovery rolls back both, so that the
    /// table is as before the earlier run.
    fn write(&self) -> Result<(), Error> {
        let stages = self.earlier.0.iter().chain(&self.own.0);
        match &self.journal {
            Some(journal) if !self.is_unreadable => journal.write(stages.map(Stage::sides)),
            _ => Ok(()),
        }
    }

    /// Whether a signal asked the run to stop.
    pub fn is_stopped(&self) -> bool {
        self.stopped_by().is_some()
    }

    fn stopped_by(&self) -> Option<&'static str> {
        self.signals.as_ref()?.received()
    }

    /// Ends the run. If a signal or an error stopped it, rolls its stages back.
    ///
    /// # Errors
    /// The error that stopped the run, if the run had not changed anything yet.
    pub fn end(
        mut self,
        outcome_of_run: Result<u8, Error>,
        progress: &mut dyn Progress,
    ) -> Result<End, Error> {
        let draft = self.draft.take();
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
        let draft = draft.filter(|_| matches!(fate, Fate::Done { .. }));
        Ok(End { fate, earlier: !self.earlier.is_empty(), draft })
    }

    /// Updates the journal after a successful run. If the run replaced all services and a killed
    /// run had changed nothing else, the killed run's stages are obsolete and are dropped.
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

    /// Restores the journal to its content before this run.
    fn leave(&self) -> Result<(), Error> {
        match &self.journal {
            Some(journal) if self.earlier.is_empty() && !self.is_unreadable => journal.clear(),
            _ => self.write(),
        }
    }
}
