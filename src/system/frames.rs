//! Frames on the wire: who answers for an address, and saying that this host does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket, sockopt,
};
use nix::sys::time::TimeVal;

use crate::error::Error;

/// How long answers are waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// Announcements sent; one can be lost.
const TIMES: u32 = 3;

const ARP_REQUEST: u8 = 1;
const ARP_REPLY: u8 = 2;
const BROADCAST: [u8; 6] = [0xff; 6];

/// A socket for whole frames of one interface.
struct Wire(OwnedFd);

impl Wire {
    fn open(device: &str) -> Result<Self, Error> {
        let failed = |errno: Errno| Error::System {
            action: format!("open {device} for frames"),
            source: errno.into(),
        };
        let fd =
            socket(AddressFamily::Packet, SockType::Raw, SockFlag::empty(), SockProtocol::EthAll)
                .map_err(failed)?;
        // The address of the packet family names the interface; protocol 0 in it keeps the socket's.
        let mut interfaces = getifaddrs().map_err(failed)?;
        let address = interfaces
            .find_map(|it| match it.address {
                Some(address) if it.interface_name == device => address.as_link_addr().copied(),
                _ => None,
            })
            .ok_or_else(|| failed(Errno::ENODEV))?;
        bind(fd.as_raw_fd(), &address).map_err(failed)?;
        let patience = TimeVal::new(0, 50_000);
        setsockopt(&fd, sockopt::ReceiveTimeout, &patience).map_err(failed)?;
        Ok(Self(fd))
    }

    fn send(&self, frame: &[u8]) -> Result<(), Error> {
        let sent = send(self.0.as_raw_fd(), frame, MsgFlags::empty());
        sent.map(drop).map_err(|errno| Error::System {
            action: "send a frame".to_owned(),
            source: errno.into(),
        })
    }

    /// The next frame; `None` where none comes for a while.
    fn receive(&self, space: &mut [u8]) -> Option<usize> {
        recv(self.0.as_raw_fd(), space, MsgFlags::empty()).ok()
    }
}

/// The hardware addresses that answer for `address` on the network of `device`. The question comes
/// from nobody (sender 0.0.0.0), so no host learns anything from it.
pub fn answers(device: &str, mac: [u8; 6], address: Ipv4Addr) -> Result<Vec<String>, Error> {
    let wire = Wire::open(device)?;
    let mut found: Vec<String> = Vec::new();
    let mut space = [0; 2048];
    for _ in 0..2 {
        wire.send(&arp(ARP_REQUEST, mac, Ipv4Addr::UNSPECIFIED, address))?;
        let end = Instant::now() + PATIENCE / 2;
        while Instant::now() < end {
            let Some(length) = wire.receive(&mut space) else { continue };
            if let Some(mac) = answer(&space[..length], address)
                && !found.contains(&mac)
            {
                found.push(mac);
            }
        }
    }
    Ok(found)
}

/// The sender's hardware address of an ARP answer for `address`.
fn answer(frame: &[u8], address: Ipv4Addr) -> Option<String> {
    let arp = frame.get(..42)?;
    let reply = arp[12..14] == [0x08, 0x06] && arp[20..22] == [0, ARP_REPLY];
    (reply && arp[28..32] == address.octets()).then(|| hardware(&arp[22..28]))
}

/// A hardware address as people write it.
pub fn hardware(bytes: &[u8]) -> String {
    let parts: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    parts.join(":")
}

/// Tells the network of `device` that `address` is here: gratuitous ARP, or an unsolicited
/// neighbour advertisement.
pub fn announce(device: &str, mac: [u8; 6], address: IpAddr) -> Result<(), Error> {
    let wire = Wire::open(device)?;
    for _ in 0..TIMES {
        match address {
            // Some hosts learn from requests only, some from answers only.
            IpAddr::V4(address) => {
                wire.send(&arp(ARP_REQUEST, mac, address, address))?;
                wire.send(&arp(ARP_REPLY, mac, address, address))?;
            }
            IpAddr::V6(address) => wire.send(&advertisement(mac, address))?,
        }
    }
    Ok(())
}

fn arp(operation: u8, mac: [u8; 6], sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let target_mac = if operation == ARP_REPLY { mac } else { [0; 6] };
    [
        &BROADCAST[..],
        &mac,
        &[0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation],
        &mac,
        &sender.octets(),
        &target_mac,
        &target.octets(),
    ]
    .concat()
}

/// To all nodes, with the flag that overrides what they know (RFC 4861, 4.4).
fn advertisement(mac: [u8; 6], address: Ipv6Addr) -> Vec<u8> {
    const OVERRIDE: u8 = 0x20;
    let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let option = [&[2, 1][..], &mac].concat();
    let mut body = [&[136, 0, 0, 0, OVERRIDE, 0, 0, 0][..], &address.octets(), &option].concat();
    let length = u8::try_from(body.len()).unwrap_or_default();
    let pseudo =
        [&address.octets()[..], &all_nodes.octets(), &[0, 0, 0, length, 0, 0, 0, 58], &body]
            .concat();
    let sum = checksum(&pseudo);
    body[2..4].copy_from_slice(&sum.to_be_bytes());
    let header = [0x60, 0, 0, 0, 0, length, 58, 255];
    [
        &[0x33, 0x33, 0, 0, 0, 1][..],
        &mac,
        &[0x86, 0xdd],
        &header,
        &address.octets(),
        &all_nodes.octets(),
        &body,
    ]
    .concat()
}

/// The Internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| {
        u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or_default()]))
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_from_a_question() {
        let vip = Ipv4Addr::new(192, 0, 2, 80);
        let mac = [2, 0, 0, 0, 0, 7];
        assert_eq!(answer(&arp(ARP_REPLY, mac, vip, vip), vip).unwrap(), "02:00:00:00:00:07");
        assert_eq!(answer(&arp(ARP_REQUEST, mac, vip, vip), vip), None);
    }

    #[test]
    fn the_checksum_of_a_packet_with_its_checksum_is_zero() {
        let frame = advertisement([2, 0, 0, 0, 0, 7], "2001:db8::80".parse().unwrap());
        let body = &frame[54..];
        let pseudo = [&frame[22..54], &[0, 0, 0, 32, 0, 0, 0, 58], body].concat();
        assert_eq!(checksum(&pseudo), 0);
    }
}
