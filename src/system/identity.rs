//! Which network namespace this is, also where `/proc/1/ns/net` cannot be read: that takes
//! `CAP_SYS_PTRACE`, which hardened units, containers and other users lack.

use std::fs::{self, Metadata};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{failed, namespace, trusted};
use crate::error::{Error, Obstacle};

/// The network namespace of the calling thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceIdentity {
    /// That of process 1, the host's own.
    First,
    /// Another one, with the number of its inode.
    Other(u64),
    /// `/proc` does not tell, because it hides process 1. With the number of its inode.
    Unknown(u64),
}

impl NamespaceIdentity {
    /// Looks at `/proc`.
    pub fn of_this_thread() -> Result<Self, Error> {
        let own = Path::new("/proc/thread-self/ns/net");
        let own = fs::metadata(own).map_err(failed("read", own))?;
        // A file below /proc/PID/net has an inode of its own in each namespace, and everybody may
        // look at it (checked on 6.1, 6.12 and 7.2).
        let is_first = is_same("/proc/1/ns/net", &own).or_else(|| {
            is_same("/proc/1/net/dev", &fs::metadata("/proc/thread-self/net/dev").ok()?)
        });
        Ok(match is_first {
            Some(true) => Self::First,
            Some(false) => Self::Other(own.ino()),
            None => Self::Unknown(own.ino()),
        })
    }
}

/// `None` if the file cannot be looked at.
fn is_same(path: &str, as_this: &Metadata) -> Option<bool> {
    let found = fs::metadata(path).ok()?;
    Some(found.dev() == as_this.dev() && found.ino() == as_this.ino())
}

/// What is written about a namespace in each lock file, and among other things in each state file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// In which boot.
    boot: String,
    /// The cookie of the namespace.
    #[serde(default)]
    namespace: Option<u64>,
    /// The number of its inode, which another namespace can have once this one is gone.
    #[serde(default)]
    inode: Option<u64>,
}

impl Mark {
    fn of_this_thread(inode: u64) -> Result<Self, Error> {
        Ok(Self { boot: boot()?, namespace: namespace::cookie(), inode: Some(inode) })
    }

    /// Whether both are of one namespace; `None` if that is not known.
    fn is_of(&self, own: &Self) -> Option<bool> {
        if self.boot != own.boot {
            return None;
        }
        match (self.namespace, own.namespace) {
            (Some(then), Some(now)) => Some(then == now),
            _ => Some(self.inode? == own.inode?),
        }
    }
}

/// The kernel's name for this boot. State of the kernel that was written before is gone.
pub fn boot() -> Result<String, Error> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    let text = fs::read_to_string(path).map_err(failed("read", path))?;
    Ok(text.trim().to_owned())
}

/// Writes into a lock file, which is locked, of which namespace it is.
pub fn write_mark(mut file: &fs::File) -> std::io::Result<()> {
    let inode = fs::metadata("/proc/thread-self/ns/net")?.ino();
    let Ok(mark) = Mark::of_this_thread(inode) else { return Ok(()) };
    let text = serde_json::to_string(&mark)? + "\n";
    let mut written = String::new();
    // Anything but text is not ours.
    let _ = file.read_to_string(&mut written);
    if written != text {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Finds the namespace in what earlier runs have left in `folders`, the volatile one first, where
/// files of other namespaces than the first have `infix` and the inode in their names.
pub fn recognise(inode: u64, folders: [&str; 2], infix: &str) -> Result<NamespaceIdentity, Error> {
    let own = Mark::of_this_thread(inode)?;
    let mut is_known = None;
    for (folder, path) in folders.iter().flat_map(|folder| files(folder)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Who may not read one learns nothing from it.
        let Ok(Some(text)) = trusted::read(folder, &path) else { continue };
        let Ok(mark) = serde_json::from_str::<Mark>(&text) else { continue };
        let is_lock = name.ends_with(".lock");
        match (mark.is_of(&own), name.split_once(infix)) {
            (Some(true), None) => return Ok(NamespaceIdentity::First),
            (Some(true), Some((_, number)))
                if number.split('.').next() == Some(&inode.to_string()) =>
            {
                is_known = Some(());
            }
            // The first namespace of this /run is another one. A container that has started anew has
            // one more, but a new /run, too; its state files may be older.
            (Some(false), None) if is_lock => is_known = Some(()),
            _ => {}
        }
    }
    is_known
        .map(|()| NamespaceIdentity::Other(inode))
        .ok_or_else(|| Obstacle::UnknownNamespace.into())
}

fn files(folder: &str) -> impl Iterator<Item = (&str, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(move |entry| (folder, entry.path()))
}
