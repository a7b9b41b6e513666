//! Folders with many state files of one kind: one folder for each network namespace.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::state_file::{LASTING, NAMESPACE, VOLATILE, name};
use super::{failed, names_in, trusted};
use crate::error::Error;

/// A folder whose files only root may read. That of the first network namespace survives a reboot;
/// any other namespace ends with the boot.
#[derive(Clone, Debug)]
pub struct StateFolder {
    parent: &'static str,
    path: String,
}

impl StateFolder {
    /// The folder of this kind for this thread's network namespace. It need not exist.
    pub fn look(kind: &str) -> Result<Self, Error> {
        let name = name(kind)?;
        let parent = if name.contains(NAMESPACE) { VOLATILE } else { LASTING };
        Ok(Self { parent, path: format!("{parent}/{name}") })
    }

    /// Whether the folder belongs to the network namespace of process 1, the host's own.
    pub fn of_first_namespace(&self) -> bool {
        self.parent == LASTING
    }

    /// Path of a file in the folder.
    pub fn path(&self, file: &str) -> PathBuf {
        Path::new(&self.path).join(file)
    }

    /// Names of the files; empty if there is no folder.
    ///
    /// # Errors
    /// Other users can write to the folder.
    pub fn files(&self) -> Result<BTreeSet<String>, Error> {
        let is_there = trusted::is_there(self.parent)? && trusted::is_there(&self.path)?;
        Ok(if is_there { names_in(&self.path) } else { BTreeSet::new() })
    }

    /// Size of a file in bytes; 0 if it does not exist.
    pub fn size(&self, file: &str) -> u64 {
        fs::symlink_metadata(self.path(file)).map_or(0, |it| it.len())
    }

    /// Opens a file for reading; `None` if it does not exist.
    pub fn open(&self, file: &str) -> Result<Option<File>, Error> {
        if !trusted::is_there(self.parent)? {
            return Ok(None);
        }
        trusted::open_existing(&self.path, &self.path(file))
    }

    /// Writes a new file, which only its owner can read (mode 0600), and the folder if it is
    /// missing. A file of that name is replaced. After an error there is no such file.
    pub fn write(&self, file: &str, text: &[u8]) -> Result<(), Error> {
        trusted::make_folder(self.parent)?;
        trusted::make_folder(&self.path)?;
        let path = self.path(file);
        let written = write(&path, text);
        written.map_err(|why| {
            drop(fs::remove_file(&path));
            failed("write", &path)(why)
        })
    }

    /// Appends to a file, which is made if it is missing, and returns its size in bytes then.
    pub fn append(&self, file: &str, text: &[u8]) -> Result<u64, Error> {
        trusted::make_folder(self.parent)?;
        trusted::make_folder(&self.path)?;
        let path = self.path(file);
        let mut opened = trusted::open(&path)?;
        let append = |opened: &mut File| {
            opened.seek(SeekFrom::End(0))?;
            opened.write_all(text)?;
            opened.stream_position()
        };
        append(&mut opened).map_err(failed("write", &path))
    }

    /// Renames a file. With `durable`, content and new name are on the disk afterwards.
    pub fn rename(&self, from: &str, to: &str, durable: bool) -> Result<(), Error> {
        let path = self.path(to);
        let rename = || {
            let from = self.path(from);
            if durable {
                File::open(&from)?.sync_all()?;
            }
            fs::rename(from, &path)?;
            if durable { File::open(&self.path)?.sync_all() } else { Ok(()) }
        };
        rename().map_err(failed("write", &path))
    }

    /// Removes a file, whether it exists or not.
    pub fn remove(&self, file: &str) -> Result<(), Error> {
        let path = self.path(file);
        match fs::remove_file(&path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(failed("remove", &path)),
        }
    }
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    file.write_all(text)
}
