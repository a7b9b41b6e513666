//! A whole table: the desired state of a rule file or the current state of the kernel.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::{
    Change, Daemon, DaemonRole, Destination, DestinationEntry, DestinationKey, Forwarding, KeyHash,
    Service, ServiceKey, Timeouts,
};
use crate::error::Errno;

/// Services with their real servers by key, in the order in which they were added.
pub type Pools = IndexMap<ServiceKey, Arc<Pool>, KeyHash>;

/// Real servers of one service by key, in the order in which they were added.
pub type Destinations = IndexMap<DestinationKey, Destination, KeyHash>;

/// Services with their real servers, in an order that equality ignores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The services. Two tables share equal pools, since most of a desired state exists already.
    pub pools: Pools,
    /// Time-outs in seconds. `None`, or 0 for a single value, means unspecified.
    pub timeouts: Option<Timeouts>,
    /// Sync daemon of each role. `None`: stopped; missing key: unspecified.
    pub daemons: BTreeMap<DaemonRole, Option<Daemon>>,
}

/// A service with its real servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Configuration of the service.
    pub service: Service,
    /// Its real servers, in the order in which they were added.
    pub destinations: Destinations,
}

impl Pool {
    /// A service without real servers.
    pub fn new(service: Service) -> Self {
        Self { service, destinations: Destinations::default() }
    }
}

impl Pool {
    /// A service with the real servers of a kernel list, which begins with the newest. The pool has
    /// them in the order in which they were added.
    pub(crate) fn listed(service: Service, servers: Vec<DestinationEntry>) -> Self {
        let servers = servers.into_iter().rev().map(|it| (it.destination.key, it.destination));
        Self { service, destinations: servers.collect() }
    }
}

impl Table {
    /// Number of real servers in all services.
    pub fn destinations(&self) -> usize {
        self.pools.values().map(|pool| pool.destinations.len()).sum()
    }

    /// Applies `change` as the kernel would. The result can differ where only the kernel knows:
    /// whether a scheduler exists, or an address is local. To stop a daemon that does not run is no
    /// error here, since a file may say so.
    ///
    /// # Errors
    /// The kernel's error number for a change that it would refuse. The table then stays as it is.
    pub fn change(&mut self, change: &Change) -> Result<(), Errno> {
        match change {
            Change::AddService(service) => self.add_service(service),
            Change::UpdateService(service) => {
                self.pool(&service.key)?.service = service.clone();
                Ok(())
            }
            Change::DeleteService(key) => {
                self.pools.shift_remove(key).map(drop).ok_or(Errno::ESRCH)
            }
            Change::AddDestination(key, destination) => self.pool(key)?.add(destination),
            Change::UpdateDestination(key, destination) => self.pool(key)?.update(destination),
            Change::DeleteDestination(key, destination) => {
                let found = self.pool(key)?.destinations.shift_remove(destination);
                found.map(drop).ok_or(Errno::ENOENT)
            }
            Change::Flush => {
                self.pools.clear();
                Ok(())
            }
            Change::Zero(None) => Ok(()),
            Change::Zero(Some(key)) => self.pool(key).map(drop),
            Change::SetTimeouts(desired) => {
                self.timeouts = Some(desired.over(self.timeouts));
                Ok(())
            }
            Change::StartDaemon(daemon) => {
                let slot = self.daemons.entry(daemon.role).or_default();
                if slot.is_some() {
                    return Err(Errno::EEXIST);
                }
                *slot = Some(daemon.clone());
                Ok(())
            }
            Change::StopDaemon(role) => {
                self.daemons.insert(*role, None);
                Ok(())
            }
        }
    }

    fn add_service(&mut self, service: &Service) -> Result<(), Errno> {
        let Entry::Vacant(slot) = self.pools.entry(service.key) else {
            return Err(Errno::EEXIST);
        };
        slot.insert(Pool::new(service.clone()).into());
        Ok(())
    }

    fn pool(&mut self, key: &ServiceKey) -> Result<&mut Pool, Errno> {
        // Most files have each service followed by its real servers.
        let place = match self.pools.last() {
            Some((last, _)) if last == key => self.pools.len().checked_sub(1),
            _ => self.pools.get_index_of(key),
        };
        let found = place.and_then(|place| self.pools.get_index_mut(place));
        found.map(|(_, pool)| Arc::make_mut(pool)).ok_or(Errno::ESRCH)
    }
}

impl Pool {
    fn add(&mut self, destination: &Destination) -> Result<(), Errno> {
        check_thresholds(destination)?;
        let service = self.service.key;
        let Entry::Vacant(slot) = self.destinations.entry(destination.key) else {
            return Err(Errno::EEXIST);
        };
        check_address(&service, destination)?;
        slot.insert(*destination);
        Ok(())
    }

    fn update(&mut self, destination: &Destination) -> Result<(), Errno> {
        check_thresholds(destination)?;
        let slot = self.destinations.get_mut(&destination.key).ok_or(Errno::ENOENT)?;
        *slot = *destination;
        Ok(())
    }
}

fn check_address(service: &ServiceKey, destination: &Destination) -> Result<(), Errno> {
    let address = destination.key.address;
    let unicast = match address {
        IpAddr::V4(it) => !(it.is_unspecified() || it == Ipv4Addr::BROADCAST),
        IpAddr::V6(it) => !it.is_unspecified(),
    };
    // A local real server of the other family is legal: the kernel made it from a tunnel to one of
    // its own addresses.
    let any = matches!(destination.forwarding, Forwarding::Tunnel(_) | Forwarding::Local);
    let reachable = any || !destination.key.is_of_other_family(service);
    (unicast && !address.is_multicast() && reachable).then_some(()).ok_or(Errno::EINVAL)
}

fn check_thresholds(destination: &Destination) -> Result<(), Errno> {
    let Destination { upper_threshold: upper, lower_threshold: lower, .. } = *destination;
    (lower <= upper).then_some(()).ok_or(Errno::ERANGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SchedulerName;

    fn vip() -> ServiceKey {
        ServiceKey::tcp("192.0.2.80:80".parse().unwrap())
    }

    fn service() -> Service {
        Service::new(vip(), SchedulerName::new("rr").unwrap())
    }

    fn server(text: &str) -> Destination {
        Destination::new(text.parse::<std::net::SocketAddr>().unwrap())
    }

    #[test]
    fn refuses_changes_that_the_kernel_refuses() {
        let mut table = Table::default();
        let server = server("198.51.100.21:80");
        assert_eq!(table.change(&Change::AddDestination(vip(), server)), Err(Errno::ESRCH));
        assert_eq!(table.change(&Change::AddService(service())), Ok(()));
        assert_eq!(table.change(&Change::AddService(service())), Err(Errno::EEXIST));
        assert_eq!(table.change(&Change::UpdateDestination(vip(), server)), Err(Errno::ENOENT));
        let inverted = Destination { lower_threshold: 1, ..server };
        assert_eq!(table.change(&Change::AddDestination(vip(), inverted)), Err(Errno::ERANGE));
        assert_eq!(table.change(&Change::AddDestination(vip(), server)), Ok(()));
        assert_eq!(table.change(&Change::AddDestination(vip(), server)), Err(Errno::EEXIST));
        assert_eq!(table.destinations(), 1);
    }

    #[test]
    fn real_servers_must_be_unicast_and_of_the_family_unless_tunnelled() {
        let mut table = Table::default();
        table.change(&Change::AddService(service())).unwrap();
        for bad in ["0.0.0.0:80", "224.0.0.1:80", "255.255.255.255:80", "[2001:db8::1]:80"] {
            let change = Change::AddDestination(vip(), server(bad));
            assert_eq!(table.change(&change), Err(Errno::EINVAL), "{bad}");
        }
    }

    #[test]
    fn zero_timeouts_keep_earlier_values() {
        let mut table = Table::default();
        let set = |tcp, tcp_fin, udp| Change::SetTimeouts(Timeouts { tcp, tcp_fin, udp });
        table.change(&set(900, 0, 300)).unwrap();
        table.change(&set(0, 120, 60)).unwrap();
        assert_eq!(table.timeouts, Some(Timeouts { tcp: 900, tcp_fin: 120, udp: 60 }));
    }
}
