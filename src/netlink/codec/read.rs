//! Decoding of answers. Malformed bytes give an error, never a panic.

use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{NLA_ALIGNTO, NLA_HEADER_SIZE, NLA_TYPE_MASK};
use netlink_packet_generic::GenlHeader;
use netlink_packet_generic::constants::{CTRL_ATTR_FAMILY_ID, CTRL_CMD_NEWFAMILY, GENL_HDRLEN};

use crate::error::Error;
use crate::model::Family;
use crate::netlink::message::malformed;
use crate::netlink::uapi::family;

/// Passes number and value of each attribute to `take`. `NlasIterator` checks the length again for
/// each field that it reads, which took a fifth of a listing's own time.
pub fn each<'a>(
    mut bytes: &'a [u8],
    mut take: impl FnMut(u16, &'a [u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    while let [length, more, kind, flags, ..] = *bytes {
        let length = usize::from(u16::from_ne_bytes([length, more]));
        let Some(value) = bytes.get(NLA_HEADER_SIZE..length) else {
            return Err(unfit(length, bytes.len()));
        };
        take(u16::from_ne_bytes([kind, flags]) & NLA_TYPE_MASK, value)?;
        // The kernel may omit the padding after the last attribute.
        bytes = bytes.get(length.next_multiple_of(NLA_ALIGNTO)..).unwrap_or_default();
    }
    if bytes.is_empty() { Ok(()) } else { Err(unfit(NLA_HEADER_SIZE, bytes.len())) }
}

fn unfit(length: usize, room: usize) -> Error {
    Error::Answer(format!("an attribute of {length} bytes, where {room} are left"))
}

/// The attributes of an answer with the expected `command`. Answers to other commands number their
/// attributes differently.
pub fn answer(payload: &[u8], command: u8) -> Result<&[u8], Error> {
    let header = GenlHeader::parse(payload).map_err(malformed)?;
    if header.cmd == command {
        Ok(payload.get(GENL_HDRLEN..).unwrap_or_default())
    } else {
        Err(Error::Answer(format!("command {} instead of {command}", header.cmd)))
    }
}

/// Decodes the id of a generic netlink family from the answer to `CTRL_CMD_GETFAMILY`. The parser
/// of netlink-packet-generic refuses unknown attributes, so it would fail on later kernels.
pub fn family_id(payload: &[u8]) -> Result<u16, Error> {
    let mut id = None;
    each(answer(payload, CTRL_CMD_NEWFAMILY)?, |kind, value| {
        if kind == CTRL_ATTR_FAMILY_ID {
            id = Some(u16(value)?);
        }
        Ok(())
    })?;
    required(id, "family id")
}

/// The value of the last attribute with number `wanted`.
pub fn find<'a>(bytes: &'a [u8], wanted: u16, name: &str) -> Result<&'a [u8], Error> {
    let mut found = None;
    each(bytes, |kind, value| {
        if kind == wanted {
            found = Some(value);
        }
        Ok(())
    })?;
    required(found, name)
}

/// Unwraps an attribute that every kernel sends; `name` is for the error message.
pub fn required<T>(value: Option<T>, name: &str) -> Result<T, Error> {
    value.ok_or_else(|| Error::Answer(format!("no {name}")))
}

pub fn u8(value: &[u8]) -> Result<u8, Error> {
    bytes(value).map(|[byte]| byte)
}

/// Reads 2 bytes in host byte order.
pub fn u16(value: &[u8]) -> Result<u16, Error> {
    bytes(value).map(u16::from_ne_bytes)
}

/// Reads a port in network byte order.
pub fn port(value: &[u8]) -> Result<u16, Error> {
    bytes(value).map(u16::from_be_bytes)
}

/// Reads 4 bytes in host byte order.
pub fn u32(value: &[u8]) -> Result<u32, Error> {
    bytes(value).map(u32::from_ne_bytes)
}

/// Converts `value` to an array; an error if it has another length.
pub fn bytes<const N: usize>(value: &[u8]) -> Result<[u8; N], Error> {
    value.try_into().map_err(|_| Error::Answer(format!("{} bytes instead of {N}", value.len())))
}

/// Reads an address family, `AF_INET` or `AF_INET6`.
pub fn family(value: &[u8]) -> Result<Family, Error> {
    match u16(value)? {
        family::INET => Ok(Family::V4),
        family::INET6 => Ok(Family::V6),
        other => Err(Error::Answer(format!("unknown address family {other}"))),
    }
}

/// Reads the kernel's 16 bytes as an address of `family`; IPv4 uses the first 4.
pub fn address(family: Family, bytes: [u8; 16]) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).into(),
        Family::V6 => bytes.into(),
    }
}
