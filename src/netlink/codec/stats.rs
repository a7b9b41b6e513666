//! Counters.

use super::read;
use crate::error::Error;
use crate::model::Stats;
use crate::netlink::uapi::stats;

/// Decodes the counters of STATS64, or of STATS, which lack the upper 32 bits of most.
pub fn decode(bytes: &[u8]) -> Result<Stats, Error> {
    let mut result = Stats::default();
    read::each(bytes, |kind, value| {
        let field = match kind {
            stats::CONNS => &mut result.connections,
            stats::INPKTS => &mut result.in_packets,
            stats::OUTPKTS => &mut result.out_packets,
            stats::INBYTES => &mut result.in_bytes,
            stats::OUTBYTES => &mut result.out_bytes,
            stats::CPS => &mut result.connection_rate,
            stats::INPPS => &mut result.in_packet_rate,
            stats::OUTPPS => &mut result.out_packet_rate,
            stats::INBPS => &mut result.in_byte_rate,
            stats::OUTBPS => &mut result.out_byte_rate,
            _ => return Ok(()),
        };
        *field = match value.len() {
            4 => u64::from(read::u32(value)?),
            _ => u64::from_ne_bytes(read::bytes(value)?),
        };
        Ok(())
    })?;
    Ok(result)
}
