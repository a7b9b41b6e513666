//! Encoding of attributes into a request.

use std::cell::Cell;
use std::net::IpAddr;

use netlink_packet_core::{NLA_ALIGNTO, NLA_F_NESTED, NLA_HEADER_SIZE};

/// Initial buffer size in bytes; enough for any request without long text.
const ROOM: usize = 192;

thread_local! {
    /// Buffer of the previous request, reused by the next. Allocating one for each of 8,000 rules
    /// took an eighth of the time that the program spends outside the kernel.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The attributes of a request, encoded immediately into one buffer. Building a tree of values
/// first doubled the cost of a request outside the kernel.
#[derive(Debug)]
pub struct Attributes {
    /// Only the bytes before `end` are valid.
    bytes: Vec<u8>,
    end: usize,
}

impl Attributes {
    /// An empty request body that takes over the spare buffer.
    pub fn new() -> Self {
        let mut bytes = SPARE.take();
        if bytes.len() < ROOM {
            bytes.resize(ROOM, 0);
        }
        Self { bytes, end: 0 }
    }

    /// A body without attributes and without a buffer.
    pub fn none() -> Self {
        Self { bytes: Vec::new(), end: 0 }
    }

    /// The encoded attributes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    #[inline]
    fn put<const N: usize>(&mut self, kind: u16, value: [u8; N]) -> &mut Self {
        self.put_some(kind, &value)
    }

    #[inline]
    fn put_some(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let length = NLA_HEADER_SIZE + value.len();
        let (start, end) = (self.end, self.end + length.next_multiple_of(NLA_ALIGNTO));
        if end > self.bytes.len() {
            self.bytes.resize(end + ROOM, 0);
        }
        let place = &mut self.bytes[start..end];
        place[..2].copy_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_ne_bytes());
        place[2..4].copy_from_slice(&kind.to_ne_bytes());
        place[4..length].copy_from_slice(value);
        place[length..].fill(0);
        self.end = end;
        self
    }

    pub fn u8(&mut self, kind: u16, value: u8) -> &mut Self {
        self.put(kind, [value])
    }

    /// Appends a number in host byte order.
    pub fn u16(&mut self, kind: u16, value: u16) -> &mut Self {
        self.put(kind, value.to_ne_bytes())
    }

    /// Appends a port in network byte order.
    pub fn port(&mut self, kind: u16, value: u16) -> &mut Self {
        self.put(kind, value.to_be_bytes())
    }

    /// Appends a number in host byte order.
    pub fn u32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.put(kind, value.to_ne_bytes())
    }

    /// Appends an address in network byte order, always as 16 bytes, as the kernel sends addresses.
    /// IPv4 fills the first 4.
    pub fn address(&mut self, kind: u16, address: IpAddr) -> &mut Self {
        let mut bytes = [0; 16];
        match address {
            IpAddr::V4(address) => bytes[..4].copy_from_slice(&address.octets()),
            IpAddr::V6(address) => bytes = address.octets(),
        }
        self.put(kind, bytes)
    }

    /// Appends `struct ip_vs_flags`: the flags, and a mask of all bits so that the kernel clears
    /// every flag not given.
    pub fn flags(&mut self, kind: u16, flags: u32) -> &mut Self {
        let mut bytes = [u8::MAX; 8];
        bytes[..4].copy_from_slice(&flags.to_ne_bytes());
        self.put(kind, bytes)
    }

    /// Appends text with a final NUL, cut at 63 bytes. The longest names in the kernel,
    /// those of persistence engines, have at most 16.
    pub fn text(&mut self, kind: u16, text: &str) -> &mut Self {
        let mut bytes = [0; 64];
        let length = text.len().min(bytes.len() - 1);
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        self.put_some(kind, &bytes[..=length])
    }

    /// Appends a nested attribute whose content `fill` appends.
    pub fn nested(&mut self, kind: u16, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.end;
        self.put(kind | NLA_F_NESTED, []);
        fill(self);
        let length = u16::try_from(self.end - start).unwrap_or(u16::MAX);
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            SPARE.set(std::mem::take(&mut self.bytes));
        }
    }
}
