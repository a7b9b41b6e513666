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
            Some((address, length)) => (address, Some(length.parse().map_err(|_| BadPrefix)?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim_matches(['[', ']']).parse().map_err(|_| BadPrefix)?;
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
