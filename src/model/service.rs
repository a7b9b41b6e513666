//! Virtual services.

use std::net::Ipv4Addr;

use super::{EngineName, Family, SchedulerFlags, SchedulerName, ServiceKey, Stats};

/// The longest persistence, in seconds: 31 days. The kernel multiplies by HZ in 32 bits without a
/// check (HZ=1000 wraps after 49.7 days).
pub const MAX_PERSISTENCE: u32 = 31 * 24 * 60 * 60;

/// A virtual service as configured.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// What identifies it.
    pub key: ServiceKey,
    /// The scheduler that picks a destination for a new connection.
    pub scheduler: SchedulerName,
    /// The scheduler's own switches.
    pub flags: SchedulerFlags,
    /// One-packet scheduling: each UDP datagram is scheduled alone.
    pub one_packet: bool,
    /// Connections of one client stay together.
    pub persistence: Option<Persistence>,
    /// The persistence engine, which reads the identity of a client from the packet.
    pub engine: Option<EngineName>,
}

impl Service {
    /// A service with the defaults of the classic tool except for the scheduler.
    pub fn new(key: ServiceKey, scheduler: SchedulerName) -> Self {
        Self {
            key,
            scheduler,
            flags: SchedulerFlags::default(),
            one_packet: false,
            persistence: None,
            engine: None,
        }
    }
}

/// How long, and how widely, connections of a client stay together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Persistence {
    /// Seconds after the last connection ended. The classic language takes 1..=[`MAX_PERSISTENCE`];
    /// the kernel checks nothing, so another program can have set any number.
    pub timeout: u32,
    /// Which clients count as one.
    pub granularity: Granularity,
}

/// The part of a client's address that persistence compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// An IPv4 mask. The kernel takes any, with holes too.
    V4(Ipv4Addr),
    /// An IPv6 prefix length, 1..=128.
    V6(u32),
}

impl Granularity {
    /// Each address is a client of its own.
    pub fn host(family: Family) -> Self {
        match family {
            Family::V4 => Self::V4(Ipv4Addr::BROADCAST),
            Family::V6 => Self::V6(128),
        }
    }

    /// Each address is a client of its own.
    pub fn is_host(self) -> bool {
        self == Self::V4(Ipv4Addr::BROADCAST) || self == Self::V6(128)
    }

    /// A mask without holes, or a length of 1 to 128.
    pub fn is_prefix(self) -> bool {
        match self {
            Self::V4(mask) => {
                mask.to_bits().leading_ones() + mask.to_bits().trailing_zeros() >= Ipv4Addr::BITS
            }
            Self::V6(length) => (1..=128).contains(&length),
        }
    }
}

/// A virtual service as the kernel reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEntry {
    /// The configuration.
    pub service: Service,
    /// What it has carried.
    pub stats: Stats,
}
