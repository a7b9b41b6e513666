//! Reading answers. No byte that a kernel could send makes these panic.

use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{NLA_ALIGNTO, NLA_HEADER_SIZE, NLA_TYPE_MASK};
use netlink_packet_generic::GenlHeader;
use netlink_packet_generic::constants::{CTRL_ATTR_FAMILY_ID, CTRL_CMD_NEWFAMILY, GENL_HDRLEN};

use crate::error::Error;
use crate::model::Family;
use crate::netlink::message::unintelligible;
use crate::netlink::uapi::family;

/// Gives number and value of each attribute to `take`. The crate's iterator, which checks the length
/// once more for each field that it reads, took a fifth of a listing's own time.
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
        // The last attribute can lack its padding.
        bytes = bytes.get(length.next_multiple_of(NLA_ALIGNTO)..).unwrap_or_default();
    }
    if bytes.is_empty() { Ok(()) } else { Err(unfit(NLA_HEADER_SIZE, bytes.len())) }
}

fn unfit(length: usize, room: usize) -> Error {
    Error::Answer(format!("an attribute of {length} bytes, where {room} are left"))
}

/// The attributes of an answer that must be of `command`: other ones number theirs differently.
pub fn answer(payload: &[u8], command: u8) -> Result<&[u8], Error> {
    let header = GenlHeader::parse(payload).map_err(unintelligible)?;
    if header.cmd == command {
        Ok(payload.get(GENL_HDRLEN..).unwrap_or_default())
    } else {
        Err(Error::Answer(format!("command {} instead of {command}", header.cmd)))
    }
}

/// The id of a generic netlink family, from the answer to `CTRL_CMD_GETFAMILY`. The crate's own
/// parser would refuse answers of later kernels, since it refuses attributes that it does not know.
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

/// What stands in the first attribute of number `wanted`.
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

/// `value`, which the kernel always sends.
pub fn required<T>(value: Option<T>, name: &str) -> Result<T, Error> {
    value.ok_or_else(|| Error::Answer(format!("no {name}")))
}

/// A number of one byte.
pub fn u8(value: &[u8]) -> Result<u8, Error> {
    bytes(value).map(|[byte]| byte)
}

/// A number in host byte order.
pub fn u16(value: &[u8]) -> Result<u16, Error> {
    bytes(value).map(u16::from_ne_bytes)
}

/// A port in network byte order.
pub fn port(value: &[u8]) -> Result<u16, Error> {
    bytes(value).map(u16::from_be_bytes)
}

/// A number in host byte order.
pub fn u32(value: &[u8]) -> Result<u32, Error> {
    bytes(value).map(u32::from_ne_bytes)
}

/// The first `N` bytes, all that these attributes have.
pub fn bytes<const N: usize>(value: &[u8]) -> Result<[u8; N], Error> {
    value.try_into().map_err(|_| Error::Answer(format!("{} bytes instead of {N}", value.len())))
}

/// An address family.
pub fn family(value: &[u8]) -> Result<Family, Error> {
    match u16(value)? {
        family::INET => Ok(Family::V4),
        family::INET6 => Ok(Family::V6),
        other => Err(Error::Answer(format!("unknown address family {other}"))),
    }
}

/// The address of `family` in the kernel's 16 bytes; their number says nothing of the family.
pub fn address(family: Family, bytes: [u8; 16]) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).into(),
        Family::V6 => bytes.into(),
    }
}
