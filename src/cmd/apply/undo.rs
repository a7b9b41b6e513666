//! Taking back what was done: after a failure, after a refusal to confirm, after a crash.

use std::time::Duration;

use super::execute::Stop;
use super::{BETWEEN, Job, Session, UNDONE, confirm, journal, lock, report, settle, snapshot};
use crate::error::{Error, Rejection};
use crate::model::Change;
use crate::netlink::Client;
use crate::rules::{Delta, describe};
use crate::system::journal::Journal;

/// Another program may be at work on the same table.
const TRIES: u32 = 2;

/// Undoes the changes at these places of the plan, and says why. Only then: to find the line that was
/// refused the file is read again, and its names may take as long as the DNS does.
pub(super) fn failed(
    session: &mut Session<'_>,
    journal: &Journal,
    job: &Job,
    done: &[usize],
    stop: &Stop,
) -> u8 {
    let delta = Delta::of(done.iter().map(|place| &job.changes[*place]), &job.current);
    // Whatever went wrong with the old socket stays there.
    let undone = Client::open().and_then(|mut client| take_back(&mut client, &delta));
    let tidied = undone.map(|()| journal.clear());
    explain(session, job, stop);
    match tidied {
        Ok(tidied) => {
            settle(session, UNDONE, tidied);
            session.hint(&["undone: the table is as before".to_owned()]);
            UNDONE
        }
        Err(error) => stuck(session, &error),
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

/// Brings back what `delta` touches, and checks it.
fn take_back(client: &mut Client, delta: &Delta) -> Result<(), Error> {
    let mut changes = left(client, delta)?;
    let mut refused = None;
    for _ in 0..TRIES {
        if changes.is_empty() {
            return Ok(());
        }
        refused = client.batch(&changes)?.first().map(|it| (changes[it.index].clone(), it.errno));
        // Whatever the kernel has answered, what is there now decides.
        changes = left(client, delta)?;
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
fn left(client: &mut Client, delta: &Delta) -> Result<Vec<Change>, Error> {
    let services = delta.services();
    let now = snapshot::part(client, &delta.after, |key| services.contains(key), &delta.before)?;
    Ok(delta.undo(&now))
}

/// `--recover`: undoes what an apply did that was killed.
pub(super) fn recover(session: &mut Session<'_>, wait: Duration, json: bool) -> Result<u8, Error> {
    let journal = lock(wait)?;
    let client = session.client()?;
    let delta = journal::pending(&journal, client)?.ok_or(Rejection::NothingToRecover)?;
    let services = delta.services();
    let now = snapshot::part(client, &delta.after, |key| services.contains(key), &delta.before)?;
    let back = Delta::of(&delta.undo(&now), &now);
    if let Err(error) = take_back(client, &delta) {
        return Ok(stuck(session, &error));
    }
    let forgotten = journal.clear().and_then(|()| confirm::forget());
    settle(session, 0, forgotten);
    report(session, &back, "recovered", json, true)?;
    Ok(0)
}
