//! Attributes on the way to the kernel.

use std::cell::Cell;
use std::net::IpAddr;

use netlink_packet_core::{NLA_ALIGNTO, NLA_F_NESTED, NLA_HEADER_SIZE};

/// Bytes of any request but for one with long text.
const ROOM: usize = 192;

thread_local! {
    /// The buffer of the last request, for the next one: to allocate one for each of 8,000 rules took
    /// an eighth of the time that reading and sending them takes outside the kernel.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The attributes of a request, encoded as they come. To make a tree of values of them first took half
/// of what a request costs outside the kernel.
#[derive(Debug)]
pub struct Attributes {
    /// What stands after the end means nothing.
    bytes: Vec<u8>,
    end: usize,
}

impl Attributes {
    /// None yet.
    pub fn new() -> Self {
        let mut bytes = SPARE.take();
        if bytes.len() < ROOM {
            bytes.resize(ROOM, 0);
        }
        Self { bytes, end: 0 }
    }

    /// None at all.
    pub fn none() -> Self {
        Self { bytes: Vec::new(), end: 0 }
    }

    /// What is sent.
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

    /// Host byte order.
    pub fn u16(&mut self, kind: u16, value: u16) -> &mut Self {
        self.put(kind, value.to_ne_bytes())
    }

    /// Network byte order.
    pub fn port(&mut self, kind: u16, value: u16) -> &mut Self {
        self.put(kind, value.to_be_bytes())
    }

    /// Host byte order.
    pub fn u32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.put(kind, value.to_ne_bytes())
    }

    /// Network byte order, and always 16 bytes, as the kernel itself sends addresses: IPv4 in the
    /// first 4.
    pub fn address(&mut self, kind: u16, address: IpAddr) -> &mut Self {
        let mut bytes = [0; 16];
        match address {
            IpAddr::V4(address) => bytes[..4].copy_from_slice(&address.octets()),
            IpAddr::V6(address) => bytes = address.octets(),
        }
        self.put(kind, bytes)
    }

    /// `struct ip_vs_flags`: the flags, and a mask of all bits, since flags not given are cleared.
    pub fn flags(&mut self, kind: u16, flags: u32) -> &mut Self {
        let mut bytes = [u8::MAX; 8];
        bytes[..4].copy_from_slice(&flags.to_ne_bytes());
        self.put(kind, bytes)
    }

    /// Ends with a NUL. The longest name has 16 bytes.
    pub fn text(&mut self, kind: u16, text: &str) -> &mut Self {
        let mut bytes = [0; 64];
        let length = text.len().min(bytes.len() - 1);
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        self.put_some(kind, &bytes[..=length])
    }

    /// Attributes in an attribute.
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
