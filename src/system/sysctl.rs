//! Kernel parameters below `/proc/sys/net`, in the calling thread's network namespace.
//!
//! A key is the path below that folder, such as `ipv4/conf/all/arp_ignore`. Slashes are needed
//! because interface names can contain dots.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access};

use super::names_in;
use crate::error::Error;

fn path(key: &str) -> PathBuf {
    PathBuf::from("/proc/sys/net").join(key)
}

/// Reads a parameter; `None` if it does not exist.
pub fn read(key: &str) -> Result<Option<String>, Error> {
    match fs::read_to_string(path(key)) {
        Ok(text) => Ok(Some(text.trim_end().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::System { action: format!("read net/{key}"), source }),
    }
}

/// Writes a parameter unless it has the value already.
pub fn write(key: &str, value: &str) -> Result<(), Error> {
    if read(key)?.as_deref() == Some(value) {
        return Ok(());
    }
    fs::write(path(key), value)
        .map_err(|source| Error::System { action: format!("set net/{key} to {value}"), source })
}

/// Names of the parameters in the folder `key`, sorted; empty if they cannot be read.
pub fn names(key: &str) -> BTreeSet<String> {
    names_in(path(key))
}

/// Whether root could write parameters. In containers they are often read-only. Unprivileged
/// callers need the answer too, for a dry run.
pub fn writable() -> bool {
    let path = path("ipv4/conf/all/arp_ignore");
    match access(&path, AccessFlags::W_OK) {
        Ok(()) => true,
        // EACCES only says that this caller may not write, so look whether the file system is
        // read-only.
        Err(Errno::EACCES) => {
            statvfs(&path).is_ok_and(|it| !it.flags().contains(FsFlags::ST_RDONLY))
        }
        Err(_) => false,
    }
}
