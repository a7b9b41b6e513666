//! Rule lines to values, for the lines that this crate writes.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, SocketAddrV6};
use std::num::NonZeroU32;
use std::str::SplitAsciiWhitespace;

use crate::model::{
    Change, Checksum, Destination, DestinationKey, EngineName, Family, Forwarding, Granularity,
    Persistence, Protocol, SchedulerFlags, SchedulerName, Service, ServiceKey, Tunnel,
};

use super::validate::{fits, readable_destination, readable_service};

/// Reads a line in the canonical form. `None` is no verdict: another spelling, a mistake, a comment,
/// a command that changes nothing; the classic parser knows.
pub fn parse_line(line: &str) -> Option<Change> {
    if !is_plain(line) {
        return None;
    }
    let mut words = line.split_ascii_whitespace();
    match words.next()? {
        "-A" => service(words).map(Change::AddService),
        "-E" => service(words).map(Change::UpdateService),
        "-D" => {
            let key = key(&mut words)?;
            words.next().is_none().then_some(Change::DeleteService(key))
        }
        "-a" => destination(words).map(|(key, server)| Change::AddDestination(key, server)),
        "-e" => destination(words).map(|(key, server)| Change::UpdateDestination(key, server)),
        "-d" => {
            let key = key(&mut words)?;
            let server = real_server(&mut words)?;
            words.next().is_none().then_some(Change::DeleteDestination(key, server))
        }
        "-C" => words.next().is_none().then_some(Change::Flush),
        _ => None,
    }
}

/// Words of ASCII between blanks, and nothing that could be a comment: anything else has rules that are
/// not worth knowing here. Looks at all of the line in any case, many bytes at a time.
fn is_plain(line: &str) -> bool {
    line.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'"' | b'$'..=b'~'))
}

fn key(words: &mut SplitAsciiWhitespace<'_>) -> Option<ServiceKey> {
    let protocol = match words.next()? {
        "-t" => Protocol::Tcp,
        "-u" => Protocol::Udp,
        "--sctp-service" => Protocol::Sctp,
        "-f" => return mark(words),
        _ => return None,
    };
    let (address, port) = endpoint(words.next()?)?;
    Some(ServiceKey::Address { protocol, address, port })
}

fn mark(words: &mut SplitAsciiWhitespace<'_>) -> Option<ServiceKey> {
    let mark = NonZeroU32::new(number(words.next()?)?)?;
    let mut ahead = words.clone();
    let family = if ahead.next() == Some("-6") {
        *words = ahead;
        Family::V6
    } else {
        Family::V4
    };
    Some(ServiceKey::Fwmark { mark, family })
}

fn real_server(words: &mut SplitAsciiWhitespace<'_>) -> Option<DestinationKey> {
    if words.next()? != "-r" {
        return None;
    }
    let (address, port) = endpoint(words.next()?)?;
    Some(DestinationKey { address, port })
}

/// Digits only.
fn number(word: &str) -> Option<u32> {
    if let [digit @ b'0'..=b'9'] = word.as_bytes() {
        return Some(u32::from(digit - b'0'));
    }
    if word.bytes().all(|byte| byte.is_ascii_digit()) { word.parse().ok() } else { None }
}

fn endpoint(word: &str) -> Option<(IpAddr, u16)> {
    if word.starts_with('[') {
        let address: SocketAddrV6 = word.parse().ok()?;
        let plain = address.scope_id() == 0 && !word.contains('%');
        return plain.then_some((IpAddr::V6(*address.ip()), address.port()));
    }
    if let Some((address, port)) = plain_endpoint(word.as_bytes()) {
        return Some((address.into(), port));
    }
    let address: SocketAddrV4 = word.parse().ok()?;
    Some((IpAddr::V4(*address.ip()), address.port()))
}

/// `ADDRESS:PORT` of IPv4 without leading zeros; `None` leaves the word to the standard library, whose
/// parser goes back at every mistake and takes several times as long.
fn plain_endpoint(word: &[u8]) -> Option<(Ipv4Addr, u16)> {
    let (mut address, mut octets) = (0u32, 0);
    let (mut value, mut digits) = (0u32, 0);
    for byte in word {
        match byte {
            b'0'..=b'9' => {
                // A port of 65535 has 5 digits; a zero stands alone.
                if digits == 5 || (digits > 0 && value == 0) {
                    return None;
                }
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' | b':' => {
                let ends = if octets < 3 { b'.' } else { b':' };
                if *byte != ends || octets == 4 || digits == 0 || value > 255 {
                    return None;
                }
                address = address << 8 | value;
                octets += 1;
                (value, digits) = (0, 0);
            }
            _ => return None,
        }
    }
    let port = u16::try_from(value).ok()?;
    (octets == 4 && digits > 0).then_some((Ipv4Addr::from_bits(address), port))
}

fn service(mut words: SplitAsciiWhitespace<'_>) -> Option<Service> {
    let key = key(&mut words)?;
    if words.next()? != "-s" {
        return None;
    }
    let mut service = Service::new(key, SchedulerName::new(words.next()?).ok()?);
    let host = Granularity::host(key.family());
    let mut flags = None;
    let mut next = words.next();
    if next == Some("-p") {
        let timeout = number(words.next()?)?;
        next = words.next();
        let mut granularity = host;
        if next == Some("-M") {
            granularity = self::granularity(words.next()?, key.family())?;
            next = words.next();
        }
        service.persistence = Some(Persistence { timeout, granularity });
    }
    if next == Some("--pe") {
        service.engine = Some(EngineName::new(words.next()?).ok()?);
        next = words.next();
    }
    if next == Some("-o") {
        service.one_packet = true;
        next = words.next();
    }
    if next == Some("-b") {
        flags = words.next();
        flags?;
        next = words.next();
    }
    if let Some(list) = flags {
        service.flags = SchedulerFlags::parse(list, service.scheduler.as_str()).ok()?;
    }
    // The classic parser has the messages.
    (next.is_none() && readable_service(&service).is_ok()).then_some(service)
}

fn granularity(word: &str, family: Family) -> Option<Granularity> {
    match family {
        Family::V4 => word.parse().ok().map(Granularity::V4),
        Family::V6 => number(word).map(Granularity::V6),
    }
}

fn destination(mut words: SplitAsciiWhitespace<'_>) -> Option<(ServiceKey, Destination)> {
    let service = key(&mut words)?;
    let mut destination = Destination::new(real_server(&mut words)?);
    let method = words.next()?;
    if words.next()? != "-w" {
        return None;
    }
    destination.weight = number(words.next()?)?;
    let mut next = words.next();
    if next == Some("-x") {
        destination.upper_threshold = number(words.next()?)?;
        next = words.next();
    }
    if next == Some("-y") {
        destination.lower_threshold = number(words.next()?)?;
        next = words.next();
    }
    destination.forwarding = match (method, next) {
        ("-g", None) => Forwarding::Route,
        ("-m", None) => Forwarding::Masquerade,
        ("-i", None) => Forwarding::Tunnel(Tunnel::Ipip),
        ("-i", Some("--tun-type")) => Forwarding::Tunnel(tunnel(&mut words)?),
        _ => return None,
    };
    let legal =
        fits(&service, &destination) && readable_destination(&service, &destination).is_ok();
    // The classic parser has the messages, and changes the port.
    (words.next().is_none() && legal).then_some((service, destination))
}

fn tunnel(words: &mut SplitAsciiWhitespace<'_>) -> Option<Tunnel> {
    let checksum = |word: Option<&str>| match word? {
        "--tun-nocsum" => Some(Checksum::None),
        "--tun-csum" => Some(Checksum::Full),
        "--tun-remcsum" => Some(Checksum::Remote),
        _ => None,
    };
    match words.next()? {
        "ipip" => Some(Tunnel::Ipip),
        "gre" => {
            let checksum = checksum(words.next()).filter(|mode| *mode != Checksum::Remote)?;
            Some(Tunnel::Gre { checksum })
        }
        "gue" if words.next() == Some("--tun-port") => {
            let port = u16::try_from(number(words.next()?)?).ok().filter(|port| *port != 0)?;
            Some(Tunnel::Gue { port, checksum: checksum(words.next())? })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_to_an_endpoint_agrees_with_the_standard_library(
            word in "([0-9]{1,3}\\.){3,4}[0-9]{0,3}[:.]?[0-9]{0,6}",
            address in any::<[u8; 4]>(),
            port in any::<u16>(),
        ) {
            let parsed = |word: &str| {
                let found: SocketAddrV4 = word.parse().ok()?;
                Some((*found.ip(), found.port()))
            };
            if let Some(short) = plain_endpoint(word.as_bytes()) {
                prop_assert_eq!(Some(short), parsed(&word));
            }
            let plain = SocketAddrV4::new(address.into(), port).to_string();
            prop_assert_eq!(plain_endpoint(plain.as_bytes()), Some((address.into(), port)));
        }
    }
}
