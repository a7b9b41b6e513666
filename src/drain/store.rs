//! The records in their state file: one for each network namespace.

use std::time::Duration;

use super::records::{Place, Records};
use crate::error::{Error, Obstacle, Rejection};
use crate::system::identity::boot;
use crate::system::namespace;
use crate::system::state_file::StateFile;

const NAME: &str = "drain";

/// The state file, with the boot and network namespace of this run.
#[derive(Debug)]
pub struct Store {
    file: StateFile,
    place: Place,
}

impl Store {
    /// Opens the state file for changes. Waits at most `patience` for another run.
    ///
    /// # Errors
    /// [`Rejection::Busy`] if another run still holds it.
    pub fn lock(patience: Duration) -> Result<Self, Error> {
        Self::of(StateFile::lock_within(NAME, patience)?.ok_or(Rejection::Busy)?)
    }

    /// Opens the state file for reading.
    pub fn look() -> Result<Self, Error> {
        Self::of(StateFile::look(NAME)?)
    }

    fn of(file: StateFile) -> Result<Self, Error> {
        let is_first = file.of_first_namespace();
        let place = Place { boot: boot()?, namespace: namespace::cookie(), is_first };
        Ok(Self { file, place })
    }

    /// Boot ID of the running kernel.
    pub fn boot(&self) -> &str {
        &self.place.boot
    }

    /// Returns no records if there is no file, or if it belongs to another network namespace.
    pub fn read(&self) -> Result<Records, Error> {
        let Some((text, path)) = self.file.read()? else { return Ok(Records::default()) };
        let path = path.display().to_string();
        Ok(Records::read(&text, &self.place).map_err(|why| Obstacle::StateFile { path, why })?)
    }

    /// Writes the records to disk. Only those of the first network namespace go to the folder that
    /// survives a boot, because no other namespace survives one.
    pub fn write(&self, records: &Records) -> Result<(), Error> {
        if records.is_empty() {
            return self.file.clear();
        }
        let text = records.text(&self.place).map_err(std::io::Error::from)?;
        self.file.write(&text, self.place.is_first)
    }
}
