//! The journal of a change of the table: what it touches, before and after, for whoever comes after
//! a crash.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::work::{Sides, Step, Work};
use crate::diff::Delta;
use crate::error::{Error, Obstacle, Rejection};
use crate::json;
use crate::model::{DaemonRole, Table};
use crate::netlink::Client;
use crate::system::identity::boot;
use crate::system::journal::Journal;
use crate::system::namespace;

#[derive(Serialize, Deserialize)]
struct Document {
    schema: u32,
    /// Which boot: the table of another one is gone.
    boot: String,
    /// Which network namespace: the table of another one is not meant.
    namespace: Option<u64>,
    steps: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// The daemons that it speaks of.
    roles: Vec<String>,
    before: Box<RawValue>,
    /// Nothing where every service was replaced.
    after: Option<Box<RawValue>>,
}

/// What was touched by a run that was killed; nothing where there was none. The journal of another
/// boot or namespace is removed: its table is gone.
pub(in crate::cmd) fn pending(journal: &Journal, client: &mut Client) -> Result<Work, Error> {
    let Some((document, work)) = read(journal)? else { return Ok(Work::default()) };
    let same = match (document.namespace, namespace::cookie()) {
        (Some(then), Some(now)) => then == now,
        _ => is_recognised(&work, journal, client)?,
    };
    if document.boot == boot()? && same {
        return Ok(work);
    }
    journal.clear()?;
    Ok(Work::default())
}

/// Before Linux 5.14 a namespace has nothing but an inode number, which comes again when it is
/// gone. So a table that has none of the services that the journal speaks of is held for another
/// one, unless it can be ours with its services deleted.
fn is_recognised(work: &Work, journal: &Journal, client: &mut Client) -> Result<bool, Error> {
    if work.deletes() {
        return Ok(true);
    }
    let Some(touched) = work.services() else { return Ok(journal.of_first_namespace()) };
    let known = client.services()?.iter().any(|entry| touched.contains(&entry.service.key));
    Ok(known || touched.is_empty())
}

/// Writes it, down to the disk, before the first change.
pub(in crate::cmd) fn write<'a>(
    journal: &Journal,
    steps: impl IntoIterator<Item = Sides<'a>>,
) -> Result<(), Error> {
    let document = Document {
        schema: json::SCHEMA,
        boot: boot()?,
        namespace: namespace::cookie(),
        steps: steps.into_iter().map(entry).collect::<Result<_, _>>()?,
    };
    let text = serde_json::to_string(&document).map_err(std::io::Error::from)?;
    journal.write(&text, false)
}

fn entry((before, after): Sides<'_>) -> Result<Entry, Error> {
    let roles = after.unwrap_or(before).daemons.keys();
    Ok(Entry {
        roles: roles.map(|role| role.as_str().to_owned()).collect(),
        before: raw(before)?,
        after: after.map(raw).transpose()?,
    })
}

fn raw(table: &Table) -> Result<Box<RawValue>, Error> {
    let mut text = Vec::new();
    json::write(table, &mut text)?;
    let text = String::from_utf8_lossy(&text).trim_end().to_owned();
    Ok(RawValue::from_string(text).map_err(std::io::Error::from)?)
}

fn read(journal: &Journal) -> Result<Option<(Document, Work)>, Error> {
    let Some((text, path)) = journal.read()? else { return Ok(None) };
    let damaged = |why: String| Obstacle::Journal { path: path.display().to_string(), why };
    let document: Document =
        serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    let steps: Result<Vec<Step>, Rejection> = document.steps.iter().map(step).collect();
    let steps = steps.map_err(|error| damaged(error.to_string()))?;
    Ok(Some((document, Work(steps))))
}

fn step(entry: &Entry) -> Result<Step, Rejection> {
    let table = |raw: &RawValue| -> Result<Table, Rejection> {
        let mut table = json::read(raw.get())?;
        let touched = |role: DaemonRole| entry.roles.iter().any(|it| it == role.as_str());
        table.daemons.retain(|role, _| touched(*role));
        Ok(table)
    };
    let before = table(&entry.before)?;
    Ok(match &entry.after {
        Some(after) => Step::Touched(Delta { before, after: table(after)? }),
        None => Step::Replaced(before),
    })
}
