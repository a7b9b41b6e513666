//! What the program asks of the operating system besides netlink.

pub mod capabilities;
pub mod connections;
pub mod durable;
pub mod flag;
pub mod frames;
pub mod identity;
pub mod modules;
pub mod names;
pub mod namespace;
pub mod processes;
pub mod program;
pub mod signals;
pub mod state_file;
pub mod sudo;
pub mod sysctl;
pub mod sysctl_files;
pub mod table;
pub mod terminal;
mod trusted;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::Error;

/// The names of what is in a folder, in their order; none where it cannot be read.
fn names_in(folder: impl AsRef<Path>) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Turns what the system says about a file into an error.
fn failed(verb: &str, path: &Path) -> impl Fn(io::Error) -> Error {
    let action = format!("{verb} {}", path.display());
    move |source| Error::System { action: action.clone(), source }
}
