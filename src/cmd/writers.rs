//! Messages that all writers share: about a lock that they cannot take, a rollback, and a killed
//! run.

use std::io::ErrorKind;
use std::time::Duration;

use crate::diff::Delta;
use crate::error::Error;
use crate::output::changes as report;
use crate::output::paint::Paint;
use crate::transaction::{Journal, Rest, Rollback, lock};

use super::Session;
use super::session::more_lines;

/// Exit status: the changes were rolled back.
const UNDONE: u8 = 3;
/// Exit status: the table is neither the desired one nor the one before.
pub(super) const BETWEEN: u8 = 4;

/// Maximum number of lines about changes by other programs.
const NAMED: usize = 10;

/// Hint of commands that continue although a recovery is possible.
pub(super) const EARLIER: &str = "an earlier apply or ipvsadm-restore was killed half way; to \
                                  roll back its changes: ipvsadm apply --recover";

/// Hints about continuing without the lock. None if nobody can write to /run, since then no other
/// run has the lock either.
pub(super) fn unlocked_hints(why: &Error) -> Vec<String> {
    if let Error::System { source, .. } = why
        && matches!(source.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::NotFound)
    {
        return Vec::new();
    }
    let meaning = "without the lock, another ipvsadm may change the table at the same time, and a \
                   run that is killed half way cannot be rolled back";
    vec![why.to_string(), meaning.to_owned()]
}

/// Fixes the exit status after the table was changed, and reports a journal that could not be
/// updated.
pub(super) fn settle(session: &mut Session<'_>, status: u8, tidied: Result<(), Error>) {
    session.settle(status);
    if let Err(error) = tidied {
        session.complain(&error);
    }
}

/// Reports a rollback and returns the exit status.
pub(super) fn told(session: &mut Session<'_>, rollback: Rollback) -> u8 {
    match rollback {
        Rollback::Complete { tidied, rest } => {
            settle(session, UNDONE, tidied);
            session.hint(&compared(&rest));
            UNDONE
        }
        Rollback::Partial(error) => stuck(session, &error),
    }
}

/// Takes the lock; an error if there is none.
pub(super) fn locked(session: &mut Session<'_>, wait: Duration) -> Result<Journal, Error> {
    match lock::within(wait) {
        // Report missing table access first.
        Err(error @ (Error::System { .. } | Error::Obstacle(_))) => {
            session.client()?.info().and(Err(error))
        }
        lock => lock,
    }
}

/// Reports an incomplete rollback and returns the exit status.
pub(super) fn stuck(session: &mut Session<'_>, error: &Error) -> u8 {
    session.complain(error);
    session.hint(&["some changes could not be rolled back; try ipvsadm apply \
                    --recover"
        .to_owned()]);
    BETWEEN
}

/// Lines about the table after a rollback.
fn compared(rest: &Rest) -> Vec<String> {
    let own = "rolled back: no change of this run is left";
    match rest {
        Rest::AsBefore => vec!["rolled back: the table is as before".to_owned()],
        Rest::Changed(delta) => {
            let other = format!("{own}; another program has changed other parts of the table");
            [other].into_iter().chain(first_lines(delta)).collect()
        }
        Rest::Unread(why) => vec![format!("{own}; the whole table could not be read: {why}")],
        Rest::Unknown => vec![own.to_owned()],
    }
}

/// The first lines about differences, and the number of the others.
pub(super) fn first_lines(delta: &Delta) -> Vec<String> {
    let mut lines = lines(delta).unwrap_or_default();
    let more = lines.len().saturating_sub(NAMED);
    lines.truncate(NAMED);
    lines.extend((more > 0).then(|| more_lines(more)));
    lines
}

/// One line for each difference.
fn lines(delta: &Delta) -> Result<Vec<String>, Error> {
    let mut text = Vec::new();
    report::text(delta, Paint(false), &mut text)?;
    Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
}
