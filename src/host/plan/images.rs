//! How routes are put into the kernel's bytes. Injected, so that plans do no netlink.

use std::net::IpAddr;

use crate::model::RouteImage;

/// How routes are put into the kernel's bytes.
pub struct Images<'a> {
    /// A default route: gateway, number of the interface, metric.
    pub default_route: &'a dyn Fn(IpAddr, u32, u32) -> RouteImage,
    /// The same route with another largest TCP segment, in bytes.
    pub with_advmss: &'a dyn Fn(&RouteImage, u32) -> RouteImage,
}
