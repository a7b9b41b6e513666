//! The user who runs this program as root by `sudo` or `pkexec`.

use std::env;
use std::fs::{self, File, Metadata};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{geteuid, getuid};

/// Whether that user could read the file without root's rights, by its mode and the modes of its
/// parent folders. Only the primary group is considered; in doubt the answer is no.
pub fn caller_can_read(file: &File) -> bool {
    let Some((user, group)) = caller() else { return true };
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    let (Ok(found), Ok(path)) = (file.metadata(), fs::read_link(link)) else { return false };
    let may = |found: &Metadata, bit: u32| {
        let place = match () {
            () if found.uid() == user => 6,
            () if Some(found.gid()) == group => 3,
            () => 0,
        };
        found.mode() & (bit << place) != 0
    };
    let may_pass = |folder: &Path| folder.metadata().is_ok_and(|it| may(&it, 1));
    may(&found, 4) && path.ancestors().skip(1).all(may_pass)
}

/// The user who runs this program, for a record: the name that `sudo` gives, or the user id.
pub fn user() -> String {
    let name = env::var("SUDO_USER").ok().filter(|name| !name.is_empty());
    match (caller(), name) {
        (Some(_), Some(name)) => name,
        (Some((user, _)), None) => format!("uid {user}"),
        (None, _) => format!("uid {}", getuid()),
    }
}

/// User and group id of the caller; `None` unless sudo or pkexec raised the rights.
fn caller() -> Option<(u32, Option<u32>)> {
    let number = |name| env::var(name).ok()?.parse().ok();
    let user = number("SUDO_UID").or_else(|| number("PKEXEC_UID"))?;
    (geteuid().is_root() && user != 0).then(|| (user, number("SUDO_GID")))
}
