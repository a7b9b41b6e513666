//! Kernel parameters below `/proc/sys/net`, those of the calling thread's network namespace.
//!
//! A key is the path below that folder, for example `ipv4/conf/all/arp_ignore`: names of interfaces
//! can contain dots.

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

/// The value; `None` where there is no such key.
pub fn read(key: &str) -> Result<Option<String>, Error> {
    match fs::read_to_string(path(key)) {
        Ok(text) => Ok(Some(text.trim_end().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::System { action: format!("read net/{key}"), source }),
    }
}

/// Writes the value where it is not there already.
pub fn write(key: &str, value: &str) -> Result<(), Error> {
    if read(key)?.as_deref() == Some(value) {
        return Ok(());
    }
    fs::write(path(key), value)
        .map_err(|source| Error::System { action: format!("set net/{key} to {value}"), source })
}

/// The names of the parameters in the folder `key`, in their order; none where they cannot be read.
pub fn names(key: &str) -> BTreeSet<String> {
    names_in(path(key))
}

/// Whether root can write parameters: containers often see them read-only. A dry run is not root's.
pub fn writable() -> bool {
    let path = path("ipv4/conf/all/arp_ignore");
    match access(&path, AccessFlags::W_OK) {
        Ok(()) => true,
        // Without the right to write the kernel does not say that nobody can.
        Err(Errno::EACCES) => {
            statvfs(&path).is_ok_and(|it| !it.flags().contains(FsFlags::ST_RDONLY))
        }
        Err(_) => false,
    }
}
