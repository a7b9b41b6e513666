//! Step: announce an address to the neighbours. Nothing needs to be undone.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Undone};
use crate::error::Error;
use crate::model::quote::shell;
use crate::netlink::route::Network;
use crate::system::frames;

/// Announces an address by gratuitous ARP or an unsolicited neighbour advertisement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announce {
    /// Name of the interface.
    pub device: String,
    pub address: IpAddr,
}

impl Kind for Announce {
    fn describe(&self) -> String {
        format!("announce {} on {}", self.address, self.device)
    }

    /// A host without these programs works too, as soon as the neighbours ask for the address.
    fn shell(&self) -> String {
        let (device, address) = (shell(&self.device), self.address);
        let otherwise = format!("echo 'not announced: {address}' >&2");
        if address.is_ipv4() {
            format!("arping -q -U -c 3 -I {device} {address} || {otherwise}")
        } else {
            format!("ndsend {address} {device} || {otherwise}")
        }
    }

    /// An announcement stays in effect as long as the address exists.
    fn holds(&self, network: &mut Network) -> Result<bool, Error> {
        network.has_address(&self.device, self.address)
    }

    fn apply(&self, network: &mut Network) -> Result<(), Error> {
        let mac = network.mac(&self.device)?;
        frames::announce(&self.device, mac, self.address)
    }

    fn undo(&self, _: &mut Network, _: Option<&Former>) -> Result<Undone, Error> {
        Ok(Undone::Gone)
    }

    fn needs_record(&self) -> bool {
        true
    }
}
