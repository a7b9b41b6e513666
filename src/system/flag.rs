//! Files whose presence is a message between two runs of the program, one for each network namespace.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::state_file::{VOLATILE, name};
use super::{durable, failed, trusted};
use crate::error::Error;

/// A file that is there or not. It never outlives a boot.
#[derive(Debug)]
pub struct Flag {
    path: PathBuf,
}

impl Flag {
    /// The flag of this name in the network namespace of this thread.
    pub fn named(flag: &str) -> Result<Self, Error> {
        let path = Path::new(VOLATILE).join(format!("{}.json", name(flag)?));
        Ok(Self { path })
    }

    /// Makes the file.
    pub fn raise(&self) -> Result<(), Error> {
        trusted::make_folder(VOLATILE)?;
        durable::replace(&self.path, "{}").map_err(failed("write", &self.path))
    }

    /// Whether the file is there.
    pub fn is_raised(&self) -> Result<bool, Error> {
        Ok(trusted::read(VOLATILE, &self.path)?.is_some())
    }

    /// Removes the file, and says whether it was there: of two processes that try, one succeeds.
    pub fn take(&self) -> Result<bool, Error> {
        is_done(fs::remove_file(&self.path)).map_err(failed("remove", &self.path))
    }

    /// Gives the file the name of another flag, and says whether it was there: of two processes that
    /// try, one succeeds.
    pub fn rename(&self, other: &Self) -> Result<bool, Error> {
        is_done(fs::rename(&self.path, &other.path)).map_err(failed("rename", &self.path))
    }

    /// Removes the file, if it is there.
    pub fn clear(&self) -> Result<(), Error> {
        durable::remove(&self.path).map_err(failed("remove", &self.path))
    }
}

/// `false` where there is no such file.
fn is_done(outcome: io::Result<()>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
