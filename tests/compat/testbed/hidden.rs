//! Hides folders from a test.

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};

/// Makes a folder empty for the calling thread and its children only.
pub struct Hidden(&'static str);

impl Hidden {
    /// Mounts an empty file system over the folder.
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
        // An error does not matter: the mount namespace ends with its thread.
        let _ = umount2(self.0, MntFlags::MNT_DETACH);
    }
}
