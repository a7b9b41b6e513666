//! Step: write a file. Undo removes it if nobody has changed it.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Lifetime, Undone, failed, here_document};
use super::parent;
use crate::error::Error;
use crate::model::quote::shell;
use crate::netlink::route::Network;
use crate::system::atomic_file;
use crate::system::sysctl_files::read_after;

/// Writes a text file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Absolute path.
    pub path: String,
    pub content: String,
}

impl Kind for File {
    fn describe(&self) -> String {
        format!("write {}", self.path)
    }

    fn shell(&self) -> String {
        let Self { path, content } = self;
        format!("{}cat >{} {}", parent::shell_line(path), shell(path), here_document(content))
    }

    fn holds(&self, _: &mut Network) -> Result<bool, Error> {
        Ok(fs::read_to_string(&self.path).is_ok_and(|it| it == self.content))
    }

    fn apply(&self, _: &mut Network) -> Result<(), Error> {
        let path = Path::new(&self.path);
        parent::make(path)?;
        atomic_file::replace(path, &self.content).map_err(failed(format!("write {}", self.path)))
    }

    fn undo(&self, network: &mut Network, _: Option<&Former>) -> Result<Undone, Error> {
        let path = &self.path;
        let removed = atomic_file::remove_temporary(Path::new(path));
        removed.map_err(failed(format!("remove the temporary file of {path}")))?;
        parent::remove(path, self.holds(network)?)
    }

    fn same_object(&self, other: &Self) -> bool {
        self.path == other.path
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime::Lasting
    }

    fn path(&self) -> Option<&str> {
        Some(&self.path)
    }

    fn overridden(&self) -> Vec<String> {
        let Self { path, content } = self;
        let Some(name) = path.strip_prefix("/etc/sysctl.d/") else { return Vec::new() };
        let later = read_after(name);
        let mut notes = Vec::new();
        for (key, value) in content.lines().filter_map(|line| line.split_once(" = ")) {
            // If several files set a parameter, the last one decides.
            let last = later.iter().rfind(|it| it.key == key && it.path != Path::new(path));
            if let Some(it) = last.filter(|it| it.value != value) {
                let file = it.path.display();
                notes.push(format!(
                    "{file} sets {key} to {} after {path} has set it to {value}, at every boot and \
                     `sysctl --system': remove that line from {file}",
                    it.value
                ));
            }
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_makes_the_folder_of_the_file() {
        let path = "/etc/modules-load.d/x.conf".to_owned();
        let command = File { path, content: "dummy\n".to_owned() }.shell();
        assert!(command.starts_with("mkdir -p /etc/modules-load.d\ncat >/etc/modules-load.d/"));
    }
}
