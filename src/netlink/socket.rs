//! A netlink socket: requests and dumps, each with a limit of time.

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

/// The kernel answers before `send` returns, except for a dump, which it makes while it is read.
/// Loading a scheduler's module is part of `send` too.
const PATIENCE: Duration = Duration::from_secs(5);

/// The kernel makes the chunks of a dump as large as the largest buffer that it has seen on the
/// socket, up to 32 KiB, and cuts them for a smaller one: so one size from the first read on. More
/// than that makes of all buffers one that the heap, which begins with 132 KiB, does not hold: the
/// allocator maps it, and what is not written is never touched, and zeroed by nobody.
pub(super) const CHUNK: usize = 72 * 1024;

/// Datagrams of one read. The kernel makes the next chunk of a dump while it hands out the one
/// before, so a list that fits in one chunk and the end behind it come in one system call.
const DATAGRAMS: usize = 2;

/// Attempts at a dump that the kernel reports as inconsistent.
const ATTEMPTS: u32 = 5;

/// Enough for the answers to a batch, 0.75 KB each, where `net.core.rmem_default` is small.
const BATCH_BUFFER: usize = 1024 * 1024;

/// Why a request has no answer.
#[derive(Debug)]
pub enum Failure {
    /// The kernel refused it.
    Refused(Errno),
    /// It could not be asked, or its answer not be read.
    Broken(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// A socket of one netlink protocol in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct Socket {
    inner: netlink_sys::Socket,
    sequence: u32,
    patience: Duration,
    outgoing: Vec<u8>,
    /// Where the last message in `outgoing` begins.
    last: usize,
    /// Room for [`DATAGRAMS`] datagrams of `chunk` bytes.
    incoming: Vec<u8>,
    chunk: usize,
    /// Room for the next datagram, less than `chunk` at the beginning only.
    first: usize,
    reason: Option<String>,
}

/// How a dump was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dump {
    /// Datagrams with entries. The kernel fills each under its lock, so a list in one piece is a
    /// snapshot; between two pieces anything can change.
    pub pieces: usize,
    /// The kernel saw no change between the pieces, as far as it looks for any.
    pub consistent: bool,
}

impl Socket {
    /// Opens a socket of `protocol`, one of `netlink_sys::protocols`.
    pub fn open(protocol: isize) -> Result<Self, Error> {
        Self::with_chunks(protocol, CHUNK, CHUNK)
    }

    /// Opens a socket whose first datagram has room for `first` bytes, and each further one for `chunk`
    /// bytes. The kernel makes a piece of a dump as large as the largest room that it has seen on the
    /// socket, up to 32 KiB, and allocates and zeroes all of it.
    pub fn with_chunks(protocol: isize, first: usize, chunk: usize) -> Result<Self, Error> {
        let inner = netlink_sys::Socket::new(protocol).map_err(Error::Socket)?;
        // A connected socket takes messages from the kernel only, not from other processes.
        inner.connect(&SocketAddr::new(0, 0)).map_err(Error::Socket)?;
        // Errors then come without an echo of the request. Kernels before 4.3 cannot, and need not.
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

    /// Sets how long an answer is waited for, and returns how long it was.
    pub fn set_patience(&mut self, patience: Duration) -> Result<Duration, Error> {
        let microseconds = i64::try_from(patience.as_micros()).unwrap_or(i64::MAX);
        let value = TimeVal::new(microseconds / 1_000_000, microseconds % 1_000_000);
        setsockopt(&self.inner, sockopt::ReceiveTimeout, &value).map_err(broken)?;
        Ok(std::mem::replace(&mut self.patience, patience))
    }

    /// Asks for a change, and waits for the acknowledgement.
    pub fn change(&mut self, request: impl NetlinkSerializable) -> Result<(), Failure> {
        self.change_with(request, 0)
    }

    /// [`Self::change`] with further flags of the netlink header, such as `NLM_F_CREATE`.
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

    /// Asks for one thing; `read` makes the value from what follows the answer's netlink header.
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

    /// Asks for a list; `read` makes each of its values. Begins anew where the kernel says that
    /// the list changed meanwhile.
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

    /// Asks for a list once, and gives what follows the netlink header of each entry to `each`.
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
        // Read to the end in any case: until then the kernel refuses another dump on the socket.
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

    /// Makes room for a batch. Both need `CAP_NET_ADMIN`, as IPVS does; without it the batch itself
    /// is refused.
    pub fn widen(&self) {
        setsockopt(&self.inner, sockopt::RcvBufForce, &BATCH_BUFFER).ok();
        setsockopt(&self.inner, sockopt::SndBufForce, &BATCH_BUFFER).ok();
    }

    /// Bytes that wait for [`Self::exchange`].
    pub fn packed(&self) -> usize {
        self.outgoing.len()
    }

    /// Forgets what was packed.
    pub fn unpack(&mut self) {
        self.outgoing.clear();
    }

    /// Appends `request` to what goes out next; returns its sequence number.
    pub fn pack(&mut self, request: impl NetlinkSerializable, flags: u16) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(request));
        message.finalize();
        self.last = self.outgoing.len();
        // New zeros for each message: the emitters skip padding.
        self.outgoing.resize(self.last + message.buffer_len(), 0);
        message.serialize(&mut self.outgoing[self.last..]);
        self.sequence
    }

    /// Sends the packed changes, and gives sequence number and error of each refused one to
    /// `refused`. Only the last is asked to acknowledge: the kernel works through them in order and
    /// reports errors in any case.
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

    /// Takes the kernel's words to the last refusal, where it had any.
    pub fn take_reason(&mut self) -> Option<String> {
        self.reason.take()
    }

    fn transmit(&mut self) -> Result<(), Error> {
        self.reason = None;
        let sent = self.inner.send(&self.outgoing, 0);
        self.outgoing.clear();
        sent.map(drop).map_err(Error::Socket)
    }

    /// Gives each message, with the number of its datagram from 1, to `judge` until it returns a
    /// value.
    fn answers<T, E: From<Error>>(
        &mut self,
        mut judge: impl FnMut(Message<'_>, usize) -> Result<Option<T>, E>,
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
                    if let Some(value) = judge(message, number)? {
                        return Ok(value);
                    }
                }
            }
        }
    }

    /// The lengths of the next datagrams, each of which then stands in its part of `incoming`.
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

/// Waits for one datagram and takes along what is there besides.
fn receive_some(
    socket: &netlink_sys::Socket,
    incoming: &mut [u8],
    chunk: usize,
    first: usize,
) -> nix::Result<Result<[usize; DATAGRAMS], Error>> {
    let mut headers = MultiHeaders::<NetlinkAddr>::preallocate(DATAGRAMS, None);
    let (one, other) = incoming.split_at_mut(chunk);
    let mut slices: [[IoSliceMut<'_>; 1]; DATAGRAMS] =
        [[IoSliceMut::new(&mut one[..first])], [IoSliceMut::new(other)]];
    let flags = MsgFlags::MSG_WAITFORONE;
    let datagrams = recvmmsg(socket.as_raw_fd(), &mut headers, &mut slices, flags, None)?;
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
