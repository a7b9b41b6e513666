//! What the commands that change the table as a whole say alike: about a lock that they cannot take,
//! about a rollback, and about a run that was killed.

use std::io::ErrorKind;

use crate::diff::Delta;
use crate::error::Error;
use crate::output::changes as report;
use crate::output::paint::Paint;
use crate::transaction::{Rest, Rollback};

use super::Session;

/// The table is as before.
const UNDONE: u8 = 3;
/// The table is neither the desired one nor the one before.
pub(super) const BETWEEN: u8 = 4;

/// Lines about changes by other programs that are printed after a rollback.
const NAMED: usize = 10;

/// The hint of those who do not wait for `--recover`.
pub(super) const EARLIER: &str = "an earlier apply or ipvsadm-restore was killed half way; to \
                                  roll back its changes: ipvsadm apply --recover";

/// What going on without the lock means. Nothing if /run cannot be written by anybody: no writer of
/// ours locks there either.
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

/// The table is changed, and `status` says how.
pub(super) fn settle(session: &mut Session<'_>, status: u8, tidied: Result<(), Error>) {
    session.settle(status);
    if let Err(error) = tidied {
        session.complain(&error);
    }
}

/// Reports a rollback, and says the exit status.
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

/// Reports a rollback that is not complete, and says the exit status.
pub(super) fn stuck(session: &mut Session<'_>, error: &Error) -> u8 {
    session.complain(error);
    session.hint(&["some changes could not be rolled back; try ipvsadm apply \
                    --recover"
        .to_owned()]);
    BETWEEN
}

/// What can be said after a rollback.
fn compared(rest: &Rest) -> Vec<String> {
    let own = "rolled back: no change of this run is left";
    match rest {
        Rest::AsBefore => vec!["rolled back: the table is as before".to_owned()],
        Rest::Changed(delta) => {
            let lines = lines(delta).unwrap_or_default();
            let more = lines.len().saturating_sub(NAMED);
            let mut hints =
                vec![format!("{own}; another program has changed other parts of the table")];
            hints.extend(lines.into_iter().take(NAMED));
            hints.extend((more > 0).then(|| format!("{more} more lines like these")));
            hints
        }
        Rest::Unread(why) => vec![format!("{own}; the whole table could not be read: {why}")],
        Rest::Unknown => vec![own.to_owned()],
    }
}

/// What differs, a line each.
pub(super) fn lines(delta: &Delta) -> Result<Vec<String>, Error> {
    let mut text = Vec::new();
    report::text(delta, Paint(false), &mut text)?;
    Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
}
