//! Functions that build netlink messages of routes. They are injected, so that plans do no netlink.

use std::net::IpAddr;

use crate::model::RouteImage;

/// Functions that build route images.
pub struct Images<'a> {
    /// Builds a default route from gateway, index of the interface, and metric.
    pub default_route: &'a dyn Fn(IpAddr, u32, u32) -> RouteImage,
    /// Copies a route with another largest TCP segment (bytes).
    pub with_advmss: &'a dyn Fn(&RouteImage, u32) -> RouteImage,
}
