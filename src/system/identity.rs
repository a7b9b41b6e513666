//! Identifies the network namespace, even if `/proc/1/ns/net` cannot be read. Reading it needs
//! `CAP_SYS_PTRACE`, which hardened units, containers and ordinary users lack.

use std::fs::{self, Metadata};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{failed, namespace, trusted};
use crate::error::{Error, Obstacle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceIdentity {
    /// The namespace of process 1, which is the host's own.
    First,
    /// Another namespace, with its inode number.
    Other(u64),
    /// Unknown, because `/proc` hides process 1; with the inode number.
    Unknown(u64),
}

impl NamespaceIdentity {
    /// Identifies the namespace of the calling thread from `/proc`.
    pub fn of_this_thread() -> Result<Self, Error> {
        let own = Path::new("/proc/thread-self/ns/net");
        let own = fs::metadata(own).map_err(failed("read", own))?;
        // A file below /proc/PID/net has a different inode in each namespace, and everybody may
        // stat it (checked on 6.1, 6.12 and 7.2).
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

/// Whether `path` is the same file; `None` if it cannot be read.
fn is_same(path: &str, as_this: &Metadata) -> Option<bool> {
    let found = fs::metadata(path).ok()?;
    Some(found.dev() == as_this.dev() && found.ino() == as_this.ino())
}

/// The identity of a namespace, written into each lock file and, among other data, into each state
/// file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Boot id.
    boot: String,
    /// Cookie of the namespace (Linux 5.14).
    #[serde(default)]
    namespace: Option<u64>,
    /// Inode number of the namespace. The kernel reuses it after the namespace is gone.
    #[serde(default)]
    inode: Option<u64>,
}

impl Mark {
    fn of_this_thread(inode: u64) -> Result<Self, Error> {
        Ok(Self { boot: boot()?, namespace: namespace::cookie(), inode: Some(inode) })
    }

    /// Whether both marks belong to the same namespace; `None` if that cannot be known.
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

/// The kernel's boot id. Kernel state recorded under another id is gone.
pub fn boot() -> Result<String, Error> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    let text = fs::read_to_string(path).map_err(failed("read", path))?;
    Ok(text.trim().to_owned())
}

/// Writes the identity of this thread's namespace into a locked lock file.
pub fn write_mark(mut file: &fs::File) -> std::io::Result<()> {
    let inode = fs::metadata("/proc/thread-self/ns/net")?.ino();
    let Ok(mark) = Mark::of_this_thread(inode) else { return Ok(()) };
    let text = serde_json::to_string(&mark)? + "\n";
    let mut written = String::new();
    // If the content is not UTF-8, it is replaced below.
    let _ = file.read_to_string(&mut written);
    if written != text {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Identifies the namespace from the files that earlier runs left in `folders`, the volatile folder
/// first. Names of files of other namespaces than the first contain `infix` and the inode number.
pub fn recognise(inode: u64, folders: [&str; 2], infix: &str) -> Result<NamespaceIdentity, Error> {
    let own = Mark::of_this_thread(inode)?;
    let mut is_known = None;
    for (folder, path) in folders.iter().flat_map(|folder| files(folder)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A file that the caller may not read is skipped.
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
            // A lock file in /run shows which namespace is the first one. A state file does not:
            // after a restart a container has a new namespace and a new /run, but possibly old
            // state files.
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
