//! IPv6 neighbour discovery (RFC 4861) as whole frames.

use std::net::Ipv6Addr;

use super::mac::hardware;

const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;

/// Hop limit of a valid message. A lower one shows that a router forwarded it.
const HOP_LIMIT: u8 = 255;

/// Flag of an advertisement: neighbours must replace their entry.
const OVERRIDE: u8 = 0x20;

/// Option "target link-layer address" and its length in units of 8 bytes.
const TARGET_HARDWARE: [u8; 2] = [2, 1];

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Asks who has `address`. The source is `::`, as in duplicate address detection (RFC 4862, 5.4.2),
/// so no host updates its neighbour table, and the owner answers to all nodes.
pub fn solicitation(mac: [u8; 6], address: Ipv6Addr) -> Vec<u8> {
    let [.., a, b, c] = address.octets();
    let group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c];
    let body = [&[SOLICITATION, 0, 0, 0, 0, 0, 0, 0][..], &address.octets()].concat();
    frame(mac, Ipv6Addr::UNSPECIFIED, group.into(), body)
}

/// Announces `address` to all nodes.
pub fn advertisement(mac: [u8; 6], address: Ipv6Addr) -> Vec<u8> {
    let head = [ADVERTISEMENT, 0, 0, 0, OVERRIDE, 0, 0, 0];
    let body = [&head[..], &address.octets(), &TARGET_HARDWARE, &mac].concat();
    frame(mac, address, ALL_NODES, body)
}

/// The target's hardware address, if `frame` is an advertisement of `address`.
pub fn answer(frame: &[u8], address: Ipv6Addr) -> Option<String> {
    let packet = frame.get(..78)?;
    let advertisement = packet[12..14] == [0x86, 0xdd]
        && packet[20..22] == [58, HOP_LIMIT]
        && packet[54..56] == [ADVERTISEMENT, 0];
    (advertisement && packet[62..78] == address.octets()).then(|| hardware(&packet[6..12]))
}

/// Builds a frame to an IPv6 multicast address; the last 4 bytes of `to` give the destination's
/// hardware address.
fn frame(mac: [u8; 6], from: Ipv6Addr, to: Ipv6Addr, mut body: Vec<u8>) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap_or_default();
    let addresses = [from.octets(), to.octets()].concat();
    let sum = checksum(&[&addresses, &[0, 0, 0, length, 0, 0, 0, 58][..], &body].concat());
    body[2..4].copy_from_slice(&sum.to_be_bytes());
    let header = [0x60, 0, 0, 0, 0, length, 58, HOP_LIMIT];
    let [.., a, b, c, d] = to.octets();
    [&[0x33, 0x33, a, b, c, d][..], &mac, &[0x86, 0xdd], &header, &addresses, &body].concat()
}

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

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 7];

    fn vip() -> Ipv6Addr {
        "2001:db8::12:3480".parse().unwrap()
    }

    #[test]
    fn the_checksum_of_a_packet_with_its_checksum_is_zero() {
        for frame in [advertisement(MAC, vip()), solicitation(MAC, vip())] {
            let pseudo = [&frame[22..54], &[0, 0, 0, frame[19], 0, 0, 0, 58], &frame[54..]];
            assert_eq!(checksum(&pseudo.concat()), 0);
        }
    }

    #[test]
    fn replies_are_distinguished_from_requests() {
        let answers = advertisement(MAC, vip());
        assert_eq!(answer(&answers, vip()).unwrap(), "02:00:00:00:00:07");
        assert_eq!(answer(&answers, Ipv6Addr::LOCALHOST), None);
        assert_eq!(answer(&solicitation(MAC, vip()), vip()), None);
        let mut routed = answers;
        routed[21] = 64;
        assert_eq!(answer(&routed, vip()), None);
    }

    #[test]
    fn a_solicitation_goes_to_the_group_of_the_address() {
        let frame = solicitation(MAC, vip());
        assert_eq!(frame[..6], [0x33, 0x33, 0xff, 0x12, 0x34, 0x80]);
        assert_eq!(frame[38..54], "ff02::1:ff12:3480".parse::<Ipv6Addr>().unwrap().octets());
    }
}
