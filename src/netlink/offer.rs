//! Whether the kernel has a scheduler or a persistence engine, or can load it.

use std::net::{IpAddr, Ipv6Addr};

use super::ipvs::Client;
use crate::error::{Errno, Error};
use crate::model::{
    Change, EngineName, Granularity, Persistence, Protocol, SchedulerName, Service, ServiceKey,
};

/// Key of a service that no user has: its address is from the discard-only block (RFC 6666).
const KEY: ServiceKey = ServiceKey::Address {
    protocol: Protocol::Tcp,
    address: IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 1)),
    port: 9,
};

impl Client {
    /// Whether the kernel has this scheduler and this engine, or can load them. `None` if its
    /// answer does not tell.
    ///
    /// Asks for an IPv6 service with prefix length 0, which every kernel refuses, so the request
    /// never creates a service. Before the kernel checks the prefix length, it looks up both names,
    /// loads their modules and answers `ENOENT` if one is missing (checked on 6.1, 6.12 and 7.2).
    pub(crate) fn offers(
        &mut self,
        scheduler: SchedulerName,
        engine: Option<EngineName>,
    ) -> Option<bool> {
        let granularity = Granularity::V6(0);
        let service = Service {
            persistence: Some(Persistence { timeout: 1, granularity }),
            engine,
            ..Service::new(KEY, scheduler)
        };
        match self.change(&Change::AddService(service)) {
            Err(Error::Kernel { errno: Errno::ENOENT, .. }) => Some(false),
            Err(Error::Kernel { errno: Errno::EINVAL, .. }) => Some(true),
            Err(_) => None,
            // No known kernel accepts the request; if one does, remove the service again.
            Ok(()) => {
                let _ = self.change(&Change::DeleteService(KEY));
                Some(true)
            }
        }
    }
}
