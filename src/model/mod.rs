//! Plain values of IPVS: services, destinations, sync daemons, time-outs, counters. No I/O.

mod change;
mod connection;
mod connection_comparison;
mod connection_filter;
mod connection_groups;
mod daemon;
mod destination;
pub(crate) mod field;
mod hash;
pub(crate) mod in_namespace;
mod key;
mod name;
mod naming;
mod network;
mod prefix;
mod printable;
pub(crate) mod quote;
mod range;
mod rates;
mod scheduler;
mod scheduler_flags;
mod service;
mod stats;
mod table;
mod timeouts;
mod tunnel;

pub use change::{Change, Operation};
pub(crate) use connection::Connection;
pub(crate) use connection::STATES;
pub(crate) use connection_comparison::{Comparison, Shares};
pub(crate) use connection_filter::{ConnectionFilter, EndpointFilter};
pub(crate) use connection_groups::{By, Count, Group, Groups};
pub use daemon::{Daemon, DaemonRole, MAX_SYNC_LENGTH};
pub(crate) use destination::PlainDestination;
pub use destination::{
    Destination, DestinationEntry, DestinationKey, Forwarding, MAX_WEIGHT, Method,
};
pub use hash::{KeyHash, KeyHasher};
pub use key::{Family, Protocol, ServiceKey};
pub use name::{BadName, EngineName, InterfaceName, Name, SchedulerName};
pub use naming::{Naming, Numbers};
pub(crate) use network::{GuePort, InterfaceAddress, Link, NewLink, Route, RouteImage};
pub(crate) use network::{ROUTE_HEADER, set_parameter, sysctl_name, write_parameter};
pub(crate) use prefix::Prefix;
pub(crate) use printable::{is_harmful, printable, printable_lines};
pub(crate) use range::{OutOfRange, impossible, odd_daemon, odd_timeouts, out_of_range};
pub(crate) use rates::Rates;
pub use scheduler::{ENGINES, Kind, SCHEDULERS, nearest_schedulers};
pub use scheduler_flags::{BadFlag, SchedulerFlags};
pub use service::{Granularity, MAX_PERSISTENCE, Persistence, Service, ServiceEntry};
pub use stats::Stats;
pub use table::{Destinations, Pool, Pools, Table};
pub use timeouts::{Info, MAX_TIMEOUT, Timeouts};
pub use tunnel::{Checksum, Tunnel};
