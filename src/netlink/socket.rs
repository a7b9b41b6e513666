//! A netlink socket: requests and dumps, each with a time limit.

use std::cell::RefCell;
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, NetlinkSerializable,
};
use netlink_sys::SocketAddr;
use nix::errno::Errno as Number;
use nix::sys::socket::{MsgFlags, MultiHeaders, NetlinkAddr, recvmmsg, setsockopt, sockopt};
use nix::sys::time::TimeVal;

use super::message::{Content, Message, messages};
use crate::error::{Errno, Error};

/// Time limit for each answer. The kernel answers within `send`, which includes loading a
/// scheduler's module; only a dump is produced while it is read.
const PATIENCE: Duration = Duration::from_secs(5);

/// Size in bytes of a receive buffer. The kernel makes the pieces of a dump as large as the largest
/// buffer seen on the socket, up to 32 KiB, and truncates a piece for a smaller buffer; so the
/// buffer has its full size from the first read on. It is larger than 32 KiB on purpose: all
/// buffers together then exceed the initial heap of 132 KiB, so the allocator maps them, and pages
/// never written are neither touched nor zeroed.
pub(super) const CHUNK: usize = 72 * 1024;

/// Datagrams read in one system call. While the kernel hands out one piece of a dump it produces
/// the next, so a list of one piece and the end of the dump arrive together.
const DATAGRAMS: usize = 2;

/// Attempts to read a dump that the kernel reports as inconsistent.
const ATTEMPTS: u32 = 5;

/// Size in bytes of the socket buffers during a batch. Each refusal takes 0.75 KB, and
/// `net.core.rmem_default` may be small.
const BATCH_BUFFER: usize = 1024 * 1024;

#[derive(Debug)]
pub enum Failure {
    /// The kernel answered with this error number.
    Refused(Errno),
    /// The request could not be sent, or its answer is missing or malformed.
    Broken(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

#[derive(Debug)]
pub struct Socket {
    inner: netlink_sys::Socket,
    sequence: u32,
    patience: Duration,
    outgoing: Vec<u8>,
    /// Offset in `outgoing` at which the last message begins.
    last: usize,
    /// Receive buffer for [`DATAGRAMS`] datagrams of `chunk` bytes each.
    incoming: Vec<u8>,
    chunk: usize,
    /// Room in bytes for the next datagram; smaller than `chunk` only before the first read.
    first: usize,
    reason: Option<String>,
}

/// Properties of a dump as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dump {
    /// Number of datagrams with entries. The kernel fills each under its lock, so a list of one
    /// piece is a snapshot. Between two pieces the table can change.
    pub pieces: usize,
    /// The kernel reported no change between the pieces (`NLM_F_DUMP_INTR`).
    pub consistent: bool,
}

impl Socket {
    /// Opens a socket of `protocol`, a constant of `netlink_sys::protocols`, in this thread's
    /// network namespace.
    pub fn open(protocol: isize) -> Result<Self, Error> {
        Self::with_chunks(protocol, CHUNK, CHUNK)
    }

    /// Opens a socket that reads its first datagram into `first` bytes and all later ones into
    /// `chunk` bytes. The kernel makes a piece of a dump as large as the largest buffer seen on the
    /// socket, up to 32 KiB, and allocates and zeroes all of that.
    pub fn with_chunks(protocol: isize, first: usize, chunk: usize) -> Result<Self, Error> {
        let inner = netlink_sys::Socket::new(protocol).map_err(Error::Socket)?;
        // A connected socket accepts messages from the kernel only, not from other processes.
        inner.connect(&SocketAddr::new(0, 0)).map_err(Error::Socket)?;
        // Errors then come without an echo of the request. Kernels before 4.3 do not know the
        // option, and work without it.
        inner.set_cap_ack(true).ok();
        inner.set_ext_ack(true).ok();
        let mut socket = Self {
            inner,
            sequence: 0,
            patience: PATIENCE,
            outgoing: Vec::new(),
            last: 0,
            incoming: vec![0; DATAGRAMS * chunk],
            chunk,
            first,
            reason: None,
        };
        socket.set_patience(PATIENCE)?;
        Ok(socket)
    }

    /// Sets the time limit for each answer and returns the previous one.
    pub fn set_patience(&mut self, patience: Duration) -> Result<Duration, Error> {
        let microseconds = i64::try_from(patience.as_micros()).unwrap_or(i64::MAX);
        let value = TimeVal::new(microseconds / 1_000_000, microseconds % 1_000_000);
        setsockopt(&self.inner, sockopt::ReceiveTimeout, &value).map_err(broken)?;
        Ok(std::mem::replace(&mut self.patience, patience))
    }

    /// Sends a change and waits for the kernel's acknowledgement.
    pub fn change(&mut self, request: impl NetlinkSerializable) -> Result<(), Failure> {
        self.change_with(request, 0)
    }

    /// Like [`Self::change`], with further flags in the netlink header, such as `NLM_F_CREATE`.
    pub fn change_with(
        &mut self,
        request: impl NetlinkSerializable,
        flags: u16,
    ) -> Result<(), Failure> {
        let sequence = self.pack(request, flags);
        let mut refused = None;
        self.exchange(|number, errno| {
            if number == sequence {
                refused = Some(errno);
            }
        })?;
        refused.map_or(Ok(()), |errno| Err(Failure::Refused(errno)))
    }

    /// Asks for one object; `read` decodes the answer, which begins after the netlink header.
    pub fn get<T>(
        &mut self,
        request: impl NetlinkSerializable,
        read: impl Fn(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let sequence = self.pack(request, 0);
        self.transmit()?;
        self.answers(|message, _| match message.content {
            _ if message.sequence != sequence => Ok(None),
            Content::Answer(payload) => Ok(Some(read(payload)?)),
            Content::Refused(errno) => Err(Failure::Refused(errno)),
            Content::Done => Err(Error::Answer("success without a reply".to_owned()).into()),
            Content::Noop => Ok(None),
        })
    }

    /// Asks for a list; `read` decodes each entry. Starts again if the kernel reports that the list
    /// changed meanwhile.
    pub fn dump<T, R: NetlinkSerializable>(
        &mut self,
        request: impl Fn() -> R,
        read: impl Fn(&[u8]) -> Result<T, Error>,
    ) -> Result<Vec<T>, Failure> {
        for _ in 0..ATTEMPTS {
            if let Some(list) = self.dump_once(request(), &read)? {
                return Ok(list);
            }
        }
        Err(Error::Interrupted(ATTEMPTS).into())
    }

    fn dump_once<T>(
        &mut self,
        request: impl NetlinkSerializable,
        read: impl Fn(&[u8]) -> Result<T, Error>,
    ) -> Result<Option<Vec<T>>, Failure> {
        let mut list = Vec::new();
        let dump = self.dump_each(request, |payload| {
            list.push(read(payload)?);
            Ok(())
        })?;
        Ok(dump.consistent.then_some(list))
    }

    /// Asks for a list once and passes each entry, without its netlink header, to `each`.
    pub fn dump_each(
        &mut self,
        request: impl NetlinkSerializable,
        mut each: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Dump, Failure> {
        let sequence = self.pack(request, NLM_F_DUMP);
        self.transmit()?;
        let mut unreadable = None;
        let mut dump = Dump { pieces: 0, consistent: true };
        let mut last = 0;
        // Read to the end even after an error: until then the kernel refuses another dump on the
        // socket.
        self.answers(|message, datagram| {
            if message.sequence != sequence {
                return Ok(None);
            }
            dump.consistent &= !message.interrupted;
            match message.content {
                Content::Answer(payload) => {
                    if last != datagram {
                        last = datagram;
                        dump.pieces += 1;
                    }
                    if let Err(error) = each(payload) {
                        unreadable = Some(error);
                    }
                }
                Content::Done => return Ok(Some(())),
                Content::Refused(errno) => return Err(Failure::Refused(errno)),
                Content::Noop => {}
            }
            Ok(None)
        })?;
        match unreadable {
            Some(error) => Err(error.into()),
            None => Ok(dump),
        }
    }

    /// Enlarges the socket buffers for a batch. The options need `CAP_NET_ADMIN`. A caller without
    /// it keeps the small buffers, which does not matter: the kernel refuses that batch anyway.
    pub fn widen(&self) {
        setsockopt(&self.inner, sockopt::RcvBufForce, &BATCH_BUFFER).ok();
        setsockopt(&self.inner, sockopt::SndBufForce, &BATCH_BUFFER).ok();
    }

    /// Number of packed bytes that [`Self::exchange`] has not sent yet.
    pub fn packed(&self) -> usize {
        self.outgoing.len()
    }

    /// Discards all packed requests.
    pub fn unpack(&mut self) {
        self.outgoing.clear();
    }

    /// Appends `request` to the next send; returns its sequence number.
    pub fn pack(&mut self, request: impl NetlinkSerializable, flags: u16) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(request));
        message.finalize();
        self.last = self.outgoing.len();
        // Zeroed for each message, because the emitters do not write padding.
        self.outgoing.resize(self.last + message.buffer_len(), 0);
        message.serialize(&mut self.outgoing[self.last..]);
        self.sequence
    }

    /// Sends the packed changes and passes the sequence number and error of each refused one to
    /// `refused`. Only the last change asks for an acknowledgement: the kernel handles them in
    /// order and always reports errors.
    pub fn exchange(&mut self, mut refused: impl FnMut(u32, Errno)) -> Result<(), Error> {
        let last = self.sequence;
        let mut request = NetlinkBuffer::new(&mut self.outgoing[self.last..]);
        request.set_flags(request.flags() | NLM_F_ACK);
        self.transmit()?;
        self.answers(|message, _| {
            if let Content::Refused(errno) = message.content {
                refused(message.sequence, errno);
            }
            let end = matches!(message.content, Content::Refused(_) | Content::Done);
            Ok((end && message.sequence == last).then_some(()))
        })
    }

    /// Takes the kernel's explanation of the last refusal, if it sent one.
    pub fn take_reason(&mut self) -> Option<String> {
        self.reason.take()
    }

    fn transmit(&mut self) -> Result<(), Error> {
        self.reason = None;
        let sent = self.inner.send(&self.outgoing, 0);
        self.outgoing.clear();
        sent.map(drop).map_err(Error::Socket)
    }

    /// Passes each message and the number of its datagram, from 1, to `check` until that returns a
    /// value.
    fn answers<T, E: From<Error>>(
        &mut self,
        mut check: impl FnMut(Message<'_>, usize) -> Result<Option<T>, E>,
    ) -> Result<T, E> {
        let mut number = 0;
        loop {
            let lengths = self.receive()?;
            for (datagram, length) in self.incoming.chunks(self.chunk).zip(lengths) {
                number += 1;
                for message in messages(&datagram[..length]) {
                    let mut message = message?;
                    if message.reason.is_some() {
                        self.reason = message.reason.take();
                    }
                    if let Some(value) = check(message, number)? {
                        return Ok(value);
                    }
                }
            }
        }
    }

    /// Receives some datagrams into their parts of `incoming` and returns their lengths in bytes.
    fn receive(&mut self) -> Result<[usize; DATAGRAMS], Error> {
        loop {
            match receive_some(&self.inner, &mut self.incoming, self.chunk, self.first) {
                Ok(lengths) => {
                    self.first = self.chunk;
                    return lengths;
                }
                Err(Number::EINTR) => {}
                Err(Number::EAGAIN) => {
                    let seconds = self.patience.as_millis().div_ceil(1000);
                    let seconds = seconds.try_into().unwrap_or(u64::MAX);
                    return Err(Error::NoAnswer { seconds });
                }
                Err(number) => return Err(broken(number)),
            }
        }
    }
}

thread_local! {
    /// Headers that tell the kernel where to put datagrams. Kept for the next read, because a long
    /// list of services takes many reads.
    static HEADERS: RefCell<MultiHeaders<NetlinkAddr>> =
        RefCell::new(MultiHeaders::preallocate(DATAGRAMS, None));
}

/// Waits for one datagram, and takes further ones only if they are there already.
fn receive_some(
    socket: &netlink_sys::Socket,
    incoming: &mut [u8],
    chunk: usize,
    first: usize,
) -> nix::Result<Result<[usize; DATAGRAMS], Error>> {
    HEADERS.with_borrow_mut(|headers| receive_with(headers, socket, incoming, chunk, first))
}

fn receive_with(
    headers: &mut MultiHeaders<NetlinkAddr>,
    socket: &netlink_sys::Socket,
    incoming: &mut [u8],
    chunk: usize,
    first: usize,
) -> nix::Result<Result<[usize; DATAGRAMS], Error>> {
    let (one, other) = incoming.split_at_mut(chunk);
    let mut slices: [[IoSliceMut<'_>; 1]; DATAGRAMS] =
        [[IoSliceMut::new(&mut one[..first])], [IoSliceMut::new(other)]];
    let flags = MsgFlags::MSG_WAITFORONE;
    let datagrams = recvmmsg(socket.as_raw_fd(), headers, &mut slices, flags, None)?;
    let mut lengths = [0; DATAGRAMS];
    for (length, datagram) in lengths.iter_mut().zip(datagrams) {
        if datagram.flags.contains(MsgFlags::MSG_TRUNC) {
            return Ok(Err(Error::Answer(format!("a message of more than {chunk} bytes"))));
        }
        *length = datagram.bytes;
    }
    Ok(Ok(lengths))
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

fn broken(number: Number) -> Error {
    Error::Socket(number.into())
}

#[cfg(test)]
mod tests;
