//! One change of the kernel's state: what one command, one rule line, one request asks for.

use crate::error::Errno;

use super::{Daemon, DaemonRole, Destination, DestinationKey, Service, ServiceKey, Timeouts};

/// One request that changes the kernel's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Make a service.
    AddService(Service),
    /// Give an existing service this configuration; connections and counters survive.
    UpdateService(Service),
    /// Remove a service with its destinations.
    DeleteService(ServiceKey),
    /// Give a service a real server.
    AddDestination(ServiceKey, Destination),
    /// Give an existing real server this configuration; connections and counters survive.
    UpdateDestination(ServiceKey, Destination),
    /// Take a real server from a service.
    DeleteDestination(ServiceKey, DestinationKey),
    /// Remove every service.
    Flush,
    /// Set the counters of one service, or of all and the totals, to zero.
    Zero(Option<ServiceKey>),
    /// Set time-outs; 0 keeps a value.
    SetTimeouts(Timeouts),
    /// Start a sync daemon.
    StartDaemon(Daemon),
    /// Stop a sync daemon.
    StopDaemon(DaemonRole),
}

/// What was asked of the kernel, without its object: error texts depend on it.
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
    /// Reading one service.
    GetService,
    /// Reading services.
    ListServices,
    /// Reading the destinations of a service.
    ListDestinations,
    /// Reading the sync daemons.
    ListDaemons,
    /// Reading the time-outs.
    GetTimeouts,
    /// Reading version and table size.
    GetInfo,
}

impl Operation {
    /// It only reads.
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
    /// The kind of change.
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

    /// `errno` refuses this change only since somebody else has made or deleted the same thing, or
    /// its service, since the table was read.
    pub fn comes_too_late(&self, errno: Errno) -> bool {
        match self.operation() {
            Operation::AddService | Operation::StartDaemon => errno == Errno::EEXIST,
            Operation::AddDestination => matches!(errno, Errno::EEXIST | Errno::ESRCH),
            // ENOENT: the scheduler does not exist.
            Operation::UpdateService => errno == Errno::ESRCH,
            Operation::UpdateDestination => matches!(errno, Errno::ENOENT | Errno::ESRCH),
            _ => self.is_needless(errno),
        }
    }

    /// `errno` refuses to delete or to stop only what is gone already.
    pub fn is_needless(&self, errno: Errno) -> bool {
        match self.operation() {
            Operation::DeleteService | Operation::StopDaemon => errno == Errno::ESRCH,
            Operation::DeleteDestination => matches!(errno, Errno::ENOENT | Errno::ESRCH),
            _ => false,
        }
    }

    /// Both are about one service, one real server, one daemon, the time-outs, or everything.
    pub fn concerns_the_same_as(&self, other: &Self) -> bool {
        self.object() == other.object()
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

/// The thing that a change is about.
#[derive(PartialEq, Eq)]
enum Object {
    Service(ServiceKey),
    Destination(ServiceKey, DestinationKey),
    Timeouts,
    Daemon(DaemonRole),
    Everything,
}
