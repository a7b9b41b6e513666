//! Parses values: numbers, addresses, masks, names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use crate::model::{Family, Granularity, Protocol};

/// Functions that look up names. This room does no I/O, so its callers provide them.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// Returns the first address of a host in this family.
    pub address_of: fn(&str, Family) -> Option<IpAddr>,
    /// Returns the port of a service for this protocol.
    pub port_of: fn(&str, Protocol) -> Option<u16>,
}

impl Default for Names {
    /// Functions that find no name.
    fn default() -> Self {
        Self { address_of: |_, _| None, port_of: |_, _| None }
    }
}

/// The characters that `isspace` accepts in the C locale.
const BLANKS: [char; 6] = [' ', '\t', '\n', '\x0b', '\x0c', '\r'];

/// Parses a decimal number as `strtol` does: leading blanks and `+` are accepted, trailing
/// characters are not.
pub(crate) fn number(word: &str, range: RangeInclusive<u32>) -> Option<u32> {
    let word = word.trim_start_matches(BLANKS);
    // A minus is accepted only before zero.
    let digits = match word.strip_prefix('-') {
        Some(zeros) if zeros.bytes().all(|byte| byte == b'0') => zeros,
        _ => word.strip_prefix('+').unwrap_or(word),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|number| range.contains(number))
}

/// An address and an optional port. The error is an explanation, or `None` if the kind of value
/// explains enough.
pub(crate) type Endpoint = Result<(IpAddr, Option<u16>), Option<String>>;

/// Parses `ADDRESS[:PORT]`.
pub(crate) fn endpoint(word: &str, protocol: Protocol, names: Names) -> Endpoint {
    if let Some(inside) = word.strip_prefix('[') {
        let Some((host, rest)) = inside.split_once(']') else {
            return Err(Some("the `[' has no `]'".to_owned()));
        };
        let Some(port) = rest.strip_prefix(':') else {
            return Err(Some("an address in brackets needs a port, as in [2001:db8::1]:80".into()));
        };
        let address = bracketed(host, names).ok_or_else(|| Some(no_address(host)))?;
        return Ok((address, Some(port_number(port, protocol, names)?)));
    }
    if let Ok(address) = word.parse::<Ipv6Addr>() {
        return Ok((address.into(), None));
    }
    let (host, port) = match word.split_once(':') {
        Some((host, port)) => (host, Some(port_number(port, protocol, names)?)),
        None if word.bytes().all(|byte| byte.is_ascii_digit()) => return Err(None),
        None => (word, None),
    };
    let address = ipv4(host)
        .map(IpAddr::from)
        .or_else(|| resolve(host, names))
        .ok_or_else(|| Some(no_address(host)))?;
    Ok((address, port))
}

fn bracketed(host: &str, names: Names) -> Option<IpAddr> {
    let literal = host.parse::<Ipv6Addr>().map(IpAddr::from).ok();
    literal.or_else(|| ipv4(host).map(IpAddr::from)).or_else(|| {
        let name = !host.is_empty() && !host.contains([':', '%']);
        if name { (names.address_of)(host, Family::V6) } else { None }
    })
}

fn resolve(host: &str, names: Names) -> Option<IpAddr> {
    if host.is_empty() || host.contains(':') {
        return None;
    }
    (names.address_of)(host, Family::V4).or_else(|| (names.address_of)(host, Family::V6))
}

fn no_address(host: &str) -> String {
    format!("`{host}' is neither an address nor a known host name")
}

fn port_number(word: &str, protocol: Protocol, names: Names) -> Result<u16, Option<String>> {
    let number = number(word, 0..=65535).and_then(|port| u16::try_from(port).ok());
    let looks_like_number = word.bytes().next().is_none_or(|byte| !byte.is_ascii_alphabetic());
    let by_name = || if looks_like_number { None } else { (names.port_of)(word, protocol) };
    number.or_else(by_name).ok_or_else(|| {
        Some(format!("`{word}' is neither a port from 0 to 65535 nor a known service name"))
    })
}

/// Parses an IPv4 address as `inet_aton` does: one to four parts, each decimal, octal (`012`) or
/// hexadecimal (`0xa`). The last part fills the remaining bytes, and text after a blank is ignored.
pub(crate) fn ipv4(word: &str) -> Option<Ipv4Addr> {
    let word = word.split(BLANKS).next()?;
    let parts = word.split('.').map(part).collect::<Option<Vec<u32>>>()?;
    let (last, front) = parts.split_last()?;
    if front.len() > 3 || front.iter().any(|part| *part > 255) {
        return None;
    }
    let last_bits = 32 - 8 * u32::try_from(front.len()).ok()?;
    if last_bits < 32 && *last >= 1 << last_bits {
        return None;
    }
    let front_bits = front.iter().fold(0u64, |bits, part| bits << 8 | u64::from(*part));
    let bits = (front_bits << last_bits) | u64::from(*last);
    u32::try_from(bits).ok().map(Ipv4Addr::from)
}

fn part(word: &str) -> Option<u32> {
    let (digits, radix) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None if word.len() > 1 && word.starts_with('0') => (&word[1..], 8),
        None => (word, 10),
    };
    // from_str_radix accepts a sign, but inet_aton does not.
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain { u32::from_str_radix(digits, radix).ok() } else { None }
}

/// Parses the value of `-M` for an IPv4 service: four numbers, even noncontiguous, or `/LENGTH`.
/// Fewer numbers are refused, while the old tool turns `24` into 0.0.0.24.
pub(crate) fn netmask(word: &str) -> Option<Granularity> {
    if let Some(length) = word.strip_prefix('/') {
        let length = number(length, 0..=32)?;
        let bits = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        return Some(Granularity::V4(bits.into()));
    }
    word.parse().ok().map(Granularity::V4)
}

/// Parses the value of `-M` for an IPv6 service as `atoi` does, so only the leading digits count.
pub(crate) fn prefix_length(word: &str) -> Option<Granularity> {
    let word = word.trim_start();
    let word = word.strip_prefix('+').unwrap_or(word);
    let end = word.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(word.len());
    number(&word[..end], 1..=128).map(Granularity::V6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_like_strtol() {
        assert_eq!(number("  +7", 0..=9), Some(7));
        assert_eq!(number("-0", 0..=9), Some(0));
        for word in ["", " ", "+", "-1", "0x5", "5 ", "5a", "10", "++5", "99999999999"] {
            assert_eq!(number(word, 0..=9), None, "{word}");
        }
    }

    #[test]
    fn addresses_are_read_like_inet_aton() {
        assert_eq!(ipv4("10.1"), Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(ipv4("0x0a000001"), Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(ipv4("012.0.0.1"), Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(ipv4("167772161"), Some(Ipv4Addr::new(10, 0, 0, 1)));
        for word in [
            "",
            "1.2.3.4.5",
            "256.1",
            "1.2.3.256",
            "08",
            "1..2",
            "1.2.3.",
            "+1.2.3.4",
            "4294967296",
        ] {
            assert_eq!(ipv4(word), None, "{word}");
        }
    }

    #[test]
    fn endpoints() {
        let parse = |word| endpoint(word, Protocol::Tcp, Names::default());
        assert_eq!(parse("1.2.3.4:80").unwrap(), ("1.2.3.4".parse().unwrap(), Some(80)));
        assert_eq!(parse("1.2.3.4").unwrap(), ("1.2.3.4".parse().unwrap(), None));
        assert_eq!(parse("[::1]:80").unwrap(), ("::1".parse().unwrap(), Some(80)));
        assert_eq!(parse("[10.0.0.1]:80").unwrap(), ("10.0.0.1".parse().unwrap(), Some(80)));
        assert_eq!(parse("::1:80").unwrap(), ("::1:80".parse().unwrap(), None));
        for word in
            ["[::1]", "[::1", "[::1]80", "80", "", "1.2.3.4:", "1.2.3.4:65536", "[fe80::1%lo]:80"]
        {
            assert!(parse(word).is_err(), "{word}");
        }
    }

    #[test]
    fn masks_have_four_numbers() {
        assert_eq!(
            netmask("255.255.255.0"),
            Some(Granularity::V4(Ipv4Addr::new(255, 255, 255, 0)))
        );
        assert_eq!(netmask("/24"), netmask("255.255.255.0"));
        assert_eq!(netmask("/0"), netmask("0.0.0.0"));
        assert_eq!(netmask("0.0.0.24"), Some(Granularity::V4(Ipv4Addr::new(0, 0, 0, 24))));
        for word in ["24", "255.255", "0xffffff00", "255.255.255.000", "/33", "localhost", ""] {
            assert_eq!(netmask(word), None, "{word}");
        }
    }

    #[test]
    fn prefix_lengths_end_at_the_first_letter() {
        assert_eq!(prefix_length("64abc"), Some(Granularity::V6(64)));
        for word in ["0", "129", "", "x", "-1"] {
            assert_eq!(prefix_length(word), None, "{word}");
        }
    }
}
