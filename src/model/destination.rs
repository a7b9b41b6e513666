//! Destinations: the real servers of a service.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use super::key::hash_endpoint;
use super::{Family, ServiceKey, Stats, Tunnel};

/// The greatest weight: the kernel reads a signed 32-bit number and refuses negative ones.
pub const MAX_WEIGHT: u32 = i32::MAX as u32;

/// The identity of a destination inside its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DestinationKey {
    /// The address of the real server (RIP).
    pub address: IpAddr,
    /// Its port; 0 with a service by mark or on every port: the port the client asked for.
    pub port: u16,
}

/// As with [`ServiceKey`].
impl Hash for DestinationKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_endpoint(state, self.address, self.port, 0);
    }
}

impl DestinationKey {
    /// Whether its family is not that of its `service`: tunnels only, and no sync daemon beside it.
    pub fn is_of_other_family(&self, service: &ServiceKey) -> bool {
        Family::of(&self.address) != service.family()
    }
}

impl From<SocketAddr> for DestinationKey {
    fn from(address: SocketAddr) -> Self {
        Self { address: address.ip(), port: address.port() }
    }
}

/// `198.51.100.21:80`, `[2001:db8::21]:80`.
impl fmt::Display for DestinationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// A real server as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// What identifies it.
    pub key: DestinationKey,
    /// How packets reach it.
    pub forwarding: Forwarding,
    /// Its share of new connections, 0..=[`MAX_WEIGHT`]; 0 takes no new ones.
    pub weight: u32,
    /// Connections at which it takes no new ones; 0 is no limit. The classic language takes
    /// 0..=[`MAX_WEIGHT`]; another program can have set more.
    pub upper_threshold: u32,
    /// Connections below which it takes new ones again, at most the upper threshold; 0 lets the
    /// kernel choose ¾ of that.
    pub lower_threshold: u32,
}

impl Destination {
    /// A real server with the defaults of the classic tool: direct routing, weight 1, no limits.
    pub fn new(key: impl Into<DestinationKey>) -> Self {
        Self {
            key: key.into(),
            forwarding: Forwarding::Route,
            weight: 1,
            upper_threshold: 0,
            lower_threshold: 0,
        }
    }
}

/// The forwarding method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forwarding {
    /// NAT: both directions pass the director (0).
    Masquerade,
    /// The director itself serves (1). The kernel finds out for each packet whether an address is its
    /// own, and keeps the method that was set: nobody needs this one.
    Local,
    /// The packet is wrapped (2).
    Tunnel(Tunnel),
    /// Direct routing: only the MAC address changes (3).
    Route,
    /// On to the original target (4), for transparent proxies.
    Bypass,
    /// A number of 5..=7, which another program can have set and no kernel acts on.
    Other(u8),
}

/// A forwarding method without its details, as the plain list names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// [`Forwarding::Masquerade`].
    Masquerade,
    /// [`Forwarding::Local`].
    Local,
    /// [`Forwarding::Tunnel`].
    Tunnel,
    /// [`Forwarding::Route`].
    Route,
    /// [`Forwarding::Bypass`].
    Bypass,
    /// [`Forwarding::Other`].
    Other,
}

impl Method {
    /// Those that `/proc/net/ip_vs` names: it says `Masq` for every other one.
    pub const NAMED: [Self; 4] = [Self::Masquerade, Self::Local, Self::Tunnel, Self::Route];

    /// The name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Masquerade => "Masq",
            Self::Local => "Local",
            Self::Tunnel => "Tunnel",
            Self::Route => "Route",
            Self::Bypass => "Bypass",
            Self::Other => "Other",
        }
    }
}

impl From<Forwarding> for Method {
    fn from(forwarding: Forwarding) -> Self {
        match forwarding {
            Forwarding::Masquerade => Self::Masquerade,
            Forwarding::Local => Self::Local,
            Forwarding::Tunnel(_) => Self::Tunnel,
            Forwarding::Route => Self::Route,
            Forwarding::Bypass => Self::Bypass,
            Forwarding::Other(_) => Self::Other,
        }
    }
}

/// A real server as the kernel reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DestinationEntry {
    /// The configuration.
    pub destination: Destination,
    /// Connections in an established state.
    pub active: u32,
    /// Connections in any other state.
    pub inactive: u32,
    /// Persistence templates.
    pub persistent: u32,
    /// What it has carried.
    pub stats: Stats,
}

/// What the plain list shows of a real server: all that `/proc/net/ip_vs` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainDestination {
    /// What identifies it.
    pub key: DestinationKey,
    /// The forwarding method.
    pub method: Method,
    /// Its share of new connections.
    pub weight: u32,
    /// Connections in an established state.
    pub active: u32,
    /// Connections in any other state.
    pub inactive: u32,
}

impl From<&DestinationEntry> for PlainDestination {
    fn from(entry: &DestinationEntry) -> Self {
        let Destination { key, forwarding, weight, .. } = entry.destination;
        let (active, inactive) = (entry.active, entry.inactive);
        Self { key, method: forwarding.into(), weight, active, inactive }
    }
}
