//! Helpers of steps that make a file: its parent folder, and the outcome of undoing it.

use std::fs;
use std::path::Path;

use super::kind::{Undone, failed};
use crate::error::Error;
use crate::model::quote::shell;

/// Shell command that creates the parent folder of a file.
pub fn shell_line(path: &str) -> String {
    let folder = path.rsplit_once('/').map(|(folder, _)| shell(folder));
    folder.map(|folder| format!("mkdir -p {folder}\n")).unwrap_or_default()
}

/// Creates the parent folder of a file.
pub fn make(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(failed(format!("make {}", folder.display())))
}

/// Removes a file if it is still as `prepare` made it.
pub fn remove(path: &str, is_ours: bool) -> Result<Undone, Error> {
    if is_ours {
        fs::remove_file(path).map_err(failed(format!("remove {path}")))?;
        Ok(Undone::Restored)
    } else if fs::symlink_metadata(path).is_ok() {
        Ok(Undone::LeftAlone("it was changed".to_owned()))
    } else {
        Ok(Undone::Gone)
    }
}
