//! Attributes on the way to the kernel.

use std::net::IpAddr;

use netlink_packet_core::{Emitable, NLA_F_NESTED, Nla};

/// An attribute of a request.
#[derive(Debug)]
pub struct Attribute<'a> {
    kind: u16,
    value: Value<'a>,
}

/// The value of an attribute, by its layout.
#[derive(Debug)]
enum Value<'a> {
    U8(u8),
    /// Host byte order.
    U16(u16),
    /// Network byte order.
    Be16(u16),
    /// Host byte order.
    U32(u32),
    /// Network byte order; IPv4 in the first 4 bytes.
    Address([u8; 16]),
    /// `struct ip_vs_flags`: the flags, and a mask of all bits, since flags not given are cleared.
    Flags(u32),
    /// Ends with a NUL.
    Text(&'a str),
    /// With their length in bytes, which each level above asks for several times.
    Nested(Vec<Attribute<'a>>, usize),
}

impl<'a> Attribute<'a> {
    pub fn u8(kind: u16, value: u8) -> Self {
        Self { kind, value: Value::U8(value) }
    }

    pub fn u16(kind: u16, value: u16) -> Self {
        Self { kind, value: Value::U16(value) }
    }

    pub fn port(kind: u16, value: u16) -> Self {
        Self { kind, value: Value::Be16(value) }
    }

    pub fn u32(kind: u16, value: u32) -> Self {
        Self { kind, value: Value::U32(value) }
    }

    /// Always 16 bytes, as the kernel itself sends addresses.
    pub fn address(kind: u16, address: IpAddr) -> Self {
        let mut bytes = [0; 16];
        match address {
            IpAddr::V4(address) => bytes[..4].copy_from_slice(&address.octets()),
            IpAddr::V6(address) => bytes = address.octets(),
        }
        Self { kind, value: Value::Address(bytes) }
    }

    pub fn flags(kind: u16, flags: u32) -> Self {
        Self { kind, value: Value::Flags(flags) }
    }

    pub fn text(kind: u16, text: &'a str) -> Self {
        Self { kind, value: Value::Text(text) }
    }

    pub fn nested(kind: u16, attributes: Vec<Self>) -> Self {
        let length = attributes.as_slice().buffer_len();
        Self { kind, value: Value::Nested(attributes, length) }
    }
}

impl Nla for Attribute<'_> {
    fn kind(&self) -> u16 {
        match self.value {
            Value::Nested(..) => self.kind | NLA_F_NESTED,
            _ => self.kind,
        }
    }

    fn value_len(&self) -> usize {
        match &self.value {
            Value::U8(_) => 1,
            Value::U16(_) | Value::Be16(_) => 2,
            Value::U32(_) => 4,
            Value::Address(_) => 16,
            Value::Flags(_) => 8,
            Value::Text(text) => text.len() + 1,
            Value::Nested(_, length) => *length,
        }
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        match &self.value {
            Value::U8(value) => buffer.copy_from_slice(&[*value]),
            Value::U16(value) => buffer.copy_from_slice(&value.to_ne_bytes()),
            Value::Be16(value) => buffer.copy_from_slice(&value.to_be_bytes()),
            Value::U32(value) => buffer.copy_from_slice(&value.to_ne_bytes()),
            Value::Address(bytes) => buffer.copy_from_slice(bytes),
            Value::Flags(flags) => {
                buffer[..4].copy_from_slice(&flags.to_ne_bytes());
                buffer[4..].fill(u8::MAX);
            }
            Value::Text(text) => {
                buffer[..text.len()].copy_from_slice(text.as_bytes());
                buffer[text.len()..].fill(0);
            }
            Value::Nested(attributes, _) => attributes.as_slice().emit(buffer),
        }
    }
}
