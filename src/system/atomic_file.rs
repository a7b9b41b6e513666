//! Replaces files so that a crash or a power cut leaves either the old file or the new one.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process;

use crate::error::NotRegular;

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

/// Replaces a file whose path the user has chosen. Unlike [`replace`], it deletes no other file:
/// neither a device or a symbolic link at `path`, nor a file with the name of its temporary file.
pub fn replace_foreign(path: &Path, text: &str) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => return Err(io::Error::other(NotRegular)),
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let (draft, mut file) = draft(path)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        unlink(&draft).ok();
    }
    written
}

/// Creates a new file next to `path`. Its name begins with a dot, so that a program which reads the
/// whole folder skips it.
fn draft(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut number = 0;
    loop {
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.{number}", process::id()));
        let draft = path.with_file_name(hidden);
        match OpenOptions::new().create_new(true).write(true).mode(0o644).open(&draft) {
            Ok(file) => return Ok((draft, file)),
            // A killed run with the same process number has left its draft.
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists && number < 99 => number += 1,
            Err(why) => return Err(why),
        }
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_foreign_file_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let read = |name: &str| fs::read_to_string(path(name)).unwrap();
        fs::write(path("ipvs.new"), "of the user").unwrap();
        replace_foreign(&path("ipvs.prom"), "1").unwrap();
        replace_foreign(&path("ipvs.prom"), "2").unwrap();
        assert_eq!(
            (read("ipvs.prom"), read("ipvs.new")),
            ("2".to_owned(), "of the user".to_owned())
        );

        symlink(path("ipvs.prom"), path("link")).unwrap();
        for refused in [path("link"), folder.path().to_owned(), "/dev/null".into(), "..".into()] {
            let why = replace_foreign(&refused, "3").unwrap_err();
            assert_eq!(why.to_string(), "it is not a regular file", "{}", refused.display());
        }
        assert_eq!(read("link"), "2");
        assert!(replace_foreign(&path("no/ipvs.prom"), "4").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_file_of_the_current_folder_is_replaced() {
        let folder = tempfile::tempdir_in(".").unwrap();
        let name = folder.path().file_name().unwrap();
        let path = Path::new(name).with_extension("prom");
        let outcome = replace_foreign(&path, "1");
        assert!(outcome.is_ok(), "{outcome:?}");
        fs::remove_file(path).unwrap();
    }
}
