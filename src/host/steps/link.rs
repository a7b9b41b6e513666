//! Step: add an interface. Undo deletes it if it still has the same kind.

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Undone};
use crate::error::Error;
use crate::model::NewLink;
use crate::model::quote::shell;
use crate::netlink::route::Network;

/// Adds an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub name: String,
    /// Kind of the interface, with the addresses of a tunnel.
    pub link: NewLink,
}

impl Kind for Link {
    fn describe(&self) -> String {
        format!("make interface {}: {}", self.name, self.link.words())
    }

    fn shell(&self) -> String {
        format!("ip link add {} type {}", shell(&self.name), self.link.words())
    }

    fn holds(&self, network: &mut Network) -> Result<bool, Error> {
        Ok(network.link(&self.name)?.is_some_and(|found| found.kind == self.link.kind()))
    }

    fn apply(&self, network: &mut Network) -> Result<(), Error> {
        network.add_link(&self.name, &self.link)
    }

    fn undo(&self, network: &mut Network, _: Option<&Former>) -> Result<Undone, Error> {
        match network.link(&self.name)? {
            Some(found) if found.kind == self.link.kind() => {
                network.delete_link(&self.name)?;
                Ok(Undone::Restored)
            }
            Some(_) => Ok(Undone::LeftAlone("another interface has its name".to_owned())),
            None => Ok(Undone::Gone),
        }
    }

    fn same_object(&self, other: &Self) -> bool {
        self.name == other.name
    }

    fn module(&self) -> Option<&str> {
        Some(self.link.module())
    }
}
