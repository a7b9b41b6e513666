//! The order of listings.
//!
//! The old tool compares numbers by the sign of their 32-bit difference. That is an order only where
//! all numbers compared lie within less than half the circle of 2^32, and scripts depend on it
//! there: it is the order of distance from the start of that half. Elsewhere it is none, and plain
//! order is used.

use std::net::IpAddr;

use crate::model::{DestinationEntry, ServiceEntry, ServiceKey};

/// Sorts services by mark, family, protocol, address, port.
pub fn services(entries: &mut [ServiceEntry]) {
    circular(entries, &|entry: &ServiceEntry| service_words(&entry.service.key), 0);
}

/// Sorts destinations by address and port.
pub fn destinations(entries: &mut [DestinationEntry]) {
    circular(
        entries,
        &|entry: &DestinationEntry| {
            let key = entry.destination.key;
            let [a, b, c, d] = address_words(key.address);
            [a, b, c, d, u32::from(key.port), 0, 0, 0]
        },
        0,
    );
}

const WORDS: usize = 8;

fn service_words(key: &ServiceKey) -> [u32; WORDS] {
    let family = key.family() as u32;
    match key {
        ServiceKey::Fwmark { mark, .. } => [mark.get(), family, 0, 0, 0, 0, 0, 0],
        ServiceKey::Address { protocol, address, port } => {
            let [a, b, c, d] = address_words(*address);
            [0, family, u32::from(protocol.number()), a, b, c, d, u32::from(*port)]
        }
    }
}

fn address_words(address: IpAddr) -> [u32; 4] {
    match address {
        IpAddr::V4(address) => [address.to_bits(), 0, 0, 0],
        IpAddr::V6(address) => {
            let segments = address.segments().map(u32::from);
            [0, 2, 4, 6].map(|at| segments[at] << 16 | segments[at + 1])
        }
    }
}

/// Sorts by word number `word` of the key and the words behind it; the words before it are equal.
fn circular<T>(entries: &mut [T], key: &impl Fn(&T) -> [u32; WORDS], word: usize) {
    if entries.len() < 2 || word == WORDS {
        return;
    }
    entries.sort_by_cached_key(|entry| key(entry)[word]);
    let values: Vec<u32> = entries.iter().map(|entry| key(entry)[word]).collect();
    entries.rotate_left(start(&values));
    let mut rest = entries;
    while let Some(first) = rest.first() {
        let value = key(first)[word];
        let end = rest.iter().position(|entry| key(entry)[word] != value).unwrap_or(rest.len());
        let (equal, others) = rest.split_at_mut(end);
        circular(equal, key, word + 1);
        rest = others;
    }
}

/// Where the half circle starts that holds all of the ascending `values`; 0 where none does.
fn start(values: &[u32]) -> usize {
    let gap = values.windows(2).position(|pair| pair[1] - pair[0] > 1 << 31);
    gap.map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn sorted(addresses: &[[u8; 4]]) -> Vec<[u8; 4]> {
        let mut entries: Vec<u32> =
            addresses.iter().map(|octets| Ipv4Addr::from(*octets).to_bits()).collect();
        circular(&mut entries, &|bits| [*bits, 0, 0, 0, 0, 0, 0, 0], 0);
        entries.into_iter().map(|bits| Ipv4Addr::from(bits).octets()).collect()
    }

    #[test]
    fn within_half_the_circle_distance_decides() {
        let list = sorted(&[[10, 0, 0, 1], [172, 16, 0, 1], [192, 168, 0, 1]]);
        assert_eq!(list, [[172, 16, 0, 1], [192, 168, 0, 1], [10, 0, 0, 1]]);
    }

    #[test]
    fn beyond_half_the_circle_plain_order() {
        let list = sorted(&[[192, 168, 0, 1], [100, 0, 0, 1], [10, 0, 0, 1], [224, 0, 0, 1]]);
        assert_eq!(list, [[10, 0, 0, 1], [100, 0, 0, 1], [192, 168, 0, 1], [224, 0, 0, 1]]);
    }

    #[test]
    fn exactly_half_the_circle_is_no_order() {
        assert_eq!(sorted(&[[128, 0, 0, 1], [0, 0, 0, 1]]), [[0, 0, 0, 1], [128, 0, 0, 1]]);
    }
}
