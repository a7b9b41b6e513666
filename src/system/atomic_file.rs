//! Replaces files so that a crash or a power cut leaves either the old file or the new one.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Replaces the file `path` by one with this text, which everybody can read (mode 0644).
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let temporary = temporary(path);
    unlink(&temporary)?;
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o644).open(&temporary)?;
    // The umask of the caller may have removed bits.
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    // Syncing the folder makes the rename itself durable.
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes the file, if it exists, and its temporary file.
pub fn remove(path: &Path) -> io::Result<()> {
    unlink(path)?;
    remove_temporary(path)
}

/// Removes the draft that a killed run left next to the file.
pub fn remove_temporary(path: &Path) -> io::Result<()> {
    unlink(&temporary(path))
}

fn temporary(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn unlink(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // On a read-only file system the kernel reports EROFS even if the file does not exist.
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem && !path.exists() => Ok(()),
        other => other,
    }
}
