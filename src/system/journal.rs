//! State files: one for each network namespace, written so that a crash leaves the old or the new.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;

use super::durable;
use crate::error::{Error, Obstacle};

const VOLATILE: &str = "/run/ipvsadm";
/// Before the number of a namespace.
const NAMESPACE: &str = "-netns-";

const LASTING: &str = "/var/lib/ipvsadm";
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// The state file of one verb, locked.
#[derive(Debug)]
pub struct Journal {
    name: String,
    _lock: Option<Flock<File>>,
}

impl Journal {
    /// Opens the state of `verb` for changes; one run at a time can.
    pub fn lock(verb: &str) -> Result<Self, Error> {
        Self::try_lock(verb)?.ok_or(Error::Obstacle(Obstacle::Busy))
    }

    /// The same; `None` where another run is still at it after `patience`.
    pub fn lock_within(verb: &str, patience: Duration) -> Result<Option<Self>, Error> {
        let end = Instant::now() + patience;
        loop {
            let journal = Self::try_lock(verb)?;
            if journal.is_some() || Instant::now() >= end {
                return Ok(journal);
            }
            thread::sleep(BETWEEN_TRIES);
        }
    }

    fn try_lock(verb: &str) -> Result<Option<Self>, Error> {
        let name = name(verb)?;
        let path = Path::new(VOLATILE).join(format!("{name}.lock"));
        make_folder(VOLATILE)?;
        // Whoever can open it can lock it.
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(failed("open", &path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => {
                let journal = Self { name, _lock: Some(lock) };
                journal.remove_drafts()?;
                Ok(Some(journal))
            }
            Err((_, Errno::EAGAIN)) => Ok(None),
            Err((_, errno)) => Err(failed("lock", &path)(errno.into())),
        }
    }

    /// Opens the state of `verb` to look at.
    pub fn look(verb: &str) -> Result<Self, Error> {
        Ok(Self { name: name(verb)?, _lock: None })
    }

    /// Whether it is of the network namespace of process 1, the host's own.
    pub fn of_first_namespace(&self) -> bool {
        !self.name.contains(NAMESPACE)
    }

    fn path(&self, folder: &str) -> PathBuf {
        Path::new(folder).join(format!("{}.json", self.name))
    }

    /// Nobody else writes now: what lies there is of a run that was killed.
    fn remove_drafts(&self) -> Result<(), Error> {
        for path in [LASTING, VOLATILE].map(|folder| self.path(folder)) {
            durable::remove_draft(&path).map_err(failed("remove the draft of", &path))?;
        }
        Ok(())
    }

    /// The text of the state and its path; `None` where there is none.
    pub fn read(&self) -> Result<Option<(String, PathBuf)>, Error> {
        for folder in [LASTING, VOLATILE] {
            let path = self.path(folder);
            match fs::read_to_string(&path) {
                Ok(text) => return Ok(Some((text, path))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(failed("read", &path)(source)),
            }
        }
        Ok(None)
    }

    /// Writes the state, where it outlives the next boot if it must.
    pub fn write(&self, text: &str, lasting: bool) -> Result<(), Error> {
        let (folder, other) = if lasting { (LASTING, VOLATILE) } else { (VOLATILE, LASTING) };
        make_folder(folder)?;
        let path = self.path(folder);
        durable::replace(&path, text).map_err(failed("write", &path))?;
        remove(&self.path(other))
    }

    /// Removes the volatile state, and says whether there was any: of two who try, one gets it.
    pub fn take(&self) -> Result<bool, Error> {
        let path = self.path(VOLATILE);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("remove", &path)(error)),
        }
    }

    /// Removes the state.
    pub fn clear(&self) -> Result<(), Error> {
        remove(&self.path(LASTING))?;
        remove(&self.path(VOLATILE))
    }
}

/// The kernel's name for this boot. State of the kernel that was written before is gone.
pub fn boot() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

/// The host's own namespace is that of process 1; others go by number.
fn name(verb: &str) -> Result<String, Error> {
    let own = Path::new("/proc/thread-self/ns/net");
    let own = fs::metadata(own).map_err(failed("read", own))?.ino();
    let first = fs::metadata("/proc/1/ns/net").map(|it| it.ino()).ok();
    Ok(if first == Some(own) { verb.to_owned() } else { format!("{verb}{NAMESPACE}{own}") })
}

/// Makes the folder where it is missing. What lies in it is believed, so nobody else may write there,
/// whatever the umask of the one who came first.
fn make_folder(folder: &str) -> Result<(), Error> {
    let path = Path::new(folder);
    let made = DirBuilder::new().recursive(true).mode(0o755).create(path);
    let found = made.and_then(|()| fs::symlink_metadata(path)).map_err(failed("make", path))?;
    let ours = found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & 0o022 == 0;
    let why = "others can write there: make it a folder of root with mode 755";
    if ours { Ok(()) } else { Err(failed("use", path)(io::Error::other(why))) }
}

fn remove(path: &Path) -> Result<(), Error> {
    durable::remove(path).map_err(failed("remove", path))
}

fn failed(verb: &str, path: &Path) -> impl Fn(io::Error) -> Error {
    let action = format!("{verb} {}", path.display());
    move |source| Error::System { action: action.clone(), source }
}
