//! Reads the connection table from `/proc/net/ip_vs_conn`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::iter;
use std::net::{IpAddr, Ipv4Addr};

use crate::error::{Error, Rejection};
use crate::model::Connection;

/// `/proc/net` shows the namespace of the main thread, but `--netns` changes only this thread.
const FILE: &str = "/proc/thread-self/net/ip_vs_conn";
const SHOWN: &str = "/proc/net/ip_vs_conn";

/// Start of the first line that the kernel prints.
const TITLE: &str = "Pro ";

/// Maximum length of a line in bytes. The kernel's lines have less than 500.
const LONGEST: u64 = 4096;

/// The connections of the current network namespace, in the kernel's order.
pub fn connections() -> Result<impl Iterator<Item = Result<Connection, Error>>, Error> {
    let failed = |source| Error::File { path: SHOWN.to_owned(), source };
    let lines = copied(File::open(FILE).map_err(failed)?);
    Ok(lines.map(move |found| {
        found.map_err(|error| match error {
            Error::Io(source) => failed(source),
            other => Error::Answer(format!("{SHOWN}: {other}")),
        })
    }))
}

/// The connections in a copy of `/proc/net/ip_vs_conn`. Reads line by line, so that a table of any
/// size needs the memory of one connection.
pub fn copied(input: impl Read) -> impl Iterator<Item = Result<Connection, Error>> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let (mut number, mut line) = (0, Vec::new());
    iter::from_fn(move || {
        loop {
            line.clear();
            number += 1;
            match input.by_ref().take(LONGEST + 1).read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(why) => return Some(Err(why.into())),
            }
            let text = String::from_utf8_lossy(&line);
            // A copy that was filtered with grep may lack the title.
            if number == 1 && text.starts_with(TITLE) {
                continue;
            }
            let found = if line.len() as u64 > LONGEST { None } else { parse(&text) };
            let mistake = || Rejection::NoConnection { line: number, text: text.trim().to_owned() };
            return Some(found.ok_or_else(|| mistake().into()));
        }
    })
}

fn parse(line: &str) -> Option<Connection> {
    let mut words = line.split_ascii_whitespace();
    let protocol = words.next()?;
    let mut endpoint =
        || Some((address(words.next()?)?, u16::from_str_radix(words.next()?, 16).ok()?));
    let (client, virtual_server, destination) = (endpoint()?, endpoint()?, endpoint()?);
    let state = words.next()?.to_owned();
    let expires = words.next()?.parse().ok()?;
    let engine = words.next().map(|name| {
        let data = words.collect::<Vec<_>>().join(" ");
        (name.to_owned(), data)
    });
    Some(Connection {
        protocol: protocol.to_owned(),
        client,
        virtual_server,
        destination,
        state,
        expires,
        engine,
    })
}

/// Parses an address: eight hexadecimal digits (IPv4, most significant first) or IPv6 in its long
/// form.
pub(super) fn address(word: &str) -> Option<IpAddr> {
    if word.contains(':') {
        return word.trim_matches(['[', ']']).parse().ok().map(IpAddr::V6);
    }
    (word.len() == 8).then_some(())?;
    u32::from_str_radix(word, 16).ok().map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection() {
        let line = "TCP 0A0A0001 E1B0 0A0A0064 0050 0A140101 0050 ESTABLISHED     894";
        let connection = parse(line).unwrap();
        assert_eq!(connection.client, ("10.10.0.1".parse().unwrap(), 57776));
        assert_eq!(connection.destination, ("10.20.1.1".parse().unwrap(), 80));
        assert_eq!((connection.expires, connection.engine), (894, None));
    }

    #[test]
    fn a_template_with_engine_data() {
        let line =
            "UDP 0A0A0001 0000 0A0A0064 13C4 0A140101 0035 NONE        57 sip a84b4c76e66710@pc33";
        let engine = parse(line).unwrap().engine.unwrap();
        assert_eq!(engine, ("sip".to_owned(), "a84b4c76e66710@pc33".to_owned()));
    }

    #[test]
    fn malformed_lines_are_refused() {
        for line in ["", "TCP", "TCP 0A0A00 0050 0A0A0064 0050 0A140101 0050 NONE 1", "TCP x y z"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
