//! Access to the operating system apart from netlink: procfs, sysctl, modules, namespaces, signals,
//! terminal, raw frames, locks and state files.

pub mod atomic_file;
pub mod capabilities;
pub mod connections;
pub mod flag;
pub mod frames;
pub mod identity;
pub mod modules;
pub mod names;
pub mod namespace;
pub mod processes;
#[cfg(feature = "top")]
pub mod screen;
pub mod signals;
pub mod state_file;
pub mod state_folder;
pub mod subprocess;
pub mod sudo;
pub mod sysctl;
pub mod sysctl_files;
pub mod table;
pub mod terminal;
pub mod totals;
mod trusted;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::Error;

/// Names of the entries of a folder, sorted; empty if it cannot be read.
fn names_in(folder: impl AsRef<Path>) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Converts an I/O error on a file into an [`Error`]. `verb` is what failed, such as `read`.
pub(crate) fn failed(verb: &str, path: &Path) -> impl Fn(io::Error) -> Error {
    let action = format!("{verb} {}", path.display());
    move |source| Error::System { action: action.clone(), source }
}
