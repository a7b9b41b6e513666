//! The IPVS client.

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

/// How long the end of a sync daemon is waited for before looking whether it has gone.
const STOP_PATIENCE: Duration = Duration::from_millis(500);

/// A connection to the IPVS of one network namespace: that of the thread that opened it.
///
/// Every request, reading too, needs `CAP_NET_ADMIN` in the initial user namespace. To work in
/// another network namespace, open the client in a thread that has entered it.
///
/// Addresses and ports are in host order everywhere, as the types of `std` have them; time is in
/// seconds. Each read of an answer waits for the kernel for at most 5 s; a list, and an answer that
/// others precede, may take several.
///
/// # Errors
/// Every method returns
/// - [`Error::Unavailable`], of [`Self::open`] and [`Self::batch`], where there is no IPVS to talk to;
/// - [`Error::Kernel`] where the kernel refuses, with the request and the error number
///   ([`Errno`]): 3 (`ESRCH`) for a service that does not exist, 2 (`ENOENT`) for a real server or a
///   scheduler, 17 (`EEXIST`) for what is there already, 22 (`EINVAL`) for values that do not fit;
/// - [`Error::NoAnswer`], [`Error::Socket`] and [`Error::Answer`] where it cannot be understood;
///   then it is not known whether a change was made;
/// - [`Error::Interrupted`], of lists, where the table kept changing while it was read.
#[derive(Debug)]
pub struct Client {
    pub(super) socket: Socket,
    pub(super) family: u16,
    /// For lists in small pieces; opened when they are first needed.
    pub(super) small: Option<Socket>,
    pub(super) middle: Option<Socket>,
    /// For lists with the borders of their pieces elsewhere; a new one each time.
    pub(super) offset: Option<Socket>,
    /// Real servers in the last list of a service: those of one table often have equally many.
    pub(super) servers_before: usize,
}

impl Client {
    /// Connects to the IPVS of this thread's network namespace. The kernel loads `ip_vs` by itself
    /// where it can.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the kernel has no IPVS, or the caller may not ask.
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

    /// Version and size of the connection table.
    pub fn info(&mut self) -> Result<Info, Error> {
        let request = self.message(codec::plain(command::GET_INFO));
        self.socket
            .get(request, |it| codec::decode_info(codec::answer(it, command::SET_INFO)?))
            .map_err(|failure| explain(failure, Operation::GetInfo))
    }

    /// One virtual service with its counters.
    ///
    /// # Errors
    /// [`Error::Kernel`] with `ESRCH` where it does not exist.
    pub fn service(&mut self, key: &ServiceKey) -> Result<ServiceEntry, Error> {
        let request = self.message(codec::get_service(key));
        self.socket
            .get(request, |it| codec::decode_service(codec::answer(it, command::NEW_SERVICE)?))
            .map_err(|failure| explain(failure, Operation::GetService))
    }

    /// The time-outs of connections, in seconds.
    pub fn timeouts(&mut self) -> Result<Timeouts, Error> {
        let request = self.message(codec::plain(command::GET_CONFIG));
        self.socket
            .get(request, |it| codec::decode_timeouts(codec::answer(it, command::SET_CONFIG)?))
            .map_err(|failure| explain(failure, Operation::GetTimeouts))
    }

    /// The sync daemons that run, at most one of each role, the master first; their ports, lengths (bytes) and groups
    /// as the kernel filled them in.
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

    /// Makes one change.
    pub fn change(&mut self, change: &Change) -> Result<(), Error> {
        self.attempt(change).map_err(|failure| explain(failure, change.operation()))
    }

    pub(super) fn attempt(&mut self, change: &Change) -> Result<(), Failure> {
        let request = self.message(codec::encode(change));
        let Change::StopDaemon(role) = *change else {
            return self.socket.change(request);
        };
        // A daemon that is stopped before its thread first ran does stop, but the kernel then sends
        // no answer at all (6.1).
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

    /// A request to the family as the kernel numbers it.
    pub(super) fn message(&self, request: Request) -> GenlMessage<Request> {
        request.to(self.family)
    }
}

/// [`Client::change`] in the words of the commands.
impl Client {
    /// Makes a service. `EEXIST` where there is one with this key, `ENOENT` where the kernel has no
    /// such scheduler or persistence engine.
    pub fn add_service(&mut self, service: Service) -> Result<(), Error> {
        self.change(&Change::AddService(service))
    }

    /// Gives an existing service this configuration, all of it; connections and counters survive.
    /// `ESRCH` where there is none.
    pub fn update_service(&mut self, service: Service) -> Result<(), Error> {
        self.change(&Change::UpdateService(service))
    }

    /// Removes a service with its real servers. `ESRCH` where there is none.
    pub fn delete_service(&mut self, key: ServiceKey) -> Result<(), Error> {
        self.change(&Change::DeleteService(key))
    }

    /// Gives a service a real server. `ESRCH` without the service, `EEXIST` where it has this real
    /// server, `EINVAL` where the address cannot be one, `ERANGE` where the lower threshold is above
    /// the upper one.
    pub fn add_destination(&mut self, key: ServiceKey, it: Destination) -> Result<(), Error> {
        self.change(&Change::AddDestination(key, it))
    }

    /// Gives an existing real server this configuration, all of it; connections and counters
    /// survive. `ESRCH` without the service, `ENOENT` without the real server.
    pub fn update_destination(&mut self, key: ServiceKey, it: Destination) -> Result<(), Error> {
        self.change(&Change::UpdateDestination(key, it))
    }

    /// Takes a real server from a service: its connections get no more packets. To let them end, set
    /// the weight to 0 and wait. `ESRCH` without the service, `ENOENT` without the real server.
    pub fn delete_destination(&mut self, key: ServiceKey, it: DestinationKey) -> Result<(), Error> {
        self.change(&Change::DeleteDestination(key, it))
    }

    /// Sets the counters of one service, or of all and the totals, to zero.
    pub fn zero(&mut self, key: Option<ServiceKey>) -> Result<(), Error> {
        self.change(&Change::Zero(key))
    }

    /// Removes every service; time-outs and sync daemons stay.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.change(&Change::Flush)
    }

    /// Sets time-outs, in seconds; 0 keeps a value. `EINVAL` for more than the kernel can count.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) -> Result<(), Error> {
        self.change(&Change::SetTimeouts(timeouts))
    }

    /// Starts a sync daemon. `EEXIST` where one of this role runs, `ENODEV` where there is no such
    /// interface.
    pub fn start_daemon(&mut self, daemon: Daemon) -> Result<(), Error> {
        self.change(&Change::StartDaemon(daemon))
    }

    /// Stops a sync daemon. `ESRCH` where none of this role runs.
    pub fn stop_daemon(&mut self, role: DaemonRole) -> Result<(), Error> {
        self.change(&Change::StopDaemon(role))
    }
}

/// Why there is no IPVS for the caller: who may not open a raw socket either may ask nothing of it,
/// and is no better off when it is loaded. That is also how the old tool tells these two apart.
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
