//! Searches in the kernel's lists for one interface, address or route.

use std::io;
use std::net::IpAddr;

use super::{Network, read};
use crate::error::Error;
use crate::model::{Family, Link, Route, RouteImage};

impl Network {
    /// The interface with that name, or `None`.
    pub fn link(&mut self, name: &str) -> Result<Option<Link>, Error> {
        Ok(self.links()?.into_iter().find(|link| link.name == name))
    }

    /// The index of an interface; an error if it does not exist.
    pub fn index(&mut self, name: &str) -> Result<u32, Error> {
        let link = self.link(name)?.ok_or_else(|| not_found(format!("find interface {name}")))?;
        Ok(link.index)
    }

    /// The hardware address of an Ethernet interface; an error if its length is not 6 bytes.
    pub fn mac(&mut self, device: &str) -> Result<[u8; 6], Error> {
        let mac = self.link(device)?.map(|link| link.mac).unwrap_or_default();
        let action = || format!("find the hardware address of {device}");
        mac.try_into().map_err(|_| not_found(action()))
    }

    /// Whether the interface has `address` as a host address (/32 or /128).
    pub fn has_address(&mut self, device: &str, address: IpAddr) -> Result<bool, Error> {
        let Some(link) = self.link(device)? else { return Ok(false) };
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let mut addresses = self.addresses()?.into_iter();
        Ok(addresses.any(|it| it.index == link.index && it.address == address && it.prefix == bits))
    }

    /// Whether the default route with the lowest metric equals this image.
    pub fn is_default_route(&mut self, image: &RouteImage, family: Family) -> Result<bool, Error> {
        let best = self.default_routes(family)?.into_iter().min_by_key(|route| route.metric);
        let wanted = read(image)?;
        let key = |route: Route| (route.gateway, route.device, route.metric, route.advmss);
        Ok(best.is_some() && best.map(key) == wanted.map(key))
    }
}

fn not_found(action: String) -> Error {
    Error::System { action, source: io::ErrorKind::NotFound.into() }
}
