//! Decoding of rtnetlink answers. An entry that cannot be read is `None`.

use std::net::IpAddr;

use netlink_packet_core::NlasIterator;

use crate::model::{Family, InterfaceAddress, Link, Route, RouteImage};
use crate::netlink::uapi::{family, rtnetlink as nl};

type Attributes = Vec<(u16, Vec<u8>)>;

fn attributes(bytes: &[u8]) -> Attributes {
    NlasIterator::new(bytes)
        .map_while(Result::ok)
        .map(|it| (it.kind(), it.value().to_vec()))
        .collect()
}

fn find(attributes: &Attributes, kind: u16) -> Option<&[u8]> {
    attributes.iter().find(|(number, _)| *number == kind).map(|(_, value)| &value[..])
}

fn number(value: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(value.try_into().ok()?))
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_end_matches('\0').to_owned()
}

fn address_of(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => <[u8; 4]>::try_from(value).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(value).ok().map(IpAddr::from),
        _ => None,
    }
}

/// Decodes `struct ifinfomsg` and its attributes.
pub fn link(payload: &[u8]) -> Option<Link> {
    let kind = u16::from_ne_bytes(payload.get(2..4)?.try_into().ok()?);
    let flags = number(payload.get(8..12)?)?;
    let attributes = attributes(payload.get(16..)?);
    let info = find(&attributes, nl::IFLA_LINKINFO).map(self::attributes).unwrap_or_default();
    Some(Link {
        index: number(payload.get(4..8)?)?,
        name: text(find(&attributes, nl::IFLA_IFNAME)?),
        up: flags & nl::IFF_UP != 0,
        loopback: flags & nl::IFF_LOOPBACK != 0,
        arp: kind == nl::ARPHRD_ETHER && flags & (nl::IFF_NOARP | nl::IFF_LOOPBACK) == 0,
        mac: find(&attributes, nl::IFLA_ADDRESS).map(<[u8]>::to_vec).unwrap_or_default(),
        kind: find(&info, nl::IFLA_INFO_KIND).map(text).unwrap_or_default(),
    })
}

/// Decodes `struct ifaddrmsg` and its attributes.
pub fn address(payload: &[u8]) -> Option<InterfaceAddress> {
    let &[_, prefix, flags, scope, ..] = payload else { return None };
    let attributes = attributes(payload.get(8..)?);
    // On a point-to-point interface `IFA_ADDRESS` is the address of the peer.
    let value = find(&attributes, nl::IFA_LOCAL).or_else(|| find(&attributes, nl::IFA_ADDRESS))?;
    Some(InterfaceAddress {
        index: number(payload.get(4..8)?)?,
        address: address_of(value)?,
        prefix,
        global: scope < nl::RT_SCOPE_LINK,
        duplicate: flags & nl::IFA_F_DADFAILED != 0,
        permanent: flags & nl::IFA_F_PERMANENT != 0,
        protocol: find(&attributes, nl::IFA_PROTO).and_then(|value| value.first().copied()),
    })
}

/// Decodes `struct rtmsg` and its attributes.
pub fn route(payload: &[u8]) -> Option<Route> {
    let attributes = attributes(payload.get(12..)?);
    let metrics = find(&attributes, nl::RTA_METRICS).map(self::attributes).unwrap_or_default();
    Some(Route {
        gateway: find(&attributes, nl::RTA_GATEWAY).and_then(address_of),
        device: find(&attributes, nl::RTA_OIF).and_then(number),
        metric: find(&attributes, nl::RTA_PRIORITY).and_then(number).unwrap_or(0),
        advmss: find(&metrics, nl::RTAX_ADVMSS).and_then(number),
        local: payload[7] == nl::RTN_LOCAL,
        image: RouteImage(hexadecimal(payload)),
    })
}

/// Decodes a default route of the main table; `None` for any other route. The kernel filters a dump
/// by table only for sockets with strict checking.
pub fn default_route(payload: &[u8], of: Family) -> Option<Route> {
    let &[number, bits, _, _, table, _, _, kind, ..] = payload else { return None };
    let wanted = match of {
        Family::V4 => family::INET,
        Family::V6 => family::INET6,
    };
    let fits = u16::from(number) == wanted && bits == 0 && table == nl::RT_TABLE_MAIN;
    if fits && kind == nl::RTN_UNICAST { route(payload) } else { None }
}

/// Decodes `struct ndmsg`: the index of an interface that is a proxy for `of`, else `None`.
pub fn proxy(payload: &[u8], of: IpAddr) -> Option<u32> {
    let attributes = attributes(payload.get(12..)?);
    let proxy = payload[10] & nl::NTF_PROXY != 0;
    let fits = find(&attributes, nl::NDA_DST).and_then(address_of) == Some(of);
    if proxy && fits { number(payload.get(4..8)?) } else { None }
}

/// Lower-case hexadecimal, two digits for each byte.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
