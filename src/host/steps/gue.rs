//! Step: open a UDP port for generic UDP encapsulation (GUE). Undo closes it.

use std::io;

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Undone, failed};
use crate::error::Error;
use crate::model::GuePort;
use crate::netlink::fou::Fou;
use crate::netlink::route::Network;

/// Opens a UDP port for GUE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gue {
    pub port: GuePort,
}

impl Kind for Gue {
    fn describe(&self) -> String {
        let version = if self.port.ipv6 { 6 } else { 4 };
        format!("unpack GUE at UDP port {} of IPv{version}", self.port.port)
    }

    fn shell(&self) -> String {
        let family = if self.port.ipv6 { " -6" } else { "" };
        format!("ip fou add port {} gue{family}", self.port.port)
    }

    fn holds(&self, _: &mut Network) -> Result<bool, Error> {
        Ok(Fou::open()?.map_or(Ok(Vec::new()), |mut fou| fou.gue_ports())?.contains(&self.port))
    }

    fn apply(&self, _: &mut Network) -> Result<(), Error> {
        fou()?.add(self.port)
    }

    fn undo(&self, network: &mut Network, _: Option<&Former>) -> Result<Undone, Error> {
        if !self.holds(network)? {
            return Ok(Undone::Gone);
        }
        fou()?.delete(self.port)?;
        Ok(Undone::Restored)
    }
}

fn fou() -> Result<Fou, Error> {
    let missing = || {
        failed(
            "find the netlink family \
                             fou"
            .to_owned(),
        )(io::ErrorKind::NotFound.into())
    };
    Fou::open()?.ok_or_else(missing)
}
