//! Copies of both programs that every user can execute.

use std::fs::{Permissions, copy, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::process::Program;

/// Copies of the program under test and of the reference.
pub struct Copies {
    _directory: TempDir,
    pub ours: Program,
    pub theirs: Program,
}

impl Copies {
    /// Copies both programs to /tmp, because other users may not enter the original folders.
    pub fn new(ours: &Program, theirs: &Program) -> Self {
        let directory = TempDir::new_in("/tmp").expect("scratch directory");
        open(directory.path());
        let copied = |program: &Program, file: &str| {
            let path = directory.path().join(file);
            copy(&program.path, &path).expect("copy a program");
            open(&path);
            Program { path, name: program.name }
        };
        let (ours, theirs) = (copied(ours, "ours"), copied(theirs, "theirs"));
        Self { _directory: directory, ours, theirs }
    }
}

fn open(path: &Path) {
    set_permissions(path, Permissions::from_mode(0o755)).expect("change permissions");
}
