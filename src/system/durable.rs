//! Files that a crash or a power cut leaves as they were or as they should be.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Puts a file with this text in the place of `path`, for everybody to read.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = draft(path);
    unlink(&draft)?;
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o644).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    // The rename itself must reach the disk.
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes the file where there is one, and its draft.
pub fn remove(path: &Path) -> io::Result<()> {
    unlink(path)?;
    remove_draft(path)
}

/// Removes what a run that was killed has left of the file that it was about to write.
pub fn remove_draft(path: &Path) -> io::Result<()> {
    unlink(&draft(path))
}

fn draft(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn unlink(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // Of a file system that cannot be written the kernel says only that, whatever is missing.
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem && !path.exists() => Ok(()),
        other => other,
    }
}
