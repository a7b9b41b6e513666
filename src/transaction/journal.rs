//! The journal: what a run touches, before and after, so that `apply --recover` can roll the run
//! back after a crash.

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::stages::{Sides, Stage, Transaction};
use crate::error::{Error, Obstacle, Rejection};
use crate::json;
use crate::netlink::Client;
use crate::system::identity::boot;
use crate::system::namespace;
use crate::system::state_file::StateFile;

#[derive(Serialize, Deserialize)]
struct Document {
    schema: u32,
    /// Boot id. After a reboot the journal is obsolete.
    boot: String,
    /// Cookie of the network namespace; `None` before Linux 5.14.
    namespace: Option<u64>,
    #[serde(rename = "steps")]
    stages: Vec<Entry>,
}

/// The journal file, held by the run that has the lock.
#[derive(Debug)]
pub struct Journal(StateFile);

impl Journal {
    pub(super) fn of(file: StateFile) -> Self {
        Self(file)
    }

    /// Stages that a killed run recorded; empty if there are none. Removes a journal of another boot
    /// or network namespace, because its table is gone.
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

    /// Whether the journal's table is this one. Before Linux 5.14 a network namespace has only an
    /// inode number, which the kernel reuses. So a table that has none of the journal's services
    /// counts as another table, unless the journal deletes services, which explains why they are
    /// missing.
    fn is_recognised(&self, begun: &Transaction, client: &mut Client) -> Result<bool, Error> {
        if begun.deletes() {
            return Ok(true);
        }
        let Some(touched) = begun.services() else { return Ok(self.0.of_first_namespace()) };
        let known = client.services()?.iter().any(|entry| touched.contains(&entry.service.key));
        Ok(known || touched.is_empty())
    }

    /// Writes the journal and syncs it to disk. Called before each stage.
    pub fn write<'a>(&self, stages: impl IntoIterator<Item = Sides<'a>>) -> Result<(), Error> {
        let document = Document {
            schema: json::SCHEMA,
            boot: boot()?,
            namespace: namespace::cookie(),
            stages: stages.into_iter().map(Entry::of).collect::<Result<_, _>>()?,
        };
        let text = serde_json::to_string(&document).map_err(std::io::Error::from)?;
        self.0.write(&text, false)
    }

    /// Removes the journal, because nothing is left to recover.
    pub fn clear(&self) -> Result<(), Error> {
        self.0.clear()
    }

    fn read(&self) -> Result<Option<(Document, Transaction)>, Error> {
        let Some((text, path)) = self.0.read()? else { return Ok(None) };
        let damaged = |why: String| Obstacle::StateFile { path: path.display().to_string(), why };
        let document: Document =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        let stages: Result<Vec<Stage>, Rejection> =
            document.stages.iter().map(Entry::stage).collect();
        let stages = stages.map_err(|error| damaged(error.to_string()))?;
        Ok(Some((document, Transaction(stages))))
    }
}
