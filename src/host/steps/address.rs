//! Step: add a host address (/32 or /128). Undo deletes it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Undone};
use crate::error::Error;
use crate::model::quote::shell;
use crate::netlink::route::Network;

/// Adds a host address (/32 or /128).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Name of the interface.
    pub device: String,
    pub address: IpAddr,
}

impl Kind for Address {
    fn describe(&self) -> String {
        format!("add {} to {}", self.address, self.device)
    }

    fn shell(&self) -> String {
        let device = shell(&self.device);
        match self.address {
            IpAddr::V4(address) => format!("ip address add {address}/32 dev {device}"),
            IpAddr::V6(address) => {
                format!("ip -6 address add {address}/128 dev {device} nodad preferred_lft 0")
            }
        }
    }

    fn holds(&self, network: &mut Network) -> Result<bool, Error> {
        network.has_address(&self.device, self.address)
    }

    fn apply(&self, network: &mut Network) -> Result<(), Error> {
        let index = network.index(&self.device)?;
        network.add_address(index, self.address)
    }

    fn undo(&self, network: &mut Network, _: Option<&Former>) -> Result<Undone, Error> {
        if !self.holds(network)? {
            return Ok(Undone::Gone);
        }
        let index = network.index(&self.device)?;
        network.delete_address(index, self.address)?;
        Ok(Undone::Restored)
    }

    fn relies_on_earlier(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_interface_names_are_quoted() {
        let step = Address { device: "$(id>&2)".into(), address: "192.0.2.1".parse().unwrap() };
        assert_eq!(step.shell(), "ip address add 192.0.2.1/32 dev '$(id>&2)'");
    }
}
