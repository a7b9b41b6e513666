//! The totals of all services, from `/proc/net/ip_vs_stats`.

use std::fs;

use crate::error::Error;
use crate::model::Stats;

/// `/proc/net` is that of the main thread; the namespace may be another.
const FILE: &str = "/proc/thread-self/net/ip_vs_stats";
const SHOWN: &str = "/proc/net/ip_vs_stats";

/// Counts since IPVS was loaded or since the last `-Z`; services that were deleted are included.
///
/// # Errors
/// [`Error::File`] if IPVS is not loaded.
pub fn totals() -> Result<Stats, Error> {
    let text = fs::read_to_string(FILE)
        .map_err(|source| Error::File { path: SHOWN.to_owned(), source })?;
    parse(&text).ok_or_else(|| Error::Answer(SHOWN.to_owned()))
}

/// The first line of numbers has the counts, the second one the rates, both in hexadecimal digits.
fn parse(text: &str) -> Option<Stats> {
    let numbers = |line: &str| {
        let numbers = line.split_whitespace().map(|word| u64::from_str_radix(word, 16).ok());
        <[u64; 5]>::try_from(numbers.collect::<Option<Vec<_>>>()?).ok()
    };
    let mut lines = text.lines().filter_map(numbers);
    let [connections, in_packets, out_packets, in_bytes, out_bytes] = lines.next()?;
    let [connection_rate, in_packet_rate, out_packet_rate, in_byte_rate, out_byte_rate] =
        lines.next()?;
    Some(Stats {
        connections,
        in_packets,
        out_packets,
        in_bytes,
        out_bytes,
        connection_rate,
        in_packet_rate,
        out_packet_rate,
        in_byte_rate,
        out_byte_rate,
    })
}

#[cfg(test)]
#[test]
fn titles_are_no_numbers() {
    let text = "   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
       A      1F4      1F3             8D0C             8B24

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       0        2        1               E0               30
";
    let stats = parse(text).unwrap();
    assert_eq!((stats.connections, stats.in_packets, stats.out_bytes), (10, 500, 0x8b24));
    assert_eq!((stats.connection_rate, stats.in_byte_rate), (0, 0xe0));
    assert_eq!(parse("Total Incoming\n"), None);
}
