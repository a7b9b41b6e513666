//! The folder of a file that a step makes, and what is there in place of a file of ours.

use std::fs;
use std::path::Path;

use super::kind::{Undone, failed};
use crate::error::Error;
use crate::model::quote::shell;

/// A line for a shell that makes the folder of a file.
pub fn shell_line(path: &str) -> String {
    let folder = path.rsplit_once('/').map(|(folder, _)| shell(folder));
    folder.map(|folder| format!("mkdir -p {folder}\n")).unwrap_or_default()
}

/// Makes the folder of a file.
pub fn make(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(failed(format!("make {}", folder.display())))
}

/// What becomes of a file that is not as `prepare` made it.
pub fn changed_or_gone(path: &str) -> Undone {
    if fs::symlink_metadata(path).is_ok() {
        Undone::LeftAlone("it was changed".to_owned())
    } else {
        Undone::Gone
    }
}
