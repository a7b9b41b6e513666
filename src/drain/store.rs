//! The records in their state file: one for each network namespace.

use std::time::Duration;

use super::records::{Place, Records};
use crate::error::{Error, Obstacle, Rejection};
use crate::system::identity::boot;
use crate::system::namespace;
use crate::system::state_file::StateFile;

/// The name of the state file.
const NAME: &str = "drain";

/// The state file.
#[derive(Debug)]
pub struct Store {
    file: StateFile,
    place: Place,
}

impl Store {
    /// Opens it for changes; waits at most `patience` for another run.
    ///
    /// # Errors
    /// [`Rejection::Busy`] if another run still holds it.
    pub fn lock(patience: Duration) -> Result<Self, Error> {
        Self::of(StateFile::lock_within(NAME, patience)?.ok_or(Rejection::Busy)?)
    }

    /// Opens it for reading.
    pub fn look() -> Result<Self, Error> {
        Self::of(StateFile::look(NAME)?)
    }

    fn of(file: StateFile) -> Result<Self, Error> {
        let is_first = file.of_first_namespace();
        let place = Place { boot: boot()?, namespace: namespace::cookie(), is_first };
        Ok(Self { file, place })
    }

    /// The boot in which this runs.
    pub fn boot(&self) -> &str {
        &self.place.boot
    }

    /// The records; empty where there is no file, and where it is of another namespace.
    pub fn read(&self) -> Result<Records, Error> {
        let Some((text, path)) = self.file.read()? else { return Ok(Records::default()) };
        let path = path.display().to_string();
        Ok(Records::read(&text, &self.place).map_err(|why| Obstacle::StateFile { path, why })?)
    }

    /// Writes the records, down to the disk. Those of the first network namespace go to where the
    /// next boot leaves them; any other namespace ends with the boot.
    pub fn write(&self, records: &Records) -> Result<(), Error> {
        if records.is_empty() {
            return self.file.clear();
        }
        let text = records.text(&self.place).map_err(std::io::Error::from)?;
        self.file.write(&text, self.place.is_first)
    }
}
