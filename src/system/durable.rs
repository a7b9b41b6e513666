//! Files that a crash or a power cut leaves as they were or as they should be.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Puts a file with this text in the place of `path`, for everybody to read.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("new");
    remove(&draft)?;
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

/// Removes the file where there is one.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
