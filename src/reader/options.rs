//! The services of IPv4 and their real servers, from the socket options of IPVS.
//!
//! The kernel fills the list of all services, and that of a service's real servers, in one go under its
//! lock: no other program can come in between. It costs a twentieth of what netlink costs.

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::libc::c_int;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::call::ask;
use super::layout::{self, INFO};
use crate::model::{DestinationEntry, EngineName, Service, ServiceKey, Stats};
use crate::netlink::Client;

/// `IP_VS_SO_GET_*`
const GET_INFO: c_int = 1153;
const GET_SERVICES: c_int = 1154;
const GET_DESTS: c_int = 1156;

/// How often the list is asked for where it grows faster than the room for it.
const TRIES: u32 = 8;

/// The services of IPv4, those by mark too, as they were at one moment.
#[derive(Debug, Default)]
pub struct Options {
    /// Nothing where netlink has to be asked for everything.
    socket: Option<OwnedFd>,
    /// The answer of the kernel; decoded where it is asked for, since a table may be large.
    services: Vec<u8>,
    count: usize,
    /// The last answer about real servers.
    servers: Vec<u8>,
}

/// The real servers of a service.
#[derive(Debug)]
pub enum Servers {
    /// All of them, as they were at one moment.
    All(Vec<DestinationEntry>),
    /// The service has gone.
    Gone,
    /// Some have another family, which the options do not tell, or their number has changed.
    Unknown,
}

impl Options {
    /// Asks for the services.
    pub fn of(client: &Client) -> Self {
        Self::read(client).unwrap_or_default()
    }

    /// `None` where the kernel has no such socket option, a sandbox allows none, or the thread is in
    /// another network namespace than `client`.
    fn read(client: &Client) -> Option<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Inet, SockType::Datagram, flags, None).ok()?;
        if !client.is_at_home(&socket) {
            return None;
        }
        let mut info = [0; INFO];
        for _ in 0..TRIES {
            ask(socket.as_fd(), GET_INFO, &mut info).ok()?;
            let there = layout::services_of(&info);
            // Some more, which others may add before the next call.
            let room = there + there / 16 + 8;
            let mut services = layout::room_for_services(room);
            ask(socket.as_fd(), GET_SERVICES, &mut services).ok()?;
            let count = layout::services_in(&services);
            if count < room {
                return Some(Self { socket: Some(socket), services, count, servers: Vec::new() });
            }
        }
        None
    }

    /// Whether every service of IPv4 stands here.
    pub fn are_known(&self) -> bool {
        self.socket.is_some()
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.count
    }

    fn image(&self, place: usize) -> &[u8] {
        layout::service_at(&self.services, place)
    }

    /// What identifies the service at `place`.
    pub fn key(&self, place: usize) -> ServiceKey {
        layout::key_of(self.image(place))
    }

    /// The service at `place`, with a persistence engine from elsewhere, and what it has carried.
    pub fn service(&self, place: usize, engine: Option<EngineName>) -> (Service, Stats) {
        let image = self.image(place);
        (layout::service_of(image, engine), layout::service_stats(image))
    }

    /// The real servers of the service at `place`, in the kernel's order. What kind of tunnel leads
    /// to them is not known.
    pub fn servers(&mut self, place: usize, counters: bool) -> Servers {
        let Some(socket) = &self.socket else { return Servers::Unknown };
        let image = layout::service_at(&self.services, place);
        let count = layout::servers_of(image);
        // One more: then it shows when one was added meanwhile.
        layout::ask_for_servers(&mut self.servers, image, count + 1);
        match ask(socket.as_fd(), GET_DESTS, &mut self.servers) {
            Ok(()) => {}
            Err(Errno::ESRCH) => return Servers::Gone,
            Err(_) => return Servers::Unknown,
        }
        let mut list = Vec::with_capacity(count);
        list.extend(layout::servers_in(&self.servers).map(|it| layout::server_of(it, counters)));
        if list.len() == count { Servers::All(list) } else { Servers::Unknown }
    }
}
