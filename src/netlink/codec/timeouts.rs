//! Codec of time-outs and of IPVS's version and table size.

use super::{Attributes, read};
use crate::error::Error;
use crate::model::{Info, Timeouts};
use crate::netlink::uapi::{info, message};

/// Encodes time-outs in seconds. 0 keeps the kernel's value, so it is not sent.
pub fn encode(to: &mut Attributes, timeouts: Timeouts) {
    let all = [
        (message::TIMEOUT_TCP, timeouts.tcp),
        (message::TIMEOUT_TCP_FIN, timeouts.tcp_fin),
        (message::TIMEOUT_UDP, timeouts.udp),
    ];
    for (kind, seconds) in all.into_iter().filter(|(_, seconds)| *seconds != 0) {
        to.u32(kind, seconds);
    }
}

/// Decodes the answer to `GET_CONFIG`.
pub fn decode(answer: &[u8]) -> Result<Timeouts, Error> {
    let seconds = |kind, name| read::find(answer, kind, name).and_then(read::u32);
    Ok(Timeouts {
        tcp: seconds(message::TIMEOUT_TCP, "TCP time-out")?,
        tcp_fin: seconds(message::TIMEOUT_TCP_FIN, "FIN time-out")?,
        udp: seconds(message::TIMEOUT_UDP, "UDP time-out")?,
    })
}

/// Decodes the answer to `GET_INFO`.
pub fn decode_info(answer: &[u8]) -> Result<Info, Error> {
    let version = read::find(answer, info::VERSION, "version").and_then(read::u32)?;
    let [_, major, minor, patch] = version.to_be_bytes();
    let size = read::find(answer, info::CONN_TAB_SIZE, "table size").and_then(read::u32)?;
    Ok(Info { version: (major, minor, patch), connection_table_size: size })
}
