//! Codec of counters.

use super::read;
use crate::error::Error;
use crate::model::Stats;
use crate::netlink::uapi::stats;

/// Decodes the nested attributes of STATS64, or of STATS, which sends only the lower 32 bits of
/// most counters.
pub fn decode(bytes: &[u8]) -> Result<Stats, Error> {
    // Indexed by attribute number. OUTBPS is the highest; the padding attribute is above it.
    let mut values = [0; stats::OUTBPS as usize + 1];
    read::each(bytes, |kind, value| {
        if let Some(place) = values.get_mut(usize::from(kind)) {
            *place = match *value {
                [a, b, c, d] => u64::from(u32::from_ne_bytes([a, b, c, d])),
                _ => u64::from_ne_bytes(read::bytes(value)?),
            };
        }
        Ok(())
    })?;
    let value = |kind: u16| values.get(usize::from(kind)).copied().unwrap_or_default();
    Ok(Stats {
        connections: value(stats::CONNS),
        in_packets: value(stats::INPKTS),
        out_packets: value(stats::OUTPKTS),
        in_bytes: value(stats::INBYTES),
        out_bytes: value(stats::OUTBYTES),
        connection_rate: value(stats::CPS),
        in_packet_rate: value(stats::INPPS),
        out_packet_rate: value(stats::OUTPPS),
        in_byte_rate: value(stats::INBPS),
        out_byte_rate: value(stats::OUTBPS),
    })
}
