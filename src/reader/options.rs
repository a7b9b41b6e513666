//! IPv4 services and their real servers, from the socket options of IPVS.
//!
//! The kernel fills the list of services, and the list of one service's real servers, under its
//! lock, so each list is a snapshot. A list costs a twentieth of the same list by netlink.

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::libc::c_int;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::call::ask;
use super::layout::{self, INFO};
use crate::model::{DestinationEntry, EngineName, Service, ServiceKey, Stats};
use crate::netlink::Client;

/// `IP_VS_SO_GET_*` in `linux/ip_vs.h`.
const GET_INFO: c_int = 1153;
const GET_SERVICES: c_int = 1154;
const GET_DESTS: c_int = 1156;

/// Attempts to read a list that grows faster than its buffer.
const TRIES: u32 = 8;

/// A snapshot of the IPv4 services, including those by firewall mark.
#[derive(Debug, Default)]
pub struct Options {
    /// `None` if the socket options are not available and netlink must list everything.
    socket: Option<OwnedFd>,
    /// The kernel's answer. It is decoded on demand, since a table may be large.
    services: Vec<u8>,
    count: usize,
    /// Size in bytes of a service in `services`.
    step: usize,
    /// Buffer for the real servers of one service.
    servers: Vec<u8>,
}

/// Answer to the request for the real servers of a service.
#[derive(Debug)]
pub enum Servers {
    /// All real servers, as a snapshot.
    All(Vec<DestinationEntry>),
    /// The service was deleted.
    Gone,
    /// Incomplete: some real servers are IPv6, which the socket options do not list, or their
    /// number has changed.
    Unknown,
}

impl Options {
    /// Reads the list of services. Keeps their counters, which are half of the answer, only if
    /// `counters` is set.
    pub fn of(client: &Client, counters: bool) -> Self {
        let mut options = Self::read(client).unwrap_or_default();
        if !counters {
            options.step = layout::drop_counters(&mut options.services, options.count);
        }
        options
    }

    /// `None` if the kernel lacks the socket options, a sandbox forbids them, or the thread is in
    /// another network namespace than `client`.
    fn read(client: &Client) -> Option<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Inet, SockType::Datagram, flags, None).ok()?;
        if !client.shares_namespace_with(&socket) {
            return None;
        }
        let mut info = [0; INFO];
        for _ in 0..TRIES {
            ask(socket.as_fd(), GET_INFO, &mut info).ok()?;
            let there = layout::services_of(&info);
            // Spare room for services that other programs add before the next call.
            let room = there + there / 16 + 8;
            let mut services = layout::room_for_services(room);
            ask(socket.as_fd(), GET_SERVICES, &mut services).ok()?;
            let count = layout::services_in(&services);
            if count < room {
                let (socket, step) = (Some(socket), layout::SERVICE);
                return Some(Self { socket, services, count, step, servers: Vec::new() });
            }
        }
        None
    }

    /// Whether the list contains every IPv4 service.
    pub fn are_known(&self) -> bool {
        self.socket.is_some()
    }

    pub fn len(&self) -> usize {
        self.count
    }

    fn image(&self, place: usize) -> &[u8] {
        layout::service_at(&self.services, self.step, place)
    }

    pub fn key(&self, place: usize) -> ServiceKey {
        layout::key_of(self.image(place))
    }

    /// The service at `place` and its counters. `engine` is a parameter, because the socket options
    /// do not tell it.
    pub fn service(&self, place: usize, engine: Option<EngineName>) -> (Service, Stats) {
        let image = self.image(place);
        (layout::service_of(image, engine), layout::service_stats(image))
    }

    /// The real servers of the service at `place`, in the kernel's order. Every tunnel is decoded
    /// as IPIP.
    pub fn servers(&mut self, place: usize, counters: bool) -> Servers {
        let Some(socket) = &self.socket else { return Servers::Unknown };
        let image = layout::service_at(&self.services, self.step, place);
        let count = layout::servers_of(image);
        // Ask for one real server more than expected: if the kernel returns it, another program has
        // added it meanwhile.
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
