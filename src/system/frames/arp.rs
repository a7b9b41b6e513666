//! ARP packets (RFC 826) as whole frames.

use std::net::Ipv4Addr;

use super::mac::hardware;

pub const REQUEST: u8 = 1;
pub const REPLY: u8 = 2;
const BROADCAST: [u8; 6] = [0xff; 6];

/// The sender's hardware address, if `frame` is an ARP reply for `address`.
pub fn answer(frame: &[u8], address: Ipv4Addr) -> Option<String> {
    let arp = frame.get(..42)?;
    let reply = arp[12..14] == [0x08, 0x06] && arp[20..22] == [0, REPLY];
    (reply && arp[28..32] == address.octets()).then(|| hardware(&arp[22..28]))
}

/// Builds an ARP frame to the broadcast address.
pub fn packet(operation: u8, mac: [u8; 6], sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let target_mac = if operation == REPLY { mac } else { [0; 6] };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_distinguished_from_requests() {
        let vip = Ipv4Addr::new(192, 0, 2, 80);
        let mac = [2, 0, 0, 0, 0, 7];
        assert_eq!(answer(&packet(REPLY, mac, vip, vip), vip).unwrap(), "02:00:00:00:00:07");
        assert_eq!(answer(&packet(REQUEST, mac, vip, vip), vip), None);
    }
}
