//! Asks a network who has an address, and collects all replies.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, sendto, socket,
};

use crate::capture::{Capture, Mac, claims};
use crate::exchange::PATIENCE;
use crate::host::Host;
use crate::world::{V6, World, router_front};

const INTERFACE: u8 = 1;

/// Asks who has an address on the front network. Exactly these MACs must answer, as seen by the
/// router.
#[track_caller]
pub fn answer(world: &World, address: IpAddr, expected: &BTreeSet<Mac>, when: &str) {
    let capture = Capture::start(&world.router);
    let mut answered = BTreeSet::new();
    let begun = Instant::now();
    // An answer may be late on a busy machine, so only one that must not come ends this early.
    for round in 0.. {
        ask(&world.router, address);
        thread::sleep(Duration::from_millis(60));
        let mut frames = capture.frames();
        frames.retain(|frame| !frame.outgoing);
        answered.extend(claims(&frames, address));
        assert!(answered.is_subset(expected), "{when}: {answered:x?}");
        if round >= 2 && answered == *expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{when}: only {answered:x?}");
    }
}

/// Asks repeatedly while `work` runs and a little longer. Returns the MACs that answered.
pub fn who_has_during(world: &World, address: IpAddr, work: impl FnOnce()) -> BTreeSet<Mac> {
    let capture = Capture::start(&world.router);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                ask(&world.router, address);
                thread::sleep(Duration::from_millis(5));
            }
        });
        let _over = Over(&over);
        work();
        thread::sleep(Duration::from_millis(50));
    });
    let mut frames = capture.frames();
    frames.retain(|frame| !frame.outgoing);
    claims(&frames, address)
}

/// Stops asking when dropped, even if `work` panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn ask(router: &Host, address: IpAddr) {
    let mac = router.mac(INTERFACE);
    let frame = match address {
        IpAddr::V4(address) => arp_request(mac, address),
        IpAddr::V6(address) => solicitation(mac, address),
    };
    router.run(|| {
        let kind = SockType::Raw;
        // With protocol 0, the socket only sends.
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Packet, kind, flags, None::<SockProtocol>);
        let to = interface().expect("the router's interface");
        let sent = sendto(socket.expect("a socket").as_raw_fd(), &frame, &to, MsgFlags::empty());
        sent.expect("a frame sent");
    });
}

fn interface() -> Option<LinkAddr> {
    let name = format!("eth{INTERFACE}");
    let mut all = getifaddrs().ok()?;
    all.find_map(|entry| {
        let address = entry.address.filter(|_| entry.interface_name == name)?;
        address.as_link_addr().copied()
    })
}

/// An ARP request without a sender address: hosts answer it, but do not update their tables.
fn arp_request(mac: Mac, address: Ipv4Addr) -> Vec<u8> {
    let mut frame = [[0xff; 6], mac].concat();
    frame.extend([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1]);
    frame.extend(mac);
    frame.extend([0; 4 + 6]);
    frame.extend(address.octets());
    frame
}

fn solicitation(mac: Mac, address: Ipv6Addr) -> Vec<u8> {
    let IpAddr::V6(source) = router_front(V6) else { unreachable!("an IPv6 address") };
    let last = address.octets();
    let group: [u8; 16] =
        [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, last[13], last[14], last[15]];
    let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
    message.extend(address.octets());
    message.extend([1, 1]);
    message.extend(mac);

    let pseudo = [&source.octets()[..], &group, &[0, 0, 0, 32, 0, 0, 0, 58], &message].concat();
    let sum: u32 = pseudo.chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(two[1])).sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    let checksum = !u16::try_from((sum & 0xffff) + (sum >> 16)).expect("folded");
    message[2..4].copy_from_slice(&checksum.to_be_bytes());

    let mut frame = vec![0x33, 0x33, 0xff, last[13], last[14], last[15]];
    frame.extend(mac);
    frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255]);
    frame.extend(source.octets());
    frame.extend(group);
    frame.extend(message);
    frame
}
