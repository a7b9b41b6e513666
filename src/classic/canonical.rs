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
    Parser::default().line(line)
}

/// [`parse_line`] for line after line. Real servers follow their service, so most lines name the
/// service of the line before.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// The address and port of the last service, as a word.
    word: String,
    /// What the word means.
    endpoint: Option<(IpAddr, u16)>,
}

impl Parser {
    /// Reads a line as [`parse_line`] does.
    pub(crate) fn line(&mut self, line: &str) -> Option<Change> {
        if !is_plain(line) {
            return None;
        }
        self.words(line.split_ascii_whitespace())
    }

    fn words(&mut self, mut words: SplitAsciiWhitespace<'_>) -> Option<Change> {
        match words.next()? {
            "-A" => self.service(words).map(Change::AddService),
            "-E" => self.service(words).map(Change::UpdateService),
            "-D" => {
                let key = self.key(&mut words)?;
                words.next().is_none().then_some(Change::DeleteService(key))
            }
            "-a" => {
                self.destination(words).map(|(key, server)| Change::AddDestination(key, server))
            }
            "-e" => {
                self.destination(words).map(|(key, server)| Change::UpdateDestination(key, server))
            }
            "-d" => {
                let key = self.key(&mut words)?;
                let server = real_server(&mut words)?;
                words.next().is_none().then_some(Change::DeleteDestination(key, server))
            }
            "-C" => words.next().is_none().then_some(Change::Flush),
            _ => None,
        }
    }

    fn key(&mut self, words: &mut SplitAsciiWhitespace<'_>) -> Option<ServiceKey> {
        let protocol = match words.next()? {
            "-t" => Protocol::Tcp,
            "-u" => Protocol::Udp,
            "--sctp-service" => Protocol::Sctp,
            "-f" => return mark(words),
            _ => return None,
        };
        let (address, port) = self.endpoint(words.next()?)?;
        Some(ServiceKey::Address { protocol, address, port })
    }

    fn endpoint(&mut self, word: &str) -> Option<(IpAddr, u16)> {
        if self.endpoint.is_none() || self.word != word {
            self.word.clear();
            self.word.push_str(word);
            self.endpoint = endpoint(word);
        }
        self.endpoint
    }

    fn service(&mut self, mut words: SplitAsciiWhitespace<'_>) -> Option<Service> {
        let key = self.key(&mut words)?;
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
            let mut mask = host;
            if next == Some("-M") {
                mask = granularity(words.next()?, key.family())?;
                next = words.next();
            }
            service.persistence = Some(Persistence { timeout, granularity: mask });
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

    fn destination(
        &mut self,
        mut words: SplitAsciiWhitespace<'_>,
    ) -> Option<(ServiceKey, Destination)> {
        let service = self.key(&mut words)?;
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
}

/// Words of ASCII between blanks, and nothing that could be a comment: anything else has rules that are
/// not worth knowing here. Looks at all of the line in any case, many bytes at a time.
fn is_plain(line: &str) -> bool {
    line.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'"' | b'$'..=b'~'))
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
    let (mut address, mut place) = (0, 0);
    for octet in 0..4 {
        address = address << 8 | leading_number(word, &mut place, 255)?;
        if *word.get(place)? != if octet < 3 { b'.' } else { b':' } {
            return None;
        }
        place += 1;
    }
    let port = u16::try_from(leading_number(word, &mut place, 65535)?).ok()?;
    (place == word.len()).then_some((Ipv4Addr::from_bits(address), port))
}

/// The number at `place` of at most `most`, with `place` moved to its end. Nothing may follow a zero.
fn leading_number(word: &[u8], place: &mut usize, most: u32) -> Option<u32> {
    let digit = |place: usize| {
        let digit = word.get(place)?.wrapping_sub(b'0');
        (digit < 10).then_some(u32::from(digit))
    };
    let mut number = digit(*place)?;
    *place += 1;
    while number != 0
        && let Some(digit) = digit(*place)
    {
        number = number * 10 + digit;
        if number > most {
            return None;
        }
        *place += 1;
    }
    Some(number)
}

fn granularity(word: &str, family: Family) -> Option<Granularity> {
    match family {
        Family::V4 => word.parse().ok().map(Granularity::V4),
        Family::V6 => number(word).map(Granularity::V6),
    }
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
