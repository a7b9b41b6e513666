//! Whether the kernel has a scheduler or a persistence engine.

use std::net::{IpAddr, Ipv6Addr};

use super::ipvs::Client;
use crate::error::{Errno, Error};
use crate::model::{
    Change, EngineName, Granularity, Persistence, Protocol, SchedulerName, Service, ServiceKey,
};

/// A service that nobody has: the address is one to which packets are discarded (RFC 6666).
const KEY: ServiceKey = ServiceKey::Address {
    protocol: Protocol::Tcp,
    address: IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 1)),
    port: 9,
};

impl Client {
    /// Whether the kernel has this scheduler and this engine, or can load them. `None` where its
    /// answer does not tell.
    ///
    /// Asks for an IPv6 service that the kernel refuses in any case, for its prefix length of 0. But
    /// before the kernel looks at that it looks the names up, loads their modules, and says `ENOENT`
    /// where there are none (6.1, 6.12, 7.2). So nothing is made, in no namespace.
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
            // No kernel is known that does this.
            Ok(()) => {
                let _ = self.change(&Change::DeleteService(KEY));
                Some(true)
            }
        }
    }
}
