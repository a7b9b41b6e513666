//! Client of the generic netlink family `fou`: UDP ports at which the kernel unpacks packets.

use netlink_packet_core::NlasIterator;
use netlink_sys::protocols::NETLINK_GENERIC;

use super::codec::Attributes;
use super::generic::{self, Request};
use super::socket::{Failure, Socket};
use super::uapi::{family, fou};
use crate::error::{Errno, Error};
use crate::model::GuePort;

/// Length of `struct genlmsghdr` in bytes.
const HEADER: usize = 4;

/// A connection to `fou` in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct Fou {
    socket: Socket,
    family: u16,
}

impl Fou {
    /// Opens the connection. Returns `None` if the module `fou` is not loaded: Linux 6.1 does not
    /// load it on request.
    pub fn open() -> Result<Option<Self>, Error> {
        let mut socket = Socket::open(NETLINK_GENERIC)?;
        match generic::family(&mut socket, "fou") {
            Ok(family) => Ok(Some(Self { socket, family })),
            Err(Failure::Refused(Errno::ENOENT)) => Ok(None),
            Err(failure) => Err(explain(failure, &mut socket, "find the netlink family fou")),
        }
    }

    /// Every port that unpacks generic UDP encapsulation (GUE).
    pub fn gue_ports(&mut self) -> Result<Vec<GuePort>, Error> {
        let id = self.family;
        let read = |payload: &[u8]| Ok(entry(payload));
        match self.socket.dump(|| Request::new(fou::GET, Attributes::none()).to(id), read) {
            Ok(list) => Ok(list.into_iter().flatten().collect()),
            Err(failure) => Err(explain(failure, &mut self.socket, "list UDP ports")),
        }
    }

    /// Opens a port. `EADDRINUSE` if a socket holds the port already.
    pub fn add(&mut self, port: GuePort) -> Result<(), Error> {
        self.change(fou::ADD, port, "add")
    }

    pub fn delete(&mut self, port: GuePort) -> Result<(), Error> {
        self.change(fou::DEL, port, "delete")
    }

    fn change(&mut self, command: u8, port: GuePort, word: &str) -> Result<(), Error> {
        let version = if port.ipv6 { family::INET6 } else { family::INET };
        let mut attributes = Attributes::new();
        attributes
            .port(fou::PORT, port.port)
            .u8(fou::AF, u8::try_from(version).unwrap_or_default())
            .u8(fou::TYPE, fou::TYPE_GUE);
        self.socket.change(Request::new(command, attributes).to(self.family)).map_err(|failure| {
            explain(failure, &mut self.socket, &format!("{word} GUE port {}", port.port))
        })
    }
}

fn entry(payload: &[u8]) -> Option<GuePort> {
    let attributes = NlasIterator::new(payload.get(HEADER..)?);
    let (mut port, mut version, mut kind) = (None, None, None);
    for attribute in attributes.map_while(Result::ok) {
        match (attribute.kind(), attribute.value()) {
            (fou::PORT, &[high, low]) => port = Some(u16::from_be_bytes([high, low])),
            (fou::AF, &[value]) => version = Some(u16::from(value)),
            (fou::TYPE, &[value]) => kind = Some(value),
            _ => {}
        }
    }
    let ipv6 = version? == family::INET6;
    if kind? == fou::TYPE_GUE { Some(GuePort { port: port?, ipv6 }) } else { None }
}

fn explain(failure: Failure, socket: &mut Socket, action: &str) -> Error {
    match failure {
        Failure::Refused(errno) => {
            Error::Network { action: action.to_owned(), errno, reason: socket.take_reason() }
        }
        Failure::Broken(error) => error,
    }
}
