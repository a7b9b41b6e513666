//! Captures the frames of a host's Ethernet interfaces and decodes them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, LinkAddr, SockFlag, SockProtocol, SockType, recvfrom, setsockopt, socket,
    sockopt,
};

use crate::host::Host;

pub type Mac = [u8; 6];

pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
const IPIP: u8 = 4;
const IPV6: u8 = 41;
const GRE: u8 = 47;
pub const ICMP6: u8 = 58;

pub const GUE_PORT: u16 = 6080;
const ETHERNET: u16 = 1;
const PACKET_OTHERHOST: u8 = 3;
const PACKET_OUTGOING: u8 = 4;

/// A running capture on all Ethernet interfaces of a host.
pub struct Capture(OwnedFd);

#[derive(Clone, Debug)]
pub struct Frame {
    pub outgoing: bool,
    pub target: Mac,
    pub source: Mac,
    pub kind: u16,
    pub data: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Packet {
    pub source: IpAddr,
    pub target: IpAddr,
    pub protocol: u8,
    pub payload: Vec<u8>,
}

impl Capture {
    pub fn start(host: &Host) -> Self {
        let socket = host.run(|| {
            let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
            socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll)
        });
        let socket = socket.expect("a packet socket");
        setsockopt(&socket, sockopt::RcvBufForce, &(16 << 20)).expect("a large buffer");
        Self(socket)
    }

    /// All frames so far that the host sent or that were addressed to it.
    pub fn frames(&self) -> Vec<Frame> {
        sleep(Duration::from_millis(30));
        let mut frames = Vec::new();
        let mut buffer = vec![0; 1 << 17];
        while let Ok((length, from)) = recvfrom::<LinkAddr>(self.0.as_raw_fd(), &mut buffer) {
            let from = from.expect("packet sockets say where from");
            if from.hatype() == ETHERNET && from.pkttype() != PACKET_OTHERHOST && length >= 14 {
                frames.push(Frame {
                    outgoing: from.pkttype() == PACKET_OUTGOING,
                    target: buffer[..6].try_into().expect("6 bytes"),
                    source: buffer[6..12].try_into().expect("6 bytes"),
                    kind: u16::from_be_bytes([buffer[12], buffer[13]]),
                    data: buffer[14..length].to_vec(),
                });
            }
        }
        frames
    }
}

impl Frame {
    pub fn packet(&self) -> Option<Packet> {
        match self.kind {
            0x0800 => Packet::v4(&self.data),
            0x86dd => Packet::v6(&self.data),
            _ => None,
        }
    }

    /// Fields of an ARP frame: operation, sender's MAC and address, target address.
    pub fn arp(&self) -> Option<(u8, Mac, Ipv4Addr, Ipv4Addr)> {
        if self.kind != 0x0806 || self.data.len() < 28 {
            return None;
        }
        let four = |at: usize| {
            Ipv4Addr::new(self.data[at], self.data[at + 1], self.data[at + 2], self.data[at + 3])
        };
        Some((self.data[7], self.data[8..14].try_into().ok()?, four(14), four(24)))
    }
}

impl Packet {
    fn v4(bytes: &[u8]) -> Option<Self> {
        let header = usize::from(bytes.first()? & 15) * 4;
        let four = |at: usize| -> Option<IpAddr> {
            let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(four.into())
        };
        let payload = bytes.get(header..)?.to_vec();
        Some(Self { source: four(12)?, target: four(16)?, protocol: bytes[9], payload })
    }

    fn v6(bytes: &[u8]) -> Option<Self> {
        let sixteen = |at: usize| -> Option<IpAddr> {
            let sixteen: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
            Some(Ipv6Addr::from(sixteen).into())
        };
        let payload = bytes.get(40..)?.to_vec();
        Some(Self { source: sixteen(8)?, target: sixteen(24)?, protocol: bytes[6], payload })
    }

    fn number(&self, at: usize) -> u16 {
        let bytes = self.payload.get(at..at + 2).unwrap_or_default();
        bytes.iter().fold(0, |number, byte| number << 8 | u16::from(*byte))
    }

    pub fn source_port(&self) -> u16 {
        self.number(0)
    }

    pub fn target_port(&self) -> u16 {
        self.number(2)
    }

    /// The packet inside a tunnelled packet, and its encapsulation.
    pub fn inner(&self) -> Option<(Self, Wrapping)> {
        let ip = |kind: u8, bytes: &[u8]| match kind {
            IPIP => Self::v4(bytes),
            IPV6 => Self::v6(bytes),
            _ => None,
        };
        match self.protocol {
            IPIP | IPV6 => Some((ip(self.protocol, &self.payload)?, Wrapping::Ip)),
            GRE => {
                let checksum = self.number(0) & 0x8000 != 0;
                let kind = if self.number(2) == 0x86dd { IPV6 } else { IPIP };
                let start = if checksum { 8 } else { 4 };
                Some((ip(kind, self.payload.get(start..)?)?, Wrapping::Gre { checksum }))
            }
            UDP if self.target_port() == GUE_PORT => {
                let start = 12 + usize::from(self.payload.get(8)? & 31) * 4;
                let inner = ip(*self.payload.get(9)?, self.payload.get(start..)?)?;
                Some((inner, Wrapping::Gue { checksum: self.number(6) != 0, private: start > 12 }))
            }
            _ => None,
        }
    }
}

/// Encapsulation of a tunnelled packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrapping {
    Ip,
    Gre {
        checksum: bool,
    },
    /// `checksum`: the outer packet has one. `private`: remote checksum offload.
    Gue {
        checksum: bool,
        private: bool,
    },
}

/// MACs that claimed `address` in ARP or neighbour discovery.
pub fn claims(frames: &[Frame], address: IpAddr) -> BTreeSet<Mac> {
    let claim = |frame: &Frame| match address {
        IpAddr::V4(address) => {
            let (_, mac, sender, _) = frame.arp()?;
            (sender == address).then_some(mac)
        }
        IpAddr::V6(address) => {
            let packet = frame.packet()?;
            let advertised = packet.protocol == ICMP6
                && packet.payload.first() == Some(&136)
                && packet.payload.get(8..24) == Some(&address.octets()[..]);
            advertised.then_some(frame.source)
        }
    };
    frames.iter().filter_map(claim).collect()
}
