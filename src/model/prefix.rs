//! A range of addresses that share their first bits.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A network, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    address: IpAddr,
    /// Number of leading bits that count: at most 32, or 128 for IPv6.
    length: u8,
}

/// The text is neither `ADDRESS` nor `ADDRESS/LENGTH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected ADDRESS or ADDRESS/LENGTH")]
pub struct BadPrefix;

impl Prefix {
    /// Whether the address belongs to the network. An address of the other family never does.
    pub fn contains(&self, address: IpAddr) -> bool {
        let equal_bits = match (address, self.address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return false,
        };
        equal_bits >= u32::from(self.length)
    }
}

impl FromStr for Prefix {
    type Err = BadPrefix;

    /// Reads `192.0.2.0/24`, `192.0.2.1`, `2001:db8::/32` or `[2001:db8::1]`.
    fn from_str(text: &str) -> Result<Self, BadPrefix> {
        let (address, length) = match text.split_once('/') {
            Some((_, length)) if !length.bytes().all(|it| it.is_ascii_digit()) => {
                return Err(BadPrefix);
            }
            Some((address, length)) => (address, Some(length.parse().map_err(|_| BadPrefix)?)),
            None => (text, None),
        };
        let bracketed = address.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let address: IpAddr = match bracketed {
            Some(address) => address.parse().map(IpAddr::V6),
            None => address.parse(),
        }
        .map_err(|_| BadPrefix)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(bits);
        if length > bits {
            return Err(BadPrefix);
        }
        Ok(Self { address, length })
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

#[cfg(test)]
#[test]
fn a_prefix_has_one_pair_of_brackets_and_a_plain_length() {
    for good in ["192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "[2001:db8::1]", "[2001:db8::]/32"] {
        assert!(good.parse::<Prefix>().is_ok(), "{good}");
    }
    for bad in
        ["]192.0.2.1[", "[192.0.2.1", "[192.0.2.1]", "[[::1", "[::1", "[[::1]]", "::/+24", "::/"]
    {
        assert_eq!(bad.parse::<Prefix>().map(|_| ()), Err(BadPrefix), "{bad}");
    }
}
