//! Files whose existence is a message between two runs of the program; each network namespace has
//! its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::state_file::{VOLATILE, name};
use super::{atomic_file, failed, trusted};
use crate::error::Error;

/// A file that exists or not. It lies in `/run`, so it does not survive a reboot.
#[derive(Debug)]
pub struct Flag {
    path: PathBuf,
}

impl Flag {
    /// The flag `flag` of this thread's network namespace.
    pub fn named(flag: &str) -> Result<Self, Error> {
        let path = Path::new(VOLATILE).join(format!("{}.json", name(flag)?));
        Ok(Self { path })
    }

    pub fn raise(&self) -> Result<(), Error> {
        trusted::make_folder(VOLATILE)?;
        atomic_file::replace(&self.path, "{}").map_err(failed("write", &self.path))
    }

    pub fn is_raised(&self) -> Result<bool, Error> {
        Ok(trusted::read(VOLATILE, &self.path)?.is_some())
    }

    /// Removes the file and returns whether it existed. If two processes try, exactly one gets
    /// `true`.
    pub fn take(&self) -> Result<bool, Error> {
        is_done(fs::remove_file(&self.path)).map_err(failed("remove", &self.path))
    }

    /// Renames the file to that of another flag and returns whether it existed. If two processes
    /// try, exactly one gets `true`.
    pub fn rename(&self, other: &Self) -> Result<bool, Error> {
        is_done(fs::rename(&self.path, &other.path)).map_err(failed("rename", &self.path))
    }

    /// Removes the file, if it exists.
    pub fn clear(&self) -> Result<(), Error> {
        atomic_file::remove(&self.path).map_err(failed("remove", &self.path))
    }
}

/// Maps "no such file" to `false`.
fn is_done(outcome: io::Result<()>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
