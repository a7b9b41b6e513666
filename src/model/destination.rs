//! Destinations: the real servers of a service.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use super::key::hash_endpoint;
use super::{Family, ServiceKey, Stats, Tunnel};

/// Greatest weight: the kernel reads a signed 32-bit number and refuses negative ones.
pub const MAX_WEIGHT: u32 = i32::MAX as u32;

/// Key of a destination within its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DestinationKey {
    /// Address of the real server (RIP).
    pub address: IpAddr,
    /// Port of the real server. 0 if its service is by firewall mark or for every port: packets
    /// keep the port that the client chose.
    pub port: u16,
}

/// Hashed as two numbers, like [`ServiceKey`].
impl Hash for DestinationKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_endpoint(state, self.address, self.port, 0);
    }
}

impl DestinationKey {
    /// Whether its address family differs from that of `service`. The kernel permits that only for
    /// tunnels, and only without a sync daemon.
    pub fn is_of_other_family(&self, service: &ServiceKey) -> bool {
        Family::of(&self.address) != service.family()
    }
}

impl From<SocketAddr> for DestinationKey {
    fn from(address: SocketAddr) -> Self {
        Self { address: address.ip(), port: address.port() }
    }
}

/// Writes `198.51.100.21:80` or `[2001:db8::21]:80`.
impl fmt::Display for DestinationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// Configuration of a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// Address and port, which identify the real server within its service.
    pub key: DestinationKey,
    /// How the director sends packets to the real server.
    pub forwarding: Forwarding,
    /// Share of new connections, 0..=[`MAX_WEIGHT`]; with 0 the real server gets no new ones.
    pub weight: u32,
    /// Number of connections at which the real server gets no new ones; 0 is no limit. The classic
    /// language accepts 0..=[`MAX_WEIGHT`]; another program can set more.
    pub upper_threshold: u32,
    /// Number of connections below which the real server gets new ones again, at most the upper
    /// threshold. With 0 the kernel uses ¾ of the upper threshold.
    pub lower_threshold: u32,
}

impl Destination {
    /// A real server with the classic tool's defaults: direct routing, weight 1, no limits.
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

/// Forwarding method. The numbers in parentheses are the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forwarding {
    /// NAT (0): packets of both directions pass the director.
    Masquerade,
    /// The director itself is the real server (1). No rule needs this method: for each packet the
    /// kernel checks whether the address is its own, and the method that was set stays.
    Local,
    /// Tunnelling (2): the director wraps the packet.
    Tunnel(Tunnel),
    /// Direct routing (3): the director changes only the MAC address.
    Route,
    /// Bypass (4), for transparent proxies: the packet goes on to its original target.
    Bypass,
    /// A number 5..=7, which the kernel accepts from another program but does not use.
    Other(u8),
}

/// Forwarding method without its details, as the plain listing shows it.
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
    /// The methods that `/proc/net/ip_vs` names. It shows every other method as `Masq`.
    pub const NAMED: [Self; 4] = [Self::Masquerade, Self::Local, Self::Tunnel, Self::Route];

    /// Name in listings, such as `Masq`.
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

/// A real server and its counters, as the kernel reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DestinationEntry {
    /// Configured values.
    pub destination: Destination,
    /// Number of established connections.
    pub active: u32,
    /// Number of connections in other states.
    pub inactive: u32,
    /// Number of persistence templates.
    pub persistent: u32,
    /// Counters and rates of this real server.
    pub stats: Stats,
}

/// The columns of the plain listing: all that `/proc/net/ip_vs` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainDestination {
    /// Address and port of the real server.
    pub key: DestinationKey,
    /// Forwarding method, without the tunnel's parameters.
    pub method: Method,
    /// Share of new connections, 0..=[`MAX_WEIGHT`].
    pub weight: u32,
    /// Number of established connections.
    pub active: u32,
    /// Number of connections in other states.
    pub inactive: u32,
}

impl From<&DestinationEntry> for PlainDestination {
    fn from(entry: &DestinationEntry) -> Self {
        let Destination { key, forwarding, weight, .. } = entry.destination;
        let (active, inactive) = (entry.active, entry.inactive);
        Self { key, method: forwarding.into(), weight, active, inactive }
    }
}
