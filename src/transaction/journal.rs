//! The journal of a change of the table: what it touches, before and after, for whoever comes after
//! a crash.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::steps::{Sides, Step, Transaction};
use crate::diff::Delta;
use crate::error::{Error, Obstacle, Rejection};
use crate::json;
use crate::model::{DaemonRole, Table};
use crate::netlink::Client;
use crate::system::identity::boot;
use crate::system::namespace;
use crate::system::state_file::StateFile;

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

/// The journal of the table, held by the run that has the lock.
#[derive(Debug)]
pub struct Journal(StateFile);

impl Journal {
    /// The journal in this file.
    pub(super) fn of(file: StateFile) -> Self {
        Self(file)
    }

    /// What a run that was killed had begun; empty where there was none. The journal of another boot
    /// or namespace is removed: its table is gone.
    pub fn pending(&self, client: &mut Client) -> Result<Transaction, Error> {
        let Some((document, begun)) = self.read()? else { return Ok(Transaction::default()) };
        let same = match (document.namespace, namespace::cookie()) {
            (Some(then), Some(now)) => then == now,
            _ => self.is_recognised(&begun, client)?,
        };
        if document.boot == boot()? && same {
            return Ok(begun);
        }
        self.clear()?;
        Ok(Transaction::default())
    }

    /// Before Linux 5.14 a namespace has nothing but an inode number, which comes again when it is
    /// gone. So a table that has none of the services that the journal speaks of is held for another
    /// one, unless it can be ours with its services deleted.
    fn is_recognised(&self, begun: &Transaction, client: &mut Client) -> Result<bool, Error> {
        if begun.deletes() {
            return Ok(true);
        }
        let Some(touched) = begun.services() else { return Ok(self.0.of_first_namespace()) };
        let known = client.services()?.iter().any(|entry| touched.contains(&entry.service.key));
        Ok(known || touched.is_empty())
    }

    /// Writes it, down to the disk, before the first change.
    pub fn write<'a>(&self, steps: impl IntoIterator<Item = Sides<'a>>) -> Result<(), Error> {
        let document = Document {
            schema: json::SCHEMA,
            boot: boot()?,
            namespace: namespace::cookie(),
            steps: steps.into_iter().map(entry).collect::<Result<_, _>>()?,
        };
        let text = serde_json::to_string(&document).map_err(std::io::Error::from)?;
        self.0.write(&text, false)
    }

    /// Removes it: there is nothing left to recover.
    pub fn clear(&self) -> Result<(), Error> {
        self.0.clear()
    }

    fn read(&self) -> Result<Option<(Document, Transaction)>, Error> {
        let Some((text, path)) = self.0.read()? else { return Ok(None) };
        let damaged = |why: String| Obstacle::Journal { path: path.display().to_string(), why };
        let document: Document =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        let steps: Result<Vec<Step>, Rejection> = document.steps.iter().map(step).collect();
        let steps = steps.map_err(|error| damaged(error.to_string()))?;
        Ok(Some((document, Transaction(steps))))
    }
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
