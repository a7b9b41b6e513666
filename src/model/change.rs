//! One change of the kernel's state, as one command, rule line or request asks for it.

use crate::error::Errno;

use super::{Daemon, DaemonRole, Destination, DestinationKey, Service, ServiceKey, Timeouts};

/// One request that changes the kernel's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Add a service.
    AddService(Service),
    /// Replace the configuration of an existing service; connections and counters survive.
    UpdateService(Service),
    /// Delete a service and its real servers.
    DeleteService(ServiceKey),
    /// Add a real server to a service.
    AddDestination(ServiceKey, Destination),
    /// Replace the configuration of an existing real server; connections and counters survive.
    UpdateDestination(ServiceKey, Destination),
    /// Delete a real server from a service.
    DeleteDestination(ServiceKey, DestinationKey),
    /// Delete every service.
    Flush,
    /// Set the counters of one service to zero; with `None`, those of all services and the totals.
    Zero(Option<ServiceKey>),
    /// Set time-outs in seconds; 0 keeps a value.
    SetTimeouts(Timeouts),
    /// Start a sync daemon.
    StartDaemon(Daemon),
    /// Stop a sync daemon.
    StopDaemon(DaemonRole),
}

/// Kind of a request to the kernel, without its object. Error texts depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// [`Change::AddService`].
    AddService,
    /// [`Change::UpdateService`].
    UpdateService,
    /// [`Change::DeleteService`].
    DeleteService,
    /// [`Change::AddDestination`].
    AddDestination,
    /// [`Change::UpdateDestination`].
    UpdateDestination,
    /// [`Change::DeleteDestination`].
    DeleteDestination,
    /// [`Change::Flush`].
    Flush,
    /// [`Change::Zero`].
    Zero,
    /// [`Change::SetTimeouts`].
    SetTimeouts,
    /// [`Change::StartDaemon`].
    StartDaemon,
    /// [`Change::StopDaemon`].
    StopDaemon,
    /// Read one service.
    GetService,
    /// Read all services.
    ListServices,
    /// Read the destinations of a service.
    ListDestinations,
    /// Read the sync daemons.
    ListDaemons,
    /// Read the time-outs.
    GetTimeouts,
    /// Read the version and the table size.
    GetInfo,
}

impl Operation {
    /// Whether the request changes nothing.
    pub fn reads(self) -> bool {
        matches!(
            self,
            Self::GetService
                | Self::ListServices
                | Self::ListDestinations
                | Self::ListDaemons
                | Self::GetTimeouts
                | Self::GetInfo
        )
    }
}

impl Change {
    /// The kind of request that makes this change.
    pub fn operation(&self) -> Operation {
        match self {
            Self::AddService(_) => Operation::AddService,
            Self::UpdateService(_) => Operation::UpdateService,
            Self::DeleteService(_) => Operation::DeleteService,
            Self::AddDestination(..) => Operation::AddDestination,
            Self::UpdateDestination(..) => Operation::UpdateDestination,
            Self::DeleteDestination(..) => Operation::DeleteDestination,
            Self::Flush => Operation::Flush,
            Self::Zero(_) => Operation::Zero,
            Self::SetTimeouts(_) => Operation::SetTimeouts,
            Self::StartDaemon(_) => Operation::StartDaemon,
            Self::StopDaemon(_) => Operation::StopDaemon,
        }
    }

    /// Whether `errno` only says that another program has added or deleted the same object, or its
    /// service, since the table was read.
    pub fn comes_too_late(&self, errno: Errno) -> bool {
        match self.operation() {
            Operation::AddService | Operation::StartDaemon => errno == Errno::EEXIST,
            Operation::AddDestination => matches!(errno, Errno::EEXIST | Errno::ESRCH),
            // Here ENOENT would mean that the scheduler does not exist.
            Operation::UpdateService => errno == Errno::ESRCH,
            Operation::UpdateDestination => matches!(errno, Errno::ENOENT | Errno::ESRCH),
            _ => self.is_needless(errno),
        }
    }

    /// Whether `errno` only says that the object to delete or stop is gone already.
    pub fn is_needless(&self, errno: Errno) -> bool {
        match self.operation() {
            Operation::DeleteService | Operation::StopDaemon => errno == Errno::ESRCH,
            Operation::DeleteDestination => matches!(errno, Errno::ENOENT | Errno::ESRCH),
            _ => false,
        }
    }

    /// Whether both changes are about the same service, real server or daemon, both about the
    /// time-outs, or both about everything.
    pub fn concerns_the_same_as(&self, other: &Self) -> bool {
        self.object() == other.object()
    }

    /// Key of the service that the change concerns, directly or through a real server.
    pub(crate) fn service(&self) -> Option<ServiceKey> {
        match self.object() {
            Object::Service(key) | Object::Destination(key, _) => Some(key),
            Object::Timeouts | Object::Daemon(_) | Object::Everything => None,
        }
    }

    fn object(&self) -> Object {
        match self {
            Self::AddService(service) | Self::UpdateService(service) => {
                Object::Service(service.key)
            }
            Self::DeleteService(key) | Self::Zero(Some(key)) => Object::Service(*key),
            Self::AddDestination(key, destination) | Self::UpdateDestination(key, destination) => {
                Object::Destination(*key, destination.key)
            }
            Self::DeleteDestination(key, destination) => Object::Destination(*key, *destination),
            Self::SetTimeouts(_) => Object::Timeouts,
            Self::StartDaemon(daemon) => Object::Daemon(daemon.role),
            Self::StopDaemon(role) => Object::Daemon(*role),
            Self::Flush | Self::Zero(None) => Object::Everything,
        }
    }
}

#[derive(PartialEq, Eq)]
enum Object {
    Service(ServiceKey),
    Destination(ServiceKey, DestinationKey),
    Timeouts,
    Daemon(DaemonRole),
    Everything,
}
