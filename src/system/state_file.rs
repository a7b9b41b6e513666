//! State files: one for each verb and network namespace. A crash leaves the old file or the new
//! one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::identity::{NamespaceIdentity, recognise, write_mark};
use super::{atomic_file, failed, trusted};
use crate::error::{Error, Obstacle};

pub(super) const VOLATILE: &str = "/run/ipvsadm";
/// Precedes the inode number of a namespace in file names.
pub(super) const NAMESPACE: &str = "-netns-";

pub(super) const LASTING: &str = "/var/lib/ipvsadm";
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// The state file of one verb; locked if it was opened for changes.
#[derive(Debug)]
pub struct StateFile {
    name: String,
    _lock: Option<Flock<File>>,
}

impl StateFile {
    /// Opens the state of `verb` for changes, which one run at a time can do. Returns an error at
    /// once if another run holds the lock.
    pub fn lock(verb: &str) -> Result<Self, Error> {
        Self::try_lock(verb)?.ok_or(Error::Obstacle(Obstacle::Busy))
    }

    /// Like [`Self::lock`], but waits up to `patience`; `None` if the lock is still held then.
    pub fn lock_within(verb: &str, patience: Duration) -> Result<Option<Self>, Error> {
        let end = Instant::now() + patience;
        loop {
            let file = Self::try_lock(verb)?;
            if file.is_some() || Instant::now() >= end {
                return Ok(file);
            }
            thread::sleep(BETWEEN_TRIES);
        }
    }

    fn try_lock(verb: &str) -> Result<Option<Self>, Error> {
        let name = name(verb)?;
        let path = Path::new(VOLATILE).join(format!("{name}.lock"));
        trusted::make_folder(VOLATILE)?;
        // Whoever can open the lock file could block us, so only its owner may.
        match Flock::lock(trusted::open(&path)?, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => {
                write_mark(&lock).map_err(failed("write", &path))?;
                let file = Self { name, _lock: Some(lock) };
                file.remove_drafts()?;
                Ok(Some(file))
            }
            Err((_, Errno::EAGAIN)) => Ok(None),
            Err((_, errno)) => Err(failed("lock", &path)(errno.into())),
        }
    }

    /// Opens the state of `verb` for reading, without a lock.
    pub fn look(verb: &str) -> Result<Self, Error> {
        Ok(Self { name: name(verb)?, _lock: None })
    }

    /// Whether the state belongs to the network namespace of process 1, the host's own.
    pub fn of_first_namespace(&self) -> bool {
        !self.name.contains(NAMESPACE)
    }

    fn path(&self, folder: &str) -> PathBuf {
        Path::new(folder).join(format!("{}.json", self.name))
    }

    /// Removes drafts of a killed run. No other run writes now, because we hold the lock.
    fn remove_drafts(&self) -> Result<(), Error> {
        for path in [LASTING, VOLATILE].map(|folder| self.path(folder)) {
            atomic_file::remove_temporary(&path)
                .map_err(failed("remove the temporary file of", &path))?;
        }
        Ok(())
    }

    /// Text and path of the state file, or `None` if there is no file.
    pub fn read(&self) -> Result<Option<(String, PathBuf)>, Error> {
        for folder in [LASTING, VOLATILE] {
            let path = self.path(folder);
            if let Some(text) = trusted::read(folder, &path)? {
                return Ok(Some((text, path)));
            }
        }
        Ok(None)
    }

    /// Writes the state: below `/var/lib` if it must survive a reboot (`lasting`), otherwise below
    /// `/run`.
    pub fn write(&self, text: &str, lasting: bool) -> Result<(), Error> {
        let (folder, other) = if lasting { (LASTING, VOLATILE) } else { (VOLATILE, LASTING) };
        trusted::make_folder(folder)?;
        let path = self.path(folder);
        atomic_file::replace(&path, text).map_err(failed("write", &path))?;
        remove(&self.path(other))
    }

    /// Removes the state from both folders.
    pub fn clear(&self) -> Result<(), Error> {
        remove(&self.path(LASTING))?;
        remove(&self.path(VOLATILE))
    }
}

/// Name of the state of `verb`. The namespace of process 1 has the plain name; others append their
/// inode number.
pub(super) fn name(verb: &str) -> Result<String, Error> {
    let identity = match NamespaceIdentity::of_this_thread()? {
        NamespaceIdentity::Unknown(inode) => recognise(inode, [VOLATILE, LASTING], NAMESPACE)?,
        known => known,
    };
    match identity {
        NamespaceIdentity::First => Ok(verb.to_owned()),
        NamespaceIdentity::Other(inode) => Ok(format!("{verb}{NAMESPACE}{inode}")),
        NamespaceIdentity::Unknown(_) => Err(Obstacle::UnknownNamespace.into()),
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    atomic_file::remove(path).map_err(failed("remove", path))
}
