//! Raw frames: asks which host answers for an address, and announces that this host has it.

mod arp;
mod mac;
mod nd;

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

pub use mac::hardware;
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket, sockopt,
};
use nix::sys::time::TimeVal;

use crate::error::Error;

/// Time to wait for answers.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often an announcement is sent, since one frame can be lost.
const TIMES: u32 = 3;

/// Most frames to discard after binding; more than a socket buffer holds.
const BACKLOG: u32 = 10_000;

/// A packet socket for whole frames of one interface.
struct Wire(OwnedFd);

impl Wire {
    fn open(device: &str) -> Result<Self, Error> {
        let failed = |errno: Errno| Error::System {
            action: format!("open {device} for raw frames"),
            source: errno.into(),
        };
        let fd = socket(
            AddressFamily::Packet,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::EthAll,
        )
        .map_err(failed)?;
        // The link address selects the interface. Its protocol is 0, so bind keeps the socket's
        // protocol.
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
        // Before it was bound, the socket received frames of every interface. The limit is for busy
        // networks, where frames never stop.
        let mut space = [0; 64];
        let mut heard = || recv(fd.as_raw_fd(), &mut space, MsgFlags::MSG_DONTWAIT).is_ok();
        let _ = (0..BACKLOG).take_while(|_| heard()).count();
        Ok(Self(fd))
    }

    fn send(&self, frame: &[u8]) -> Result<(), Error> {
        let sent = send(self.0.as_raw_fd(), frame, MsgFlags::empty());
        sent.map(drop).map_err(|errno| Error::System {
            action: "send a frame".to_owned(),
            source: errno.into(),
        })
    }

    /// Receives the next frame; `None` after the receive timeout.
    fn receive(&self, space: &mut [u8]) -> Option<usize> {
        recv(self.0.as_raw_fd(), space, MsgFlags::empty()).ok()
    }
}

/// Hardware addresses of the hosts that answer for `addresses` on the network of `device`. The
/// requests have the sender 0.0.0.0 or ::, so no host adds this one to its neighbour table.
pub fn answers(
    device: &str,
    mac: [u8; 6],
    addresses: &[IpAddr],
) -> Result<Vec<(IpAddr, String)>, Error> {
    let mut found = Vec::new();
    if addresses.is_empty() {
        return Ok(found);
    }
    let wire = Wire::open(device)?;
    let mut space = [0; 2048];
    for _ in 0..2 {
        for address in addresses {
            wire.send(&question(mac, *address))?;
        }
        let end = Instant::now() + PATIENCE / 2;
        while Instant::now() < end {
            let Some(length) = wire.receive(&mut space) else { continue };
            for address in addresses {
                let answer = answer(&space[..length], *address).map(|mac| (*address, mac));
                found.extend(answer.filter(|it| !found.contains(it)));
            }
        }
    }
    Ok(found)
}

fn question(mac: [u8; 6], address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => arp::packet(arp::REQUEST, mac, Ipv4Addr::UNSPECIFIED, address),
        IpAddr::V6(address) => nd::solicitation(mac, address),
    }
}

/// The sender's hardware address, if `frame` is an answer for `address`.
fn answer(frame: &[u8], address: IpAddr) -> Option<String> {
    match address {
        IpAddr::V4(address) => arp::answer(frame, address),
        IpAddr::V6(address) => nd::answer(frame, address),
    }
}

/// Announces on the network of `device` that `mac` has `address`: by gratuitous ARP, or by an
/// unsolicited neighbour advertisement.
pub fn announce(device: &str, mac: [u8; 6], address: IpAddr) -> Result<(), Error> {
    let wire = Wire::open(device)?;
    for _ in 0..TIMES {
        match address {
            // Some hosts update their table only from requests, others only from replies.
            IpAddr::V4(address) => {
                wire.send(&arp::packet(arp::REQUEST, mac, address, address))?;
                wire.send(&arp::packet(arp::REPLY, mac, address, address))?;
            }
            IpAddr::V6(address) => wire.send(&nd::advertisement(mac, address))?,
        }
    }
    Ok(())
}
