//! A fast parser for canonical rule lines, as this program writes them.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, SocketAddrV6};
use std::num::NonZeroU32;

use crate::model::field::{Field, Fields};
use crate::model::{
    Change, Checksum, Destination, DestinationKey, EngineName, Family, Forwarding, Granularity,
    Persistence, Protocol, SchedulerFlags, SchedulerName, Service, ServiceKey, Tunnel,
};

use super::lexer::{Given, Plain, PlainWords, Token, tokens};
use super::options::{Command, Opt, option_named};
use super::validate::{fits, readable_destination, readable_service};

/// Reads a line whose options are in canonical order. `None` means that the classic parser must
/// read the line: it may have another order, a mistake or a comment, or a command that changes
/// nothing.
pub fn parse_line(line: &str) -> Option<Change> {
    Parser::default().line(line)
}

/// Reads the words of a command line as [`parse_line`] reads a rule line.
pub(crate) fn parse_words(words: &[Token<'_>]) -> Option<Change> {
    let is_plain = |word: &str| is_plain(word) && !word.contains(' ');
    let plain = |token: &Token<'_>| match token {
        Token::Given(Given { value: Some(value), .. }) => is_plain(value),
        _ => true,
    };
    if !words.iter().all(plain) {
        return None;
    }
    let mut words = words.iter();
    Parser::default().tokens(|| words.next().map_or(Plain::End, Plain::from))
}

/// Like [`parse_line`], for successive lines. Most lines name the same service as the line before,
/// because real servers follow their service.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// Address and port of the last service, as typed.
    word: String,
    /// Address and port of the last service, as values.
    endpoint: Option<(IpAddr, u16)>,
}

/// The remaining tokens of a line.
struct Rest<'a, F> {
    next: Plain<'a>,
    /// Reads the token after `next`.
    read: F,
}

impl<'a, F: FnMut() -> Plain<'a>> Rest<'a, F> {
    fn advance(&mut self) {
        self.next = (self.read)();
    }

    /// Takes the next token if it is `option` with a non-empty value, and returns the value.
    #[inline]
    fn value(&mut self, option: Opt) -> Option<&'a str> {
        match self.next {
            Plain::Option(next, Some(value)) if next == option && !value.is_empty() => {
                self.advance();
                Some(value)
            }
            _ => None,
        }
    }

    /// Takes the next token if it is an option without a value and `meaning` returns one for it.
    #[inline]
    fn switch<T>(&mut self, meaning: impl Fn(Opt) -> Option<T>) -> Option<T> {
        let Plain::Option(next, None) = self.next else { return None };
        let found = meaning(next)?;
        self.advance();
        Some(found)
    }

    /// Returns `None` if a part of the line is left.
    fn end(&self) -> Option<()> {
        matches!(self.next, Plain::End).then_some(())
    }
}

impl Parser {
    /// Like [`parse_line`]; remembers the service for the next line.
    pub(crate) fn line(&mut self, line: &str) -> Option<Change> {
        if !is_plain(line) {
            return None;
        }
        let mut tokens = tokens(PlainWords(line));
        self.tokens(|| tokens.plain())
    }

    fn tokens<'a>(&mut self, mut read: impl FnMut() -> Plain<'a>) -> Option<Change> {
        let Plain::Command(command) = read() else { return None };
        let line = &mut Rest { next: read(), read };
        let change = match command {
            Command::AddService => Change::AddService(self.service(line)?),
            Command::EditService => Change::UpdateService(self.service(line)?),
            Command::DeleteService => Change::DeleteService(self.key(line)?),
            Command::AddServer => {
                let (key, server) = self.destination(line)?;
                Change::AddDestination(key, server)
            }
            Command::EditServer => {
                let (key, server) = self.destination(line)?;
                Change::UpdateDestination(key, server)
            }
            Command::DeleteServer => Change::DeleteDestination(self.key(line)?, real_server(line)?),
            Command::Clear => Change::Flush,
            _ => return None,
        };
        // If tokens are left, the classic parser reports the mistake.
        line.end().map(|()| change)
    }

    fn key<'a>(&mut self, line: &mut Rest<'a, impl FnMut() -> Plain<'a>>) -> Option<ServiceKey> {
        let Plain::Option(option, _) = line.next else { return None };
        let protocol = match option {
            Opt::Tcp => Protocol::Tcp,
            Opt::Udp => Protocol::Udp,
            Opt::Sctp => Protocol::Sctp,
            Opt::Fwmark => return mark(line),
            _ => return None,
        };
        let (address, port) = self.endpoint(line.value(option)?)?;
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

    fn service<'a>(&mut self, line: &mut Rest<'a, impl FnMut() -> Plain<'a>>) -> Option<Service> {
        let key = self.key(line)?;
        let mut service = Service::new(key, SchedulerName::new(line.value(Opt::Scheduler)?).ok()?);
        if let Some(word) = line.value(Opt::Persistent) {
            let timeout = number(word)?;
            let granularity = match line.value(Opt::Netmask) {
                Some(word) => granularity(word, key.family())?,
                None => Granularity::host(key.family()),
            };
            service.persistence = Some(Persistence { timeout, granularity });
        }
        if let Some(name) = line.value(Opt::Engine) {
            service.engine = Some(EngineName::new(name).ok()?);
        }
        // Most lines have no switch, and a search for its field takes time.
        while let Plain::Option(option, None) = line.next
            && let Some(field) = switch(option)
        {
            if field.is_on(&service) {
                return None;
            }
            field.turn_on(&mut service);
            line.advance();
        }
        if let Some(list) = line.value(Opt::SchedFlags) {
            service.flags = SchedulerFlags::parse(list, service.scheduler.as_str()).ok()?;
        }
        readable_service(&service).is_ok().then_some(service)
    }

    fn destination<'a>(
        &mut self,
        line: &mut Rest<'a, impl FnMut() -> Plain<'a>>,
    ) -> Option<(ServiceKey, Destination)> {
        let service = self.key(line)?;
        let mut destination = Destination::new(real_server(line)?);
        destination.forwarding = line.switch(|option| match option {
            Opt::Gatewaying => Some(Forwarding::Route),
            Opt::Masquerading => Some(Forwarding::Masquerade),
            Opt::Ipip => Some(Forwarding::Tunnel(Tunnel::Ipip)),
            _ => None,
        })?;
        destination.weight = number(line.value(Opt::Weight)?)?;
        if let Some(word) = line.value(Opt::UpperThreshold) {
            destination.upper_threshold = number(word)?;
        }
        if let Some(word) = line.value(Opt::LowerThreshold) {
            destination.lower_threshold = number(word)?;
        }
        if matches!(destination.forwarding, Forwarding::Tunnel(_))
            && let Some(kind) = line.value(Opt::TunType)
        {
            destination.forwarding = Forwarding::Tunnel(tunnel(kind, line)?);
        }
        // The classic parser handles a port that direct routing and tunnels replace.
        let legal =
            fits(&service, &destination) && readable_destination(&service, &destination).is_ok();
        legal.then_some((service, destination))
    }
}

/// Whether the line has only ASCII words and blanks, and no `#`; other lines have rules that only
/// the classic parser knows. Checks the whole line without an early exit, so that the compiler can
/// check many bytes at once.
fn is_plain(line: &str) -> bool {
    line.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'"' | b'$'..=b'~'))
}

/// The field of a service that an option without a value turns on.
fn switch(option: Opt) -> Option<&'static Field<Service>> {
    let is_it = |field: &&Field<Service>| {
        field.switch().and_then(option_named).is_some_and(|row| row.option == option)
    };
    Service::fields().iter().find(is_it)
}

fn mark<'a>(line: &mut Rest<'a, impl FnMut() -> Plain<'a>>) -> Option<ServiceKey> {
    let mark = NonZeroU32::new(number(line.value(Opt::Fwmark)?)?)?;
    let family = line.switch(|it| (it == Opt::Ipv6).then_some(Family::V6)).unwrap_or(Family::V4);
    Some(ServiceKey::Fwmark { mark, family })
}

fn real_server<'a>(line: &mut Rest<'a, impl FnMut() -> Plain<'a>>) -> Option<DestinationKey> {
    let (address, port) = endpoint(line.value(Opt::RealServer)?)?;
    Some(DestinationKey { address, port })
}

/// Reads a number of digits only, without a sign.
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

/// Reads `ADDRESS:PORT` of IPv4 without leading zeros. `None` leaves the word to the standard
/// library, whose parser goes back at every mistake and takes several times as long.
fn plain_endpoint(word: &[u8]) -> Option<(Ipv4Addr, u16)> {
    let (mut address, mut rest) = (0, word);
    for separator in *b"...:" {
        let (octet, after) = leading_number(rest, 255)?;
        rest = after.strip_prefix(&[separator])?;
        address = address << 8 | octet;
    }
    let (port, rest) = leading_number(rest, 65535)?;
    rest.is_empty().then_some((Ipv4Addr::from_bits(address), u16::try_from(port).ok()?))
}

/// Reads the number up to `most` at the beginning of `text`, and returns it with what follows.
/// Leading zeros are refused.
#[inline]
fn leading_number(text: &[u8], most: u32) -> Option<(u32, &[u8])> {
    let (first, mut rest) = leading_digit(text)?;
    let mut number = first;
    while number != 0
        && let Some((digit, after)) = leading_digit(rest)
    {
        number = number * 10 + digit;
        if number > most {
            return None;
        }
        rest = after;
    }
    Some((number, rest))
}

#[inline]
fn leading_digit(text: &[u8]) -> Option<(u32, &[u8])> {
    let (byte, rest) = text.split_first()?;
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some((u32::from(digit), rest))
}

fn granularity(word: &str, family: Family) -> Option<Granularity> {
    match family {
        Family::V4 => word.parse().ok().map(Granularity::V4),
        Family::V6 => number(word).map(Granularity::V6),
    }
}

fn tunnel<'a>(kind: &str, line: &mut Rest<'a, impl FnMut() -> Plain<'a>>) -> Option<Tunnel> {
    let port = match kind {
        "ipip" => return Some(Tunnel::Ipip),
        "gre" => None,
        "gue" => {
            let port = u16::try_from(number(line.value(Opt::TunPort)?)?).ok();
            Some(port.filter(|port| *port != 0)?)
        }
        _ => return None,
    };
    let checksum = line.switch(|option| match option {
        Opt::TunNocsum => Some(Checksum::None),
        Opt::TunCsum => Some(Checksum::Full),
        Opt::TunRemcsum => Some(Checksum::Remote),
        _ => None,
    })?;
    match port {
        Some(port) => Some(Tunnel::Gue { port, checksum }),
        None => (checksum != Checksum::Remote).then_some(Tunnel::Gre { checksum }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_switch_that_is_given_twice_is_left_to_the_classic_parser() {
        assert!(parse_line("-A -u 192.0.2.80:53 -s rr -o").is_some());
        assert_eq!(parse_line("-A -u 192.0.2.80:53 -s rr -o -o"), None);
    }

    proptest! {
        #[test]
        fn the_fast_endpoint_parser_agrees_with_the_standard_library(
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
