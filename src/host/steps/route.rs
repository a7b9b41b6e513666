//! Step: replace the default route. Undo restores the former one, byte for byte.

use serde::{Deserialize, Serialize};

use super::kind::{Former, Kind, Undone};
use crate::error::Error;
use crate::model::quote::shell_words;
use crate::model::{Family, RouteImage};
use crate::netlink::route::Network;

/// Replaces the default route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub new: RouteImage,
    /// The replaced route, if there was one.
    pub former: Option<RouteImage>,
    /// Arguments of `ip route replace`, for the script of a dry run.
    pub words: String,
    /// The route is an IPv6 one.
    pub ipv6: bool,
}

impl Route {
    fn family(&self) -> Family {
        if self.ipv6 { Family::V6 } else { Family::V4 }
    }
}

impl Kind for Route {
    fn describe(&self) -> String {
        format!("route {}", self.words)
    }

    fn shell(&self) -> String {
        let version = if self.ipv6 { 6 } else { 4 };
        format!("ip -{version} route replace {}", shell_words(&self.words))
    }

    fn holds(&self, network: &mut Network) -> Result<bool, Error> {
        network.is_default_route(&self.new, self.family())
    }

    fn apply(&self, network: &mut Network) -> Result<(), Error> {
        network.replace_route(&self.new)
    }

    fn undo(&self, network: &mut Network, _: Option<&Former>) -> Result<Undone, Error> {
        if !self.holds(network)? {
            let restored = match &self.former {
                Some(former) => network.is_default_route(former, self.family())?,
                None => false,
            };
            let why = "the default route was changed".to_owned();
            return Ok(if restored { Undone::Gone } else { Undone::LeftAlone(why) });
        }
        match &self.former {
            Some(former) => network.replace_route(former)?,
            None => network.delete_route(&self.new)?,
        }
        Ok(Undone::Restored)
    }

    fn same_object(&self, other: &Self) -> bool {
        (&self.words, self.ipv6) == (&other.words, other.ipv6)
    }

    /// A host has one default route for each family.
    fn excludes(&self, other: &Self) -> bool {
        self.ipv6 == other.ipv6 && !self.same_object(other)
    }

    /// The recorded step has the original route. A new plan would only see the route that this
    /// program set.
    fn keeps_recorded(&self) -> bool {
        true
    }
}
