//! Requests to rtnetlink.

use std::net::IpAddr;

use netlink_packet_core::{DefaultNla, Emitable, NetlinkSerializable, NlasIterator};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeader, AddressMessage, AddressScope, CacheInfo,
};
use netlink_packet_route::link::{
    GreIOFlags, InfoData, InfoGre, InfoGre6, InfoIpTunnel, InfoKind, LinkAttribute, LinkFlags,
    LinkInfo, LinkMessage,
};
use netlink_packet_route::neighbour::{NeighbourFlags, NeighbourMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};

use super::entry::hexadecimal;
use crate::error::Error;
use crate::model::{Family, NewLink, ROUTE_HEADER, RouteImage};
use crate::netlink::uapi::rtnetlink as nl;

fn family(family: Family) -> AddressFamily {
    match family {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    }
}

pub fn all_links() -> Raw {
    Raw::of(nl::RTM_GETLINK, &LinkMessage::default())
}

pub fn all_addresses() -> Raw {
    Raw::of(nl::RTM_GETADDR, &AddressMessage::default())
}

pub fn all_routes(of: Family) -> Raw {
    let mut message = RouteMessage::default();
    message.header.address_family = family(of);
    Raw::of(nl::RTM_GETROUTE, &message)
}

pub fn all_proxies(of: Family) -> Raw {
    let mut message = NeighbourMessage::default();
    message.header.family = family(of);
    message.header.flags = NeighbourFlags::Proxy;
    Raw::of(nl::RTM_GETNEIGH, &message)
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn route_address(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }
}

pub fn route_to(address: IpAddr) -> Raw {
    let mut message = RouteMessage::default();
    message.header.address_family = family(Family::of(&address));
    message.header.destination_prefix_length = bits(address);
    message.attributes = vec![RouteAttribute::Destination(route_address(address))];
    Raw::of(nl::RTM_GETROUTE, &message)
}

fn whole_address(index: u32, address: IpAddr) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header = AddressHeader {
        family: family(Family::of(&address)),
        prefix_len: bits(address),
        scope: AddressScope::Universe,
        index,
        ..AddressHeader::default()
    };
    message.attributes = vec![AddressAttribute::Local(address), AddressAttribute::Address(address)];
    message
}

pub fn add_address(index: u32, address: IpAddr) -> Raw {
    let mut message = whole_address(index, address);
    if address.is_ipv6() {
        let mut lifetime = CacheInfo::default();
        lifetime.ifa_preferred = 0;
        lifetime.ifa_valid = u32::MAX;
        message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
        message.attributes.push(AddressAttribute::CacheInfo(lifetime));
    }
    Raw::of(nl::RTM_NEWADDR, &message)
}

pub fn delete_address(index: u32, address: IpAddr) -> Raw {
    Raw::of(nl::RTM_DELADDR, &whole_address(index, address))
}

/// Defaults of `ip link add`. Without these attributes the kernel would use 0.
const HOP_LIMIT: u8 = 64;
const ENCAPSULATION_LIMIT: u8 = 4;

pub fn add_link(name: &str, link: &NewLink) -> Raw {
    let (kind, data) = match *link {
        NewLink::Dummy => (InfoKind::Dummy, None),
        NewLink::Ipip { local } => (InfoKind::IpIp, Some(tunnel4(local.into()))),
        NewLink::Sit { local } => (InfoKind::SitTun, Some(tunnel4(local.into()))),
        NewLink::Ip6tnl { local } => {
            // Protocol 0 is `mode any`: packets of both families.
            let protocol = InfoIpTunnel::Other(DefaultNla::new(nl::IFLA_IPTUN_PROTO, vec![0]));
            let data = vec![
                InfoIpTunnel::Local(local.into()),
                InfoIpTunnel::Ttl(HOP_LIMIT),
                InfoIpTunnel::EncapLimit(ENCAPSULATION_LIMIT),
                protocol,
            ];
            (InfoKind::Ip6Tnl, Some(InfoData::IpTunnel(data)))
        }
        NewLink::Gre { local, checksum } => {
            let data = vec![InfoGre::Local(local), InfoGre::PathMTUDiscovery(true)];
            let flags = checksum.then_some(InfoGre::IFlags(GreIOFlags::Checksum));
            (InfoKind::GreTun, Some(InfoData::GreTun(data.into_iter().chain(flags).collect())))
        }
        NewLink::Ip6gre { local, checksum } => {
            let data = vec![
                InfoGre6::Local(local),
                InfoGre6::Ttl(HOP_LIMIT),
                InfoGre6::EncapLimit(ENCAPSULATION_LIMIT),
            ];
            let flags = checksum.then_some(InfoGre6::IFlags(GreIOFlags::Checksum));
            (InfoKind::GreTun6, Some(InfoData::GreTun6(data.into_iter().chain(flags).collect())))
        }
    };
    let mut info = vec![LinkInfo::Kind(kind)];
    info.extend(data.map(LinkInfo::Data));
    let mut message = LinkMessage::default();
    message.attributes =
        vec![LinkAttribute::IfName(name.to_owned()), LinkAttribute::LinkInfo(info)];
    Raw::of(nl::RTM_NEWLINK, &message)
}

fn tunnel4(local: IpAddr) -> InfoData {
    // 0 copies the time to live of the inner packet.
    let time = InfoIpTunnel::Ttl(0);
    InfoData::IpTunnel(vec![InfoIpTunnel::Local(local), time, InfoIpTunnel::PMtuDisc(true)])
}

pub fn delete_link(name: &str) -> Raw {
    let mut message = LinkMessage::default();
    message.attributes = vec![LinkAttribute::IfName(name.to_owned())];
    Raw::of(nl::RTM_DELLINK, &message)
}

pub fn set_up(index: u32) -> Raw {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.change_mask = LinkFlags::Up;
    message.header.flags = LinkFlags::Up;
    Raw::of(nl::RTM_SETLINK, &message)
}

pub fn default_route(gateway: IpAddr, device: u32, metric: u32) -> RouteImage {
    let mut message = RouteMessage::default();
    message.header = RouteHeader {
        address_family: family(Family::of(&gateway)),
        table: nl::RT_TABLE_MAIN,
        protocol: RouteProtocol::Static,
        scope: RouteScope::Universe,
        kind: RouteType::Unicast,
        ..RouteHeader::default()
    };
    message.attributes = vec![
        RouteAttribute::Gateway(route_address(gateway)),
        RouteAttribute::Oif(device),
        RouteAttribute::Priority(metric),
    ];
    RouteImage(hexadecimal(&Raw::of(nl::RTM_NEWROUTE, &message).bytes))
}

/// The rtnetlink message of a route, either read from the kernel or built here.
#[derive(Debug)]
pub struct Image(Vec<u8>);

impl Image {
    pub fn new(image: &RouteImage) -> Result<Self, Error> {
        let bytes = image.bytes().map(Self);
        bytes.ok_or_else(|| Error::Answer(format!("route `{}'", image.0)))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn with_advmss(&self, advmss: u32) -> RouteImage {
        let mut metrics = Vec::new();
        let mut bytes = self.0[..ROUTE_HEADER].to_vec();
        for attribute in NlasIterator::new(&self.0[ROUTE_HEADER..]).flatten() {
            if attribute.kind() == nl::RTA_METRICS {
                let old = NlasIterator::new(attribute.value()).flatten();
                for metric in old.filter(|metric| metric.kind() != nl::RTAX_ADVMSS) {
                    append(&mut metrics, metric.kind(), metric.value());
                }
            } else {
                append(&mut bytes, attribute.kind(), attribute.value());
            }
        }
        append(&mut metrics, nl::RTAX_ADVMSS, &advmss.to_ne_bytes());
        append(&mut bytes, nl::RTA_METRICS, &metrics);
        RouteImage(hexadecimal(&bytes))
    }

    /// Builds the request to add the route. The kernel reports states in the flags (such as
    /// `RTNH_F_LINKDOWN`) that it refuses in a request, so only `onlink` stays.
    pub fn add(mut self) -> Raw {
        let flags = u32::from_ne_bytes([self.0[8], self.0[9], self.0[10], self.0[11]]);
        self.0[8..ROUTE_HEADER].copy_from_slice(&(flags & nl::RTNH_F_ONLINK).to_ne_bytes());
        Raw { kind: nl::RTM_NEWROUTE, bytes: self.0 }
    }

    pub fn delete(self) -> Raw {
        Raw { kind: nl::RTM_DELROUTE, ..self.add() }
    }
}

fn append(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let attribute = DefaultNla::new(kind, value.to_vec());
    let start = bytes.len();
    bytes.resize(start + attribute.buffer_len(), 0);
    attribute.emit(&mut bytes[start..]);
}

/// A complete rtnetlink message: its type and its bytes.
#[derive(Debug)]
pub struct Raw {
    kind: u16,
    bytes: Vec<u8>,
}

impl Raw {
    /// Builds a message from its type and body. The crate's enum of all messages would link the
    /// code of every kind, even traffic control, and slow down the start of each command.
    fn of(kind: u16, message: &impl Emitable) -> Self {
        let mut bytes = vec![0; message.buffer_len()];
        message.emit(&mut bytes);
        Self { kind, bytes }
    }
}

impl NetlinkSerializable for Raw {
    fn message_type(&self) -> u16 {
        self.kind
    }

    fn buffer_len(&self) -> usize {
        self.bytes.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.bytes);
    }
}
