//! `ipvsadm set`: reads an object, changes the named fields, and writes the object back.

use crate::classic::{
    check_service, describe, describe_destination, describe_service, fits, may_be_untranslated,
    untranslated, usual_notes,
};
use crate::cli::SetVerb;
use crate::diff::Delta;
use crate::error::pasted::remark;
use crate::error::{Errno, Error, Obstacle, Rejection};
use crate::model::field::{Assignment, BadAssignment, Fields, assign};
use crate::model::{Change, Operation, Pool, Table};
use crate::output::changes as report;
use crate::transaction::{Journal, lock};

use super::Session;
use super::change::{answers_lost, ports_of};
use super::outcome::refused;
use super::recording::{self, Planned};
use super::writers::{EARLIER, unlocked_hints};

pub(super) fn run(session: &mut Session<'_>, verb: &SetVerb, json: bool) -> Result<u8, Error> {
    match set(session, verb, json) {
        // These errors have exit statuses of their own, on which scripts act.
        Err(error) if is_absent(&error) || error.exit_code() == REFUSED => Err(error),
        outcome => refused(session, outcome),
    }
}

/// Exit status of a change that the kernel has refused.
const REFUSED: u8 = 255;

/// Whether the service does not exist.
fn is_absent(error: &Error) -> bool {
    let absent = (Operation::GetService, Errno::ESRCH);
    matches!(error, Error::Kernel { operation, errno, .. } if (*operation, *errno) == absent)
}

fn set(session: &mut Session<'_>, verb: &SetVerb, json: bool) -> Result<u8, Error> {
    let lock = lock::where_possible(verb.wait)?;
    let unlocked = match &lock {
        Ok(journal) => {
            look_for_unfinished(session, journal, verb)?;
            Vec::new()
        }
        Err(why) => unlocked(session, why)?,
    };
    let (current, change) = change(session, verb)?;
    let delta = Delta::of(&change, &current);
    if let Some(change) = &change {
        session.hint(&unlocked);
        // Without the lock, another writer may be using the same draft.
        let draft = match &lock {
            Ok(_) => {
                let (before, delta) = (&current, Some(&delta));
                let (gradual, durable) = (false, false);
                let planned = Planned { verb: "set", before, delta, gradual, durable };
                recording::draft(session, &planned)
            }
            Err(_) => None,
        };
        let made = session.client()?.change(change);
        made.map_err(|error| error.about(describe(change)))?;
        recording::keep(session, draft);
    }
    session.settle_success(json);
    let mut notes = new_notes(&current, change.as_ref());
    if let Some(change) = &change
        && !loses_answers(&current, change)
    {
        notes.extend(answers_lost(session.client()?, change));
    }
    session.hint(&notes);
    if json {
        report::set_json(&delta, session.json_style(), session.out)?;
    } else {
        report::set_text(&delta, session.out)?;
    }
    Ok(0)
}

/// Notes on the new values. Leaves out notes that apply to the current values, too.
fn new_notes(current: &Table, change: Option<&Change>) -> Vec<String> {
    let before = current.pools.values().map(|pool| Change::UpdateService(pool.service.clone()));
    let before: Vec<String> = before.flat_map(|it| usual_notes(&it).collect::<Vec<_>>()).collect();
    change.into_iter().flat_map(usual_notes).filter(|note| !before.contains(note)).collect()
}

/// Whether the replies of the real server, or of those of the service, could stay untranslated before
/// the change already.
fn loses_answers(current: &Table, change: &Change) -> bool {
    let pools = || current.pools.values();
    match change {
        Change::UpdateDestination(key, _) => {
            pools().flat_map(|it| it.destinations.values()).any(|it| may_be_untranslated(key, it))
        }
        _ => pools().any(|it| untranslated(&it.service).is_some()),
    }
}

/// Hints if `set` continues without the lock. An unknown network namespace is an error instead.
fn unlocked(session: &mut Session<'_>, why: &Error) -> Result<Vec<String>, Error> {
    // Report missing table access first.
    session.client()?.info()?;
    match why {
        Error::Obstacle(Obstacle::UnknownNamespace) => Err(Obstacle::UnknownNamespace.into()),
        why => Ok(unlocked_hints(why)),
    }
}

/// Returns an error if a killed run has touched this service, because a recovery would overwrite
/// the new value. Otherwise only prints a hint, since the change may be urgent.
fn look_for_unfinished(
    session: &mut Session<'_>,
    journal: &Journal,
    verb: &SetVerb,
) -> Result<(), Error> {
    match journal.pending(session.client()?) {
        Ok(begun) if begun.is_empty() => {}
        Ok(begun) if begun.touches(&verb.service) => return Err(Rejection::Unfinished.into()),
        // The journal touches other services, or cannot be read.
        _ => session.hint(&[EARLIER.to_owned()]),
    }
    Ok(())
}

/// The current state and the change to make; `None` if the current state is the desired one.
fn change(session: &mut Session<'_>, verb: &SetVerb) -> Result<(Table, Option<Change>), Error> {
    let key = verb.service;
    let service = session.client()?.service(&key);
    let service = service.map_err(|error| error.about(describe_service(&key)))?.service;
    let mut pool = Pool::new(service);
    let change = if let Some(server) = verb.server {
        let entries = session.client()?.destinations(&key)?;
        let found = entries.iter().find(|entry| entry.destination.key == server);
        let found = found.ok_or_else(|| Rejection::NoDestination {
            object: describe_destination(&key, &server),
            ports: ports_of(&entries, server.address),
        })?;
        pool.destinations.insert(server, found.destination);
        let after = assigned(&found.destination, &verb.words)?;
        if fits(&key, &found.destination) && !fits(&key, &after) {
            let text = "forwarding: a port other than the service's needs masquerade, and another \
                        address family needs tunnel";
            return Err(Rejection::Field { text: text.to_owned(), pasted: None }.into());
        }
        (after != found.destination).then_some(Change::UpdateDestination(key, after))
    } else {
        let after = assigned(&pool.service, &verb.words)?;
        // If another program has set values out of range, they may stay.
        if check_service(&pool.service).is_ok() {
            check_service(&after)?;
        }
        (after != pool.service).then_some(Change::UpdateService(after))
    };
    let mut current = Table::default();
    current.pools.insert(key, pool.into());
    Ok((current, change))
}

fn assigned<T: Fields>(thing: &T, words: &[Assignment]) -> Result<T, Rejection> {
    assign(thing, words).map_err(|bad| match bad {
        BadAssignment::NoField { name, proposals } => Rejection::NoField { name, proposals },
        BadAssignment::Value(text) => Rejection::Field { text, pasted: pasted(words) },
    })
}

/// What was probably pasted, if a value looks like that.
fn pasted(words: &[Assignment]) -> Option<String> {
    let mut values = words.iter().map(|word| &word.value);
    values.find_map(|value| Some(format!("`{value}': {}", remark(value)?)))
}
