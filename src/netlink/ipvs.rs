//! [`Client`]: one method for each request to IPVS.

use std::time::Duration;

use netlink_packet_generic::GenlMessage;
use netlink_sys::protocols::NETLINK_GENERIC;
use nix::errno::Errno as Number;
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};

use super::codec;
use super::generic::{self, Request};
use super::socket::{Failure, Socket};
use super::uapi::command;
use crate::error::{Errno, Error};
use crate::model::{
    Change, Daemon, DaemonRole, Destination, DestinationKey, Info, Operation, Service,
    ServiceEntry, ServiceKey, Timeouts,
};

/// Time to wait for the answer to a stopped sync daemon before asking whether the daemon still
/// runs.
const STOP_PATIENCE: Duration = Duration::from_millis(500);

/// A connection to IPVS in the network namespace of the thread that opened it.
///
/// Every request, even one that only reads, needs `CAP_NET_ADMIN` in the initial user namespace. To
/// work in another network namespace, open the client in a thread that has entered it.
///
/// Addresses and ports are in host order, as in `std`. Times are in seconds. The client waits at
/// most 5 s for each answer; a list needs several answers.
///
/// # Errors
/// Every method returns
/// - [`Error::Unavailable`] if the kernel has no IPVS or the caller lacks the privilege
///   ([`Self::open`] and [`Self::batch`] only);
/// - [`Error::Kernel`] if the kernel refuses the request. Its [`Errno`] is 3 (`ESRCH`) for an
///   unknown service, 2 (`ENOENT`) for an unknown real server or scheduler, 17 (`EEXIST`) for an
///   object that exists already, 22 (`EINVAL`) for values out of range;
/// - [`Error::NoAnswer`], [`Error::Socket`] and [`Error::Answer`] if the answer is missing or
///   malformed. The kernel may have made the change nevertheless;
/// - [`Error::Interrupted`] from lists, if the table kept changing while the client read it.
#[derive(Debug)]
pub struct Client {
    pub(super) socket: Socket,
    pub(super) family: u16,
    /// For lists in pieces of [`Pieces::Small`](super::lists::Pieces::Small); opened on first use.
    pub(super) small: Option<Socket>,
    pub(super) middle: Option<Socket>,
    /// For lists whose first piece has another size; opened anew each time.
    pub(super) offset: Option<Socket>,
    /// Number of real servers in the last list. Services of one table often have equally many, so
    /// this number chooses the socket for the next list.
    pub(super) servers_before: usize,
}

impl Client {
    /// Connects to IPVS in this thread's network namespace. If `ip_vs` is not loaded, the kernel
    /// tries to load it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the kernel has no IPVS or the caller lacks the privilege.
    #[inline]
    pub fn open() -> Result<Self, Error> {
        let mut socket = Socket::open(NETLINK_GENERIC)?;
        match generic::family(&mut socket, "IPVS") {
            Ok(family) => Ok(Self {
                socket,
                family,
                small: None,
                middle: None,
                offset: None,
                servers_before: 0,
            }),
            Err(Failure::Refused(Errno::ENOENT)) => Err(Error::Unavailable(absence())),
            Err(Failure::Refused(errno)) => Err(Error::Unavailable(errno)),
            Err(Failure::Broken(error)) => Err(error),
        }
    }

    /// Version of IPVS and size of its connection table (hash buckets).
    pub fn info(&mut self) -> Result<Info, Error> {
        let request = self.message(codec::plain(command::GET_INFO));
        self.socket
            .get(request, |it| codec::decode_info(codec::answer(it, command::SET_INFO)?))
            .map_err(|failure| explain(failure, Operation::GetInfo))
    }

    /// One virtual service and its counters.
    ///
    /// # Errors
    /// [`Error::Kernel`] with `ESRCH` if the service does not exist.
    pub fn service(&mut self, key: &ServiceKey) -> Result<ServiceEntry, Error> {
        let request = self.message(codec::get_service(key));
        self.socket
            .get(request, |it| codec::decode_service(codec::answer(it, command::NEW_SERVICE)?))
            .map_err(|failure| explain(failure, Operation::GetService))
    }

    /// The time-outs of TCP and UDP connections, in seconds.
    pub fn timeouts(&mut self) -> Result<Timeouts, Error> {
        let request = self.message(codec::plain(command::GET_CONFIG));
        self.socket
            .get(request, |it| codec::decode_timeouts(codec::answer(it, command::SET_CONFIG)?))
            .map_err(|failure| explain(failure, Operation::GetTimeouts))
    }

    /// The running sync daemons: the master first, at most one of each role. Ports, groups and
    /// maximum lengths (bytes) include the kernel's defaults.
    pub fn daemons(&mut self) -> Result<Vec<Daemon>, Error> {
        let family = self.family;
        self.socket
            .dump(
                || codec::plain(command::GET_DAEMON).to(family),
                |it| codec::decode_daemon(codec::answer(it, command::NEW_DAEMON)?),
            )
            .map(sorted_by_role)
            .map_err(|failure| explain(failure, Operation::ListDaemons))
    }

    /// Sends one change and waits for the kernel's acknowledgement.
    pub fn change(&mut self, change: &Change) -> Result<(), Error> {
        self.attempt(change).map_err(|failure| explain(failure, change.operation()))
    }

    pub(super) fn attempt(&mut self, change: &Change) -> Result<(), Failure> {
        let request = self.message(codec::encode(change));
        let Change::StopDaemon(role) = *change else {
            return self.socket.change(request);
        };
        // A daemon that is stopped before its thread first ran does stop, but Linux 6.1 sends no
        // answer. So wait briefly, then look whether the daemon is gone.
        let patience = self.socket.set_patience(STOP_PATIENCE)?;
        let result = self.socket.change(request);
        self.socket.set_patience(patience)?;
        match result {
            Err(Failure::Broken(Error::NoAnswer { .. }))
                if self.daemons()?.iter().all(|daemon| daemon.role != role) =>
            {
                Ok(())
            }
            other => other,
        }
    }

    pub(super) fn message(&self, request: Request) -> GenlMessage<Request> {
        request.to(self.family)
    }
}

/// Shorthands for [`Client::change`], one for each kind of change.
impl Client {
    /// Adds a service. `EEXIST` if a service has this key, `ENOENT` if the kernel lacks the
    /// scheduler or the persistence engine.
    pub fn add_service(&mut self, service: Service) -> Result<(), Error> {
        self.change(&Change::AddService(service))
    }

    /// Replaces the whole configuration of an existing service. Connections and counters survive.
    /// `ESRCH` if the service does not exist.
    pub fn update_service(&mut self, service: Service) -> Result<(), Error> {
        self.change(&Change::UpdateService(service))
    }

    /// Deletes a service with its real servers. `ESRCH` if the service does not exist.
    pub fn delete_service(&mut self, key: ServiceKey) -> Result<(), Error> {
        self.change(&Change::DeleteService(key))
    }

    /// Adds a real server to a service. `ESRCH` if the service does not exist, `EEXIST` if it has
    /// this real server already, `EINVAL` if the address is not valid for a real server, `ERANGE`
    /// if the lower threshold is above the upper one.
    pub fn add_destination(&mut self, key: ServiceKey, it: Destination) -> Result<(), Error> {
        self.change(&Change::AddDestination(key, it))
    }

    /// Replaces the whole configuration of an existing real server. Connections and counters
    /// survive. `ESRCH` if the service does not exist, `ENOENT` if the real server does not.
    pub fn update_destination(&mut self, key: ServiceKey, it: Destination) -> Result<(), Error> {
        self.change(&Change::UpdateDestination(key, it))
    }

    /// Deletes a real server from a service. Packets of its connections are dropped from then on;
    /// to let the connections end, set the weight to 0 and wait. `ESRCH` if the service does not
    /// exist, `ENOENT` if the real server does not.
    pub fn delete_destination(&mut self, key: ServiceKey, it: DestinationKey) -> Result<(), Error> {
        self.change(&Change::DeleteDestination(key, it))
    }

    /// Sets the counters of one service to zero; with `None`, those of all services and the totals.
    pub fn zero(&mut self, key: Option<ServiceKey>) -> Result<(), Error> {
        self.change(&Change::Zero(key))
    }

    /// Deletes every service. Time-outs and sync daemons stay.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.change(&Change::Flush)
    }

    /// Sets the time-outs, in seconds; 0 keeps a value. `EINVAL` if a value exceeds the kernel's
    /// range.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) -> Result<(), Error> {
        self.change(&Change::SetTimeouts(timeouts))
    }

    /// Starts a sync daemon. `EEXIST` if one of this role runs already, `ENODEV` if the interface
    /// does not exist.
    pub fn start_daemon(&mut self, daemon: Daemon) -> Result<(), Error> {
        self.change(&Change::StartDaemon(daemon))
    }

    /// Stops a sync daemon. `ESRCH` if none of this role runs.
    pub fn stop_daemon(&mut self, role: DaemonRole) -> Result<(), Error> {
        self.change(&Change::StopDaemon(role))
    }
}

/// The reason why the family IPVS was not found: `EPERM` if the caller may not even open a raw
/// socket, otherwise `ENOPROTOOPT`. The old tool distinguishes the two cases in the same way.
fn absence() -> Errno {
    let raw = socket(AddressFamily::Inet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::Raw);
    match raw {
        Err(Number::EPERM | Number::EACCES) => Errno::EPERM,
        _ => Errno::ENOPROTOOPT,
    }
}

fn sorted_by_role(mut daemons: Vec<Daemon>) -> Vec<Daemon> {
    daemons.sort_by_key(|daemon| daemon.role);
    daemons
}

pub(super) fn explain(failure: Failure, operation: Operation) -> Error {
    match failure {
        Failure::Refused(errno) => Error::Kernel { operation, errno, object: String::new() },
        Failure::Broken(error) => error,
    }
}
