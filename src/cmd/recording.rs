//! Keeps in the history what a change touches.

use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

use indexmap::IndexSet;

use crate::diff::{Delta, count};
use crate::error::{Error, Obstacle};
use crate::model::quote::shell;
use crate::model::{Change, ServiceKey, Table};
use crate::output::changes as report;
use crate::system::sudo;
use crate::transaction::history::{Draft, History, Summary};
use crate::transaction::snapshot;

use super::Session;

/// Most changes that a record names.
const NAMED: usize = 10;

/// A change that is about to be made.
pub(super) struct Planned<'a> {
    /// The first word of the command line, or `restore`.
    pub verb: &'a str,
    /// The table before the change. Only the services that the change touches are needed.
    pub before: &'a Table,
    /// What the change touches; `None` if it replaces all services.
    pub delta: Option<&'a Delta>,
    /// Whether the weights change in steps.
    pub gradual: bool,
    /// Whether the record must survive a power cut right after the change.
    pub durable: bool,
}

/// Writes the record of a change that is about to be made. The caller holds the lock of the table.
/// A change is more urgent than its record, so a record that cannot be written only leads to a hint.
pub(super) fn draft(session: &mut Session<'_>, planned: &Planned<'_>) -> Option<Draft> {
    let Planned { verb, before, delta, gradual, durable } = *planned;
    let summary = Summary {
        time: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        by: sudo::user(),
        command: command(session),
        counts: delta.map(count),
        changes: delta.map(|delta| report::first(delta, NAMED)).unwrap_or_default(),
        gradual,
    };
    let touched = delta.map(|delta| delta.with_order(before));
    let sides = match &touched {
        Some(delta) => (&delta.before, Some(&delta.after)),
        None => (before, None),
    };
    match History::look().and_then(|history| history.draft(verb, summary, sides, durable)) {
        Ok(draft) => Some(draft),
        Err(why) => {
            unrecorded(session, verb, &why);
            None
        }
    }
}

/// The same for changes of a few objects: reads the services that they touch.
pub(super) fn draft_of(
    session: &mut Session<'_>,
    verb: &str,
    changes: &[&Change],
    gradual: bool,
) -> Result<Option<Draft>, Error> {
    let services: IndexSet<ServiceKey> = changes.iter().filter_map(|it| it.service()).collect();
    let before = snapshot::services(session.client()?, services)?;
    let delta = Delta::of(changes.iter().copied(), &before);
    let (before, delta) = (&before, Some(&delta));
    let planned = Planned { verb, before, delta, gradual, durable: false };
    Ok(draft(session, &planned))
}

/// Keeps the record of a change that was made. Returns its number.
pub(super) fn keep(session: &mut Session<'_>, draft: Option<Draft>) -> Option<u64> {
    match draft?.keep() {
        Ok(number) => Some(number),
        Err(why) => {
            unrecorded(session, "", &why);
            None
        }
    }
}

fn unrecorded(session: &mut Session<'_>, verb: &str, why: &Error) {
    // At boot, or in a unit, nobody can do anything about it.
    if verb == "restore" && is_expected(why) {
        return;
    }
    let mut hints = vec![format!(
        "this change is not recorded, so ipvsadm rollback cannot take it back: {why}"
    )];
    hints.extend(why.hints().into_iter().filter(|hint| hint != crate::error::UNCHANGED));
    session.hint(&hints);
}

/// Whether this caller or this file system never keeps a record.
fn is_expected(why: &Error) -> bool {
    match why {
        Error::System { source, .. } => {
            matches!(source.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::NotFound)
        }
        Error::Obstacle(why) => {
            matches!(why, Obstacle::NotOurs { .. } | Obstacle::UnknownNamespace)
        }
        _ => false,
    }
}

/// The command line of this run.
fn command(session: &Session<'_>) -> String {
    let program = Path::new(&session.program).file_name().unwrap_or_default().to_string_lossy();
    let words = session.args.texts.iter().map(|word| shell(word).into_owned());
    [program.into_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}
