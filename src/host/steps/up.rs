//! Step: set an interface up. Only for interfaces that `prepare` adds, which undo deletes.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use crate::error::Error;
use crate::model::quote::shell;
use crate::netlink::route::Network;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Up {
    /// Name of the interface.
    pub device: String,
}

impl Kind for Up {
    fn describe(&self) -> String {
        format!("set {} up", self.device)
    }

    fn shell(&self) -> String {
        format!("ip link set dev {} up", shell(&self.device))
    }

    fn holds(&self, network: &mut Network) -> Result<bool, Error> {
        Ok(network.link(&self.device)?.is_some_and(|link| link.up))
    }

    fn apply(&self, network: &mut Network) -> Result<(), Error> {
        let index = network.index(&self.device)?;
        network.set_up(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_interface_names_are_quoted() {
        let step = Up { device: "$(id>&2)".to_owned() };
        assert_eq!(step.shell(), "ip link set dev '$(id>&2)' up");
    }
}
