//! The journal of an apply: what it touches, before and after, for whoever comes after a crash.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, Rejection};
use crate::model::{DaemonRole, Table};
use crate::netlink::Client;
use crate::output::json;
use crate::rules::Delta;
use crate::system::journal::{Journal, boot};
use crate::system::namespace;

#[derive(Serialize, Deserialize)]
struct Document {
    schema: u32,
    /// Which boot: the table of another one is gone.
    boot: String,
    /// Which network namespace: the table of another one is not meant.
    namespace: Option<u64>,
    /// The daemons that it speaks of.
    roles: Vec<String>,
    before: Box<RawValue>,
    after: Box<RawValue>,
}

/// What an apply touched that was killed; `None` where there was none. The journal of another boot
/// or namespace is removed: its table is gone.
pub(super) fn pending(journal: &Journal, client: &mut Client) -> Result<Option<Delta>, Error> {
    let Some((document, delta)) = read(journal)? else { return Ok(None) };
    let same = match (document.namespace, namespace::cookie()) {
        (Some(then), Some(now)) => then == now,
        _ => is_recognised(&delta, client)?,
    };
    if document.boot == boot() && same {
        return Ok(Some(delta));
    }
    journal.clear()?;
    Ok(None)
}

/// Before Linux 5.14 a namespace has nothing but an inode number, which comes again when it is
/// gone. So a table that has none of the services that the journal speaks of is held for another
/// one, unless it can be ours with its services deleted.
fn is_recognised(delta: &Delta, client: &mut Client) -> Result<bool, Error> {
    let Delta { before, after } = delta;
    let deletes = before.pools.keys().any(|key| !after.pools.contains_key(key));
    let touched = delta.services();
    let known = client.services()?.iter().any(|entry| touched.contains(&entry.service.key));
    Ok(deletes || known || touched.is_empty())
}

/// Writes it, down to the disk, before the first change.
pub(super) fn write(journal: &Journal, delta: &Delta) -> Result<(), Error> {
    let document = Document {
        schema: json::SCHEMA,
        boot: boot(),
        namespace: namespace::cookie(),
        roles: delta.after.daemons.keys().map(|role| role.as_str().to_owned()).collect(),
        before: raw(&delta.before)?,
        after: raw(&delta.after)?,
    };
    let text = serde_json::to_string(&document).map_err(std::io::Error::from)?;
    // What cannot be made lasting is not begun, and must not stay as if it had been.
    journal.write(&text, false).inspect_err(|_| drop(journal.clear()))
}

fn raw(table: &Table) -> Result<Box<RawValue>, Error> {
    let mut text = Vec::new();
    json::write(table, &mut text)?;
    let text = String::from_utf8_lossy(&text).trim_end().to_owned();
    Ok(RawValue::from_string(text).map_err(std::io::Error::from)?)
}

fn read(journal: &Journal) -> Result<Option<(Document, Delta)>, Error> {
    let Some((text, path)) = journal.read()? else { return Ok(None) };
    let document: Document = serde_json::from_str(&text)
        .map_err(|error| Rejection::Json(format!("{}: {error}", path.display())))?;
    let table = |raw: &RawValue| -> Result<Table, Rejection> {
        let mut table = json::recall(raw.get())?;
        let touched = |role: DaemonRole| document.roles.iter().any(|it| it == role.as_str());
        table.daemons.retain(|role, _| touched(*role));
        Ok(table)
    };
    let delta = Delta { before: table(&document.before)?, after: table(&document.after)? };
    Ok(Some((document, delta)))
}
