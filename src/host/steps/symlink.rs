//! Step: make a symbolic link, as `systemctl enable` does. Undo removes it if nobody has changed
//! it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Lifetime, Undone, failed};
use super::parent;
use crate::error::Error;
use crate::model::quote::shell;
use crate::netlink::route::Network;

/// Makes a symbolic link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symlink {
    /// Absolute path of the link.
    pub path: String,
    /// Path that the link points to.
    pub target: String,
}

impl Kind for Symlink {
    fn describe(&self) -> String {
        format!("link {}", self.path)
    }

    fn shell(&self) -> String {
        let Self { path, target } = self;
        format!("{}ln -s {} {}", parent::shell_line(path), shell(target), shell(path))
    }

    fn holds(&self, _: &mut Network) -> Result<bool, Error> {
        Ok(fs::read_link(&self.path).is_ok_and(|it| it == Path::new(&self.target)))
    }

    fn apply(&self, _: &mut Network) -> Result<(), Error> {
        parent::make(Path::new(&self.path))?;
        symlink(&self.target, &self.path).map_err(failed(format!("link {}", self.path)))
    }

    fn undo(&self, network: &mut Network, _: Option<&Former>) -> Result<Undone, Error> {
        parent::remove(&self.path, self.holds(network)?)
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime::Lasting
    }

    fn path(&self) -> Option<&str> {
        Some(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_makes_the_folder_of_the_link() {
        let path = "/etc/modules-load.d/x.conf".to_owned();
        let command = Symlink { path, target: "/x".to_owned() }.shell();
        assert!(command.starts_with("mkdir -p /etc/modules-load.d\nln -s /x "));
    }
}
