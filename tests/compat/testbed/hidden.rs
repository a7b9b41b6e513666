//! Folders that a test does without.

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};

/// A folder that is empty for the calling thread and what it starts, and for nobody else.
pub struct Hidden(&'static str);

impl Hidden {
    /// Covers the folder.
    pub fn new(folder: &'static str) -> Self {
        unshare(CloneFlags::CLONE_NEWNS).expect("a new mount namespace needs root");
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).expect("private mounts");
        mount(Some("none"), folder, Some("tmpfs"), MsFlags::empty(), None::<&str>)
            .unwrap_or_else(|error| panic!("cannot cover {folder}: {error}"));
        Self(folder)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // The mount namespace ends with its thread in any case.
        let _ = umount2(self.0, MntFlags::MNT_DETACH);
    }
}
