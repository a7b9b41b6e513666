//! Reads the connection table from `/proc/net/ip_vs_conn`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use crate::error::Error;
use crate::model::Connection;

/// `/proc/net` shows the namespace of the main thread, but `--netns` changes only this thread.
const FILE: &str = "/proc/thread-self/net/ip_vs_conn";
const SHOWN: &str = "/proc/net/ip_vs_conn";

/// The connections of the current network namespace, in the kernel's order.
pub fn connections() -> Result<impl Iterator<Item = Result<Connection, Error>>, Error> {
    read(Path::new(FILE), SHOWN)
}

/// The connections in a copy of `/proc/net/ip_vs_conn`.
pub fn copied(
    path: &Path,
) -> Result<impl Iterator<Item = Result<Connection, Error>> + use<>, Error> {
    read(path, &path.to_string_lossy())
}

/// Reads line by line, so that a table of any size needs the memory of one connection.
fn read(
    path: &Path,
    shown: &str,
) -> Result<impl Iterator<Item = Result<Connection, Error>> + use<>, Error> {
    let unreadable = |source| Error::File { path: shown.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    Ok(parsed(BufReader::with_capacity(1 << 16, file), shown))
}

fn parsed<R: BufRead>(
    file: R,
    shown: &str,
) -> impl Iterator<Item = Result<Connection, Error>> + use<R> {
    let shown = shown.to_owned();
    let unreadable = move |source| Error::File { path: shown.clone(), source };
    // A copy may be the output of a filter that dropped the heading.
    let is_heading =
        |line: &std::io::Result<Vec<u8>>| line.as_ref().is_ok_and(|line| line.starts_with(b"Pro "));
    let lines = file.split(b'\n').enumerate();
    let lines = lines.filter(move |(number, line)| *number > 0 || !is_heading(line));
    lines.map(move |(number, line)| {
        let line = line.map_err(&unreadable)?;
        let line = String::from_utf8_lossy(&line);
        parse(&line).ok_or_else(|| {
            let text = format!("line {} is no connection: {line}", number + 1);
            unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, text))
        })
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

    #[test]
    fn only_a_heading_is_skipped() {
        let heading = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName\n";
        let line = "TCP 0A0A0001 E1B0 0A0A0064 0050 0A140101 0050 ESTABLISHED     894\n";
        for (copy, expected) in [
            (format!("{heading}{line}{line}"), 2),
            (format!("{line}{line}"), 2),
            (heading.to_owned(), 0),
            (String::new(), 0),
        ] {
            let found = parsed(copy.as_bytes(), "a copy");
            assert_eq!(found.collect::<Result<Vec<_>, _>>().unwrap().len(), expected, "{copy}");
        }
        let later = format!("{line}{heading}");
        let wrong = parsed(later.as_bytes(), "a copy").find_map(Result::err);
        let Some(Error::File { source, .. }) = wrong else { panic!("{wrong:?}") };
        assert!(source.to_string().starts_with("line 2 is no connection: Pro "), "{source}");
    }
}
