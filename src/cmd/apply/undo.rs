//! Taking back what was done: after a failure, after a refusal to confirm, after a crash.

use std::borrow::Cow;
use std::collections::HashSet;
use std::time::Duration;

use super::super::progress;
use super::execute::Stop;
use super::work::Work;
use super::{BETWEEN, Job, Session, UNDONE, difference, journal, lock, report, settle, snapshot};
use crate::classic::describe;
use crate::diff::{Delta, plan};
use crate::error::{Errno, Error, Rejection};
use crate::model::{Change, Pool, Service, ServiceKey, Table};
use crate::netlink::Client;
use crate::system::journal::Journal;

/// Another program may be at work on the same table.
const TRIES: u32 = 2;

/// Lines about changes by other programs that are printed after a rollback.
const NAMED: usize = 10;

/// The hint of those who do not wait for `--recover`.
pub(in crate::cmd) const EARLIER: &str = "an earlier apply or ipvsadm-restore was killed half way; \
    what it changed can still be undone: ipvsadm apply --recover";

/// Undoes the changes at these places of the plan, and says why. Only then: to find the line that was
/// refused the file is read again, and its names may take as long as the DNS does.
pub(super) fn failed(
    session: &mut Session<'_>,
    journal: &Journal,
    job: &Job,
    done: &[usize],
    stop: &Stop,
) -> u8 {
    let done = || done.iter().map(|place| &job.changes[*place]);
    let tidied = with_foreign_services(&job.current, done())
        .and_then(|before| take_back_anew(&Delta::of(done(), &before).into()))
        .map(|()| journal.clear());
    let outcome = compared(Some(&job.current));
    explain(session, job, stop);
    told(session, tidied, &outcome)
}

/// The table before, and the services that others have made meanwhile, which the kernel therefore
/// refused to us, and yet gave our real servers.
fn with_foreign_services<'a>(
    current: &'a Table,
    done: impl Iterator<Item = &'a Change> + Clone,
) -> Result<Cow<'a, Table>, Error> {
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

/// The service as it is now, if it still is.
fn look_up(key: &ServiceKey) -> Result<Option<Service>, Error> {
    match Client::open()?.service(key) {
        Ok(found) => Ok(Some(found.service)),
        Err(Error::Kernel { errno: Errno::ESRCH, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same with a socket of its own: whatever went wrong with the old one stays there.
pub(in crate::cmd) fn take_back_anew(work: &Work) -> Result<(), Error> {
    Client::open().and_then(|mut client| take_back(&mut client, work))
}

/// Reports a rollback with its `outcome`, see [`compared`], and the removal of the journal after it.
pub(in crate::cmd) fn told(
    session: &mut Session<'_>,
    undone: Result<Result<(), Error>, Error>,
    outcome: &[String],
) -> u8 {
    match undone {
        Ok(tidied) => {
            settle(session, UNDONE, tidied);
            session.hint(outcome);
            UNDONE
        }
        Err(error) => stuck(session, &error),
    }
}

/// What can be said after a rollback. The table is called as before only if it was read and is:
/// others may have written meanwhile. `before` is the table before the first change; without it only
/// what was touched is known.
pub(in crate::cmd) fn compared(before: Option<&Table>) -> Vec<String> {
    let now =
        before.map(|before| Client::open().and_then(|mut it| snapshot::whole(&mut it, before)));
    let own = "undone: what this run changed is as before";
    match (before, now) {
        (Some(before), Some(Ok(now))) if plan(&now, before).is_empty() => {
            vec!["undone: the table is as before".to_owned()]
        }
        (Some(before), Some(Ok(now))) => {
            let lines = difference(before, &now).unwrap_or_default();
            let more = lines.len().saturating_sub(NAMED);
            let mut hints =
                vec![format!("{own}; another program has changed other parts of the table")];
            hints.extend(lines.into_iter().take(NAMED));
            hints.extend((more > 0).then(|| format!("{more} more lines like these")));
            hints
        }
        (_, Some(Err(why))) => vec![format!("{own}; the whole table could not be read: {why}")],
        _ => vec![own.to_owned()],
    }
}

fn explain(session: &mut Session<'_>, job: &Job, stop: &Stop) {
    match stop {
        Stop::Refused { index, errno, more } => {
            let change = &job.changes[*index];
            let (operation, errno) = (change.operation(), *errno);
            let object = job.wish.place(session, change);
            session.complain(&Error::Kernel { operation, errno, object });
            if *more > 0 {
                session.hint(&[format!("{more} more changes were refused")]);
            }
        }
        Stop::Broken(error) => session.complain(error),
        Stop::Signal(why) | Stop::Unconfirmed(why) => session.say(why),
    }
}

fn stuck(session: &mut Session<'_>, error: &Error) -> u8 {
    session.complain(error);
    session.hint(&["not everything could be undone; try ipvsadm apply --recover".to_owned()]);
    BETWEEN
}

/// Brings back what was touched, and checks it.
fn take_back(client: &mut Client, work: &Work) -> Result<(), Error> {
    let mut changes = left(client, work)?;
    let mut refused = None;
    for _ in 0..TRIES {
        if changes.is_empty() {
            return Ok(());
        }
        let refusals = progress::batch(client, changes.len(), "undone", changes.iter())?;
        refused = refusals.first().map(|it| (changes[it.index].clone(), it.errno));
        // Whatever the kernel has answered, what is there now decides.
        changes = left(client, work)?;
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
fn left(client: &mut Client, work: &Work) -> Result<Vec<Change>, Error> {
    Ok(work.undo(&work.look(client)?))
}

/// `--recover`: undoes what a run did that was killed.
pub(super) fn recover(session: &mut Session<'_>, wait: Duration, json: bool) -> Result<u8, Error> {
    let journal = lock(session, wait)?;
    let client = session.client()?;
    let work = journal::pending(&journal, client)?;
    if work.is_empty() {
        return Err(Rejection::NothingToRecover.into());
    }
    let now = work.look(client)?;
    let back = Delta::of(&work.undo(&now), &now);
    if let Err(error) = take_back(client, &work) {
        return Ok(stuck(session, &error));
    }
    settle(session, 0, journal.clear());
    session.settle_success(json);
    report(session, &back, "recovered", json, true)?;
    Ok(0)
}
