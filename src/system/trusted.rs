//! Opens state files and folders only after checking owner, mode and type, so that no other user
//! can plant them.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::libc;
use nix::unistd::geteuid;

use super::failed;
use crate::error::{Error, Obstacle};

/// Size limit in bytes for reading. This program writes no larger state.
const LARGEST: u64 = 1 << 30;

/// Reads a file in `folder`; `None` if it does not exist.
pub fn read(folder: &str, path: &Path) -> Result<Option<String>, Error> {
    let Some(file) = open_existing(folder, path)? else { return Ok(None) };
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(failed("read", path))?;
    Ok(Some(text))
}

/// Opens a file in `folder` for reading; `None` if it does not exist. Does not follow a symbolic
/// link, and does not block on a FIFO.
pub fn open_existing(folder: &str, path: &Path) -> Result<Option<File>, Error> {
    if !is_there(folder)? {
        return Ok(None);
    }
    let opened = options().read(true).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unopened(path, error)),
    };
    check_file(&file, path)?;
    Ok(Some(file))
}

/// Opens a file for reading and writing, and creates it with mode 0600 if it is missing.
pub fn open(path: &Path) -> Result<File, Error> {
    let opened =
        options().create(true).truncate(false).read(true).write(true).mode(0o600).open(path);
    let file = opened.map_err(|error| unopened(path, error))?;
    check_file(&file, path)?;
    Ok(file)
}

/// Creates a folder if it is missing, and checks it.
pub fn make_folder(folder: &str) -> Result<(), Error> {
    let path = Path::new(folder);
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(|error| denied("make", path, error))?;
    is_there(folder).map(drop)
}

/// Whether the folder exists; an error if anybody but root or the caller can write there.
pub fn is_there(folder: &str) -> Result<bool, Error> {
    let path = Path::new(folder);
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed("read", path)(error)),
    };
    let why =
        if found.is_dir() { writers(&found) } else { Some("it is not a directory".to_owned()) };
    match why {
        None => Ok(true),
        Some(why) => {
            let remedy = format!(
                "find out who uses the folder, and then run: chown root: {folder}; chmod 755 \
                         {folder}"
            );
            Err(Obstacle::Untrusted { path: folder.to_owned(), why, remedy }.into())
        }
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}

fn check_file(file: &File, path: &Path) -> Result<(), Error> {
    let found = file.metadata().map_err(failed("read", path))?;
    let why = if found.is_file() { writers(&found) } else { Some(kind(&found)) };
    why.map_or(Ok(()), |why| Err(untrusted(path, why)))
}

/// Explains why a file could not be opened; a link or FIFO is reported as untrusted.
fn unopened(path: &Path, error: io::Error) -> Error {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => untrusted(path, kind(&found)),
        _ => denied("open", path, error),
    }
}

fn denied(verb: &str, path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Obstacle::NotOurs { path: path.display().to_string() }.into();
    }
    failed(verb, path)(error)
}

fn untrusted(path: &Path, why: String) -> Error {
    let path = path.display().to_string();
    let remedy = set_aside(&path);
    Obstacle::Untrusted { path, why, remedy }.into()
}

/// Hint for an unusable state file. The path needs no quoting, because this program chose it.
fn set_aside(path: &str) -> String {
    format!("look at the file, and then continue without it: mv {path} {path}.bad")
}

fn kind(found: &Metadata) -> String {
    let kind = found.file_type();
    let kind = match () {
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_dir() => "a directory",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    format!("it is {kind}")
}

/// Says who else can write the file; `None` if only root and the caller can.
fn writers(found: &Metadata) -> Option<String> {
    if found.uid() != 0 && found.uid() != geteuid().as_raw() {
        return Some(format!("it belongs to user {}", found.uid()));
    }
    let mode = found.mode() & 0o7777;
    (mode & 0o022 != 0).then(|| format!("others can write it (mode {mode:o})"))
}
