//! Taking back what was done: after a failure, after a refusal to confirm, after a crash.

use std::borrow::Cow;
use std::collections::HashSet;

use super::journal::Journal;
use super::progress::{self, Doing, Progress};
use super::snapshot;
use super::steps::Transaction;
use crate::classic::describe;
use crate::diff::{Delta, plan};
use crate::error::{Errno, Error};
use crate::model::{Change, Pool, Service, ServiceKey, Table};
use crate::netlink::Client;

/// Another program may be at work on the same table.
const TRIES: u32 = 2;

/// What came of a rollback.
#[derive(Debug)]
pub enum Rollback {
    /// What the run had changed is as before.
    Complete {
        /// Whether the journal could be brought up to date.
        tidied: Result<(), Error>,
        /// The rest of the table.
        rest: Rest,
    },
    /// Not everything could be taken back. The journal stays.
    Partial(Error),
}

/// The table after a rollback, compared with the table before the first change.
#[derive(Debug)]
pub enum Rest {
    /// They are equal.
    AsBefore,
    /// Other programs have written meanwhile: this is what differs now.
    Changed(Box<Delta>),
    /// The table could not be read.
    Unread(Error),
    /// The table before is not known, except for what the run has changed.
    Unknown,
}

/// Takes back those `done` of the changes that were planned for a table that was `current`.
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

/// The result of a rollback, from its own and that of the journal.
pub(super) fn outcome(taken_back: Result<Result<(), Error>, Error>, rest: Rest) -> Rollback {
    match taken_back {
        Ok(tidied) => Rollback::Complete { tidied, rest },
        Err(error) => Rollback::Partial(error),
    }
}

/// The table before, and the services that others have made meanwhile, which the kernel therefore
/// refused to us, and yet gave our real servers.
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

/// Takes back a transaction through a socket of its own: whatever went wrong with the old one stays
/// there.
pub(super) fn take_back_anew(
    transaction: &Transaction,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    Client::open().and_then(|mut client| take_back(&mut client, transaction, progress))
}

impl Rest {
    /// Compares the kernel's table with the one `before`. The table is called as before only if it
    /// was read and is: others may have written meanwhile.
    pub(super) fn of(before: Option<&Table>) -> Self {
        let Some(before) = before else { return Self::Unknown };
        match Client::open().and_then(|mut client| snapshot::whole(&mut client, before)) {
            Ok(now) if plan(&now, before).is_empty() => Self::AsBefore,
            Ok(now) => Self::Changed(Box::new(difference(before, &now))),
            Err(error) => Self::Unread(error),
        }
    }
}

/// What differs between a table as it should be and as it is now.
pub fn difference(expected: &Table, now: &Table) -> Delta {
    Delta::of(&plan(expected, now), expected)
}

/// Brings back what was touched, and checks it.
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
        // Whatever the kernel has answered, what is there now decides.
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

/// What is still to be taken back.
fn left(client: &mut Client, transaction: &Transaction) -> Result<Vec<Change>, Error> {
    Ok(transaction.undo(&transaction.look(client)?))
}

/// Takes back what a run did that was killed; nothing where there was none. The delta is what the
/// table differed in.
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
