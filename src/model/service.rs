//! Virtual services.

use std::net::Ipv4Addr;

use super::{EngineName, Family, Protocol, SchedulerFlags, SchedulerName, ServiceKey, Stats};

/// Longest persistence timeout of the classic tool, in seconds: 31 days. The kernel multiplies by
/// HZ in 32 bits without a check and wraps after 49.7 days with HZ=1000.
pub const MAX_PERSISTENCE: u32 = 31 * 24 * 60 * 60;

/// Configuration of a virtual service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// Address and port or firewall mark, which identify the service.
    pub key: ServiceKey,
    /// Scheduler that chooses a real server for each new connection.
    pub scheduler: SchedulerName,
    /// Flags of the scheduler (`-b`).
    pub flags: SchedulerFlags,
    /// One-packet scheduling: the scheduler chooses a real server for each UDP datagram.
    pub one_packet: bool,
    /// If set, connections of one client go to the same real server.
    pub persistence: Option<Persistence>,
    /// Persistence engine, which reads the identity of a client from the packet.
    pub engine: Option<EngineName>,
}

impl Service {
    /// A service with the classic tool's defaults, apart from the scheduler.
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

    /// Whether IPVS remembers the client of each UDP datagram for the UDP time-out. With one-packet
    /// scheduling it remembers none.
    pub(crate) fn remembers_datagrams(&self) -> bool {
        self.key.protocol() == Protocol::Udp && !self.one_packet
    }

    /// Whether IPVS can remember clients of UDP for this service. Packets with a firewall mark can be
    /// of any protocol.
    pub(crate) fn may_remember_datagrams(&self) -> bool {
        self.remembers_datagrams() || self.key.mark() != 0 && !self.one_packet
    }
}

/// How long connections of a client go to the same real server, and which clients count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Persistence {
    /// Seconds after the last connection has ended. The classic language accepts
    /// 1..=[`MAX_PERSISTENCE`]; the kernel does not check, so another program can have set any
    /// number.
    pub timeout: u32,
    /// Clients whose addresses agree in this part count as one.
    pub granularity: Granularity,
}

/// The part of a client's address that persistence compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// An IPv4 mask. The kernel accepts every mask, even a noncontiguous one.
    V4(Ipv4Addr),
    /// An IPv6 prefix length, 1..=128.
    V6(u32),
}

impl Granularity {
    /// The whole address: each address is a client of its own.
    pub fn host(family: Family) -> Self {
        match family {
            Family::V4 => Self::V4(Ipv4Addr::BROADCAST),
            Family::V6 => Self::V6(128),
        }
    }

    /// Whether each address is a client of its own.
    pub fn is_host(self) -> bool {
        self == Self::V4(Ipv4Addr::BROADCAST) || self == Self::V6(128)
    }

    /// Whether the mask has no gaps. An IPv6 length must be 1 to 128.
    pub fn is_prefix(self) -> bool {
        match self {
            Self::V4(mask) => {
                mask.to_bits().leading_ones() + mask.to_bits().trailing_zeros() >= Ipv4Addr::BITS
            }
            Self::V6(length) => (1..=128).contains(&length),
        }
    }
}

/// A virtual service and its counters, as the kernel reports them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEntry {
    /// Configured values.
    pub service: Service,
    /// Counters and rates of this service.
    pub stats: Stats,
}
