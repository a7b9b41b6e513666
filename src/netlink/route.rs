//! The rtnetlink client: interfaces, addresses, routes, neighbours.
//!
//! netlink-packet-route builds the requests. `entry` reads the answers attribute by attribute, so
//! that an attribute or entry of a newer kernel that cannot be read does not hide the others.

mod entry;
mod find;
mod request;

use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NetlinkSerializable};
use netlink_sys::protocols::NETLINK_ROUTE;

use super::socket::{Failure, Socket};
use crate::error::{Errno, Error};
use crate::model::{Family, InterfaceAddress, Link, NewLink, Route, RouteImage};

const NEW: u16 = NLM_F_CREATE | NLM_F_EXCL;

/// A connection to the network configuration of one network namespace: the one of the thread that
/// opened the connection.
#[derive(Debug)]
pub struct Network {
    socket: Socket,
}

impl Network {
    /// Opens the connection in the network namespace of the calling thread.
    pub fn open() -> Result<Self, Error> {
        Ok(Self { socket: Socket::open(NETLINK_ROUTE)? })
    }

    /// Every interface, whether up or down.
    pub fn links(&mut self) -> Result<Vec<Link>, Error> {
        self.list("list interfaces", request::all_links, entry::link)
    }

    /// Every address of both families.
    pub fn addresses(&mut self) -> Result<Vec<InterfaceAddress>, Error> {
        self.list("list addresses", request::all_addresses, entry::address)
    }

    /// The default routes of the main table, in the kernel's order.
    pub fn default_routes(&mut self, family: Family) -> Result<Vec<Route>, Error> {
        let read = move |payload: &[u8]| entry::default_route(payload, family);
        self.list("list routes", move || request::all_routes(family), read)
    }

    /// The route of packets to `address`, or `None` if the kernel has no route.
    pub fn route_to(&mut self, address: IpAddr) -> Result<Option<Route>, Error> {
        match self.socket.get(request::route_to(address), |it| Ok(entry::route(it))) {
            Ok(route) => Ok(route),
            Err(Failure::Refused(Errno::ENETUNREACH | Errno::EHOSTUNREACH)) => Ok(None),
            Err(failure) => Err(self.explain(failure, format!("find the route to {address}"))),
        }
    }

    /// Index of each interface on which this host answers neighbour requests for `address` as a
    /// proxy.
    pub fn proxies(&mut self, address: IpAddr) -> Result<Vec<u32>, Error> {
        let family = Family::of(&address);
        let read = move |payload: &[u8]| entry::proxy(payload, address);
        self.list("list proxy neighbours", move || request::all_proxies(family), read)
    }

    /// Adds `address` to an interface as a host address (/32 or /128). The kernel does not check an
    /// IPv6 address for duplicates (nodad) and prefers other source addresses from the start
    /// (deprecated).
    pub fn add_address(&mut self, index: u32, address: IpAddr) -> Result<(), Error> {
        self.change(request::add_address(index, address), NEW, || format!("add address {address}"))
    }

    /// Deletes a host address (/32 or /128) from an interface.
    pub fn delete_address(&mut self, index: u32, address: IpAddr) -> Result<(), Error> {
        let what = || format!("delete address {address}");
        self.change(request::delete_address(index, address), 0, what)
    }

    /// Adds an interface. The kernel loads the module of its kind if it can.
    pub fn add_link(&mut self, name: &str, link: &NewLink) -> Result<(), Error> {
        let what = || format!("add interface {name} of kind {}", link.kind());
        self.change(request::add_link(name, link), NEW, what)
    }

    pub fn delete_link(&mut self, name: &str) -> Result<(), Error> {
        self.change(request::delete_link(name), 0, || format!("delete interface {name}"))
    }

    pub fn set_up(&mut self, index: u32) -> Result<(), Error> {
        self.change(request::set_up(index), 0, || format!("set interface {index} up"))
    }

    /// Replaces the route with the same destination and metric, or adds this one.
    pub fn replace_route(&mut self, route: &RouteImage) -> Result<(), Error> {
        let request = request::Image::new(route)?.add();
        self.change(request, NLM_F_CREATE | NLM_F_REPLACE, || "replace a route".to_owned())
    }

    pub fn delete_route(&mut self, route: &RouteImage) -> Result<(), Error> {
        let request = request::Image::new(route)?.delete();
        self.change(request, 0, || "delete a route".to_owned())
    }

    fn list<T>(
        &mut self,
        what: &str,
        request: impl Fn() -> request::Raw,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        match self.socket.dump(request, |payload| Ok(read(payload))) {
            Ok(list) => Ok(list.into_iter().flatten().collect()),
            Err(failure) => Err(self.explain(failure, what.to_owned())),
        }
    }

    fn change(
        &mut self,
        request: impl NetlinkSerializable,
        flags: u16,
        what: impl Fn() -> String,
    ) -> Result<(), Error> {
        let result = self.socket.change_with(request, flags);
        result.map_err(|failure| self.explain(failure, what()))
    }

    fn explain(&mut self, failure: Failure, action: String) -> Error {
        let reason = self.socket.take_reason();
        match failure {
            Failure::Refused(errno) => Error::Network { action, errno, reason },
            Failure::Broken(error) => error,
        }
    }
}

/// Builds the image of a default route over `gateway` in the main table.
pub fn default_route(gateway: IpAddr, device: u32, metric: u32) -> RouteImage {
    request::default_route(gateway, device, metric)
}

/// Copies a route's image with another `advmss` (bytes).
pub fn with_advmss(route: &RouteImage, advmss: u32) -> Result<RouteImage, Error> {
    request::Image::new(route).map(|image| image.with_advmss(advmss))
}

/// Decodes a route's image; `None` if the entry cannot be read.
pub fn read(route: &RouteImage) -> Result<Option<Route>, Error> {
    request::Image::new(route).map(|image| entry::route(image.bytes()))
}
