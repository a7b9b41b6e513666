//! Rollback after a failure, a missing confirmation or a crash.

use std::borrow::Cow;
use std::collections::HashSet;

use super::journal::Journal;
use super::progress::{self, Doing, Progress};
use super::snapshot;
use super::stages::Transaction;
use crate::classic::describe;
use crate::diff::{Delta, plan};
use crate::error::{Errno, Error};
use crate::model::{Change, Pool, Service, ServiceKey, Table};
use crate::netlink::Client;

/// Attempts at a rollback, since another program may change the same table.
const TRIES: u32 = 2;

/// Outcome of a rollback.
#[derive(Debug)]
pub enum Rollback {
    /// Everything that the run had changed is as before.
    Complete {
        /// Whether the journal could be updated.
        tidied: Result<(), Error>,
        /// Comparison of the whole table with the one before the run.
        rest: Rest,
    },
    /// Some changes could not be taken back. The journal stays.
    Partial(Error),
}

/// The table after a rollback, compared with the table before the first change.
#[derive(Debug)]
pub enum Rest {
    AsBefore,
    /// The tables differ, since other programs have changed the table meanwhile.
    Changed(Box<Delta>),
    /// The table could not be read.
    Unread(Error),
    /// The previous table is not known, except for what the run has changed.
    Unknown,
}

/// Rolls back the changes `done` of a plan that was made for the table `current`.
pub fn take_back_changes<'a>(
    current: &Table,
    done: impl Iterator<Item = &'a Change> + Clone,
    journal: &Journal,
    progress: &mut dyn Progress,
) -> Rollback {
    let tidied = with_foreign_services(current, done.clone())
        .and_then(|before| take_back_anew(&Delta::of(done, &before).into(), progress))
        .map(|()| journal.clear());
    outcome(tidied, Rest::of(Some(current)))
}

/// Combines the results of a rollback and of the journal update after it.
pub(super) fn outcome(taken_back: Result<Result<(), Error>, Error>, rest: Rest) -> Rollback {
    match taken_back {
        Ok(tidied) => Rollback::Complete { tidied, rest },
        Err(error) => Rollback::Partial(error),
    }
}

/// Adds to `current` the services that another program added meanwhile. For such a service the
/// kernel refused our `AddService`, but accepted our real servers, which the rollback must remove.
fn with_foreign_services<'a>(
    current: &Table,
    done: impl Iterator<Item = &'a Change> + Clone,
) -> Result<Cow<'_, Table>, Error> {
    let ours = done.clone().filter_map(|change| match change {
        Change::AddService(service) => Some(service.key),
        _ => None,
    });
    let ours: HashSet<ServiceKey> = ours.collect();
    let mut before = Cow::Borrowed(current);
    for change in done {
        if let Change::AddDestination(key, _) = change
            && !ours.contains(key)
            && !before.pools.contains_key(key)
            && let Some(service) = look_up(key)?
        {
            before.to_mut().pools.insert(*key, Pool::new(service).into());
        }
    }
    Ok(before)
}

/// Current service, if it still exists.
fn look_up(key: &ServiceKey) -> Result<Option<Service>, Error> {
    match Client::open()?.service(key) {
        Ok(found) => Ok(Some(found.service)),
        Err(Error::Kernel { errno: Errno::ESRCH, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Rolls back a transaction through a new connection, since the old one may be broken.
pub(super) fn take_back_anew(
    transaction: &Transaction,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    Client::open().and_then(|mut client| take_back(&mut client, transaction, progress))
}

impl Rest {
    /// Reads the kernel's table and compares it with `before`. Other programs may have changed the
    /// table, so only a successful read that shows no difference gives `AsBefore`.
    pub(super) fn of(before: Option<&Table>) -> Self {
        let Some(before) = before else { return Self::Unknown };
        match Client::open().and_then(|mut client| snapshot::whole(&mut client, before)) {
            Ok(now) if plan(&now, before).is_empty() => Self::AsBefore,
            Ok(now) => Self::Changed(Box::new(difference(before, &now))),
            Err(error) => Self::Unread(error),
        }
    }
}

/// The difference between the expected table and the current one.
pub fn difference(expected: &Table, now: &Table) -> Delta {
    Delta::of(&plan(expected, now), expected)
}

/// Rolls back the transaction and checks the result.
fn take_back(
    client: &mut Client,
    transaction: &Transaction,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    let mut changes = left(client, transaction)?;
    let mut refused = None;
    for _ in 0..TRIES {
        if changes.is_empty() {
            return Ok(());
        }
        let length = changes.len();
        let refusals = progress::batch(client, progress, length, Doing::Undo, changes.iter())?;
        refused = refusals.first().map(|it| (changes[it.index].clone(), it.errno));
        // The current table decides what remains, not the kernel's answers.
        changes = left(client, transaction)?;
    }
    match refused {
        _ if changes.is_empty() => Ok(()),
        Some((change, errno)) => {
            let (operation, object) = (change.operation(), describe(&change));
            Err(Error::Kernel { operation, errno, object })
        }
        None => Err(Error::Interrupted(TRIES)),
    }
}

/// The changes that still have to be taken back.
fn left(client: &mut Client, transaction: &Transaction) -> Result<Vec<Change>, Error> {
    Ok(transaction.undo(&transaction.look(client)?))
}

/// Rolls back the stages that a killed run left in the journal, and returns what differed. `None` if
/// the journal is empty.
pub fn recover(
    client: &mut Client,
    journal: &Journal,
    progress: &mut dyn Progress,
) -> Result<Option<(Delta, Rollback)>, Error> {
    let begun = journal.pending(client)?;
    if begun.is_empty() {
        return Ok(None);
    }
    let now = begun.look(client)?;
    let back = Delta::of(&begun.undo(&now), &now);
    let taken_back = take_back(client, &begun, progress).map(|()| journal.clear());
    Ok(Some((back, outcome(taken_back, Rest::Unknown))))
}
