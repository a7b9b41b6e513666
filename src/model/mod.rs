//! Plain values of IPVS: services, destinations, sync daemons, time-outs, counters. No I/O.

mod change;
mod daemon;
mod destination;
mod key;
mod name;
mod service;
mod stats;
mod timeouts;

pub use change::{Change, Operation};
pub use daemon::{Daemon, DaemonRole};
pub use destination::{
    Checksum, Destination, DestinationEntry, DestinationKey, Forwarding, MAX_WEIGHT, Tunnel,
};
pub use key::{Family, Protocol, ServiceKey};
pub use name::{EngineName, InterfaceName, Name, NameTooLong, SchedulerName};
pub use service::{
    Granularity, MAX_PERSISTENCE, Persistence, SchedulerFlags, Service, ServiceEntry,
};
pub use stats::Stats;
pub use timeouts::{Info, MAX_TIMEOUT, Timeouts};
