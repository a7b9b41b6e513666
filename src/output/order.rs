//! Sort order of listings, which equals the old tool's.
//!
//! The old tool compares two numbers by the sign of their 32-bit difference. This is an order only
//! if all numbers lie within half the circle of 2^32: numbers are then sorted by their distance
//! from the first one. Scripts depend on this order. If the numbers spread further, the comparison
//! is not transitive, and this module sorts by plain value.

use std::net::IpAddr;

use crate::model::{DestinationKey, ServiceKey};

/// Sorts entries by their service keys: mark, family, protocol, address, port.
pub fn by_service<T>(entries: Vec<T>, key: impl Fn(&T) -> ServiceKey) -> Vec<T> {
    ordered(entries, |entry| service_words(&key(entry)))
}

/// Sorts real servers by address and port.
pub fn destinations<T>(entries: Vec<T>, key: impl Fn(&T) -> DestinationKey) -> Vec<T> {
    ordered(entries, |entry| {
        let DestinationKey { address, port } = key(entry);
        let [a, b, c, d] = address_words(address);
        [a, b, c, d, u32::from(port), 0, 0, 0]
    })
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

/// Sorts entries in place once their positions are known, since a table may be large.
fn ordered<T>(mut entries: Vec<T>, key: impl Fn(&T) -> [u32; WORDS]) -> Vec<T> {
    let keys = entries.iter().map(key);
    let mut keyed: Vec<Keyed> = (0..).zip(keys).map(|(from, key)| (key, from)).collect();
    keyed.sort_unstable();
    circular(&mut keyed, 0);
    for place in 0..entries.len() {
        // An earlier swap may have moved the wanted entry, so follow the chain of swaps.
        let mut from = keyed[place].1 as usize;
        while from < place {
            from = keyed[from].1 as usize;
        }
        keyed[place].1 = u32::try_from(from).unwrap_or(u32::MAX);
        entries.swap(place, from);
    }
    entries
}

/// Key of an entry, and its index before sorting.
type Keyed = ([u32; WORDS], u32);

/// Turns plain order into circular order, by word number `word` of the keys and the words after it.
/// All words before it are equal.
fn circular(keyed: &mut [Keyed], word: usize) {
    let [(first, _), .., (last, _)] = keyed else { return };
    let Some(word) = (word..WORDS).find(|word| first[*word] != last[*word]) else { return };
    let gap = keyed.windows(2).position(|pair| pair[1].0[word] - pair[0].0[word] > 1 << 31);
    keyed.rotate_left(gap.map_or(0, |at| at + 1));
    for equal in keyed.chunk_by_mut(|(a, _), (b, _)| a[word] == b[word]) {
        circular(equal, word + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn sorted(addresses: &[[u8; 4]]) -> Vec<[u8; 4]> {
        let entries: Vec<Ipv4Addr> = addresses.iter().copied().map(Ipv4Addr::from).collect();
        let key = |address: &Ipv4Addr| DestinationKey { address: (*address).into(), port: 80 };
        destinations(entries, key).into_iter().map(|address| address.octets()).collect()
    }

    #[test]
    fn half_the_circle_sorts_by_distance() {
        let list = sorted(&[[10, 0, 0, 1], [172, 16, 0, 1], [192, 168, 0, 1]]);
        assert_eq!(list, [[172, 16, 0, 1], [192, 168, 0, 1], [10, 0, 0, 1]]);
    }

    #[test]
    fn sorting_moves_every_entry_to_its_place() {
        // Steps that give permutations with cycles of several lengths.
        for step in [1u8, 3, 7, 11, 29] {
            let mixed: Vec<[u8; 4]> =
                (0..64u8).map(|n| [10, 0, 0, n.wrapping_mul(step) % 64]).collect();
            let mut expected = mixed.clone();
            expected.sort_unstable();
            assert_eq!(sorted(&mixed), expected, "{step}");
        }
    }

    #[test]
    fn ports_sort_after_addresses() {
        let keys = [("10.0.0.2", 1), ("10.0.0.1", 9), ("10.0.0.1", 8)]
            .map(|(address, port)| DestinationKey { address: address.parse().unwrap(), port });
        let ports = destinations(keys.to_vec(), |key| *key).into_iter().map(|key| key.port);
        assert_eq!(ports.collect::<Vec<_>>(), [8, 9, 1]);
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
