//! Codec of destinations, the real servers of a service.

use super::service::family_number;
use super::{Attributes, read, stats};
use crate::error::Error;
use crate::model::{
    Destination, DestinationEntry, DestinationKey, Family, Forwarding, Stats, Tunnel,
};
use crate::netlink::uapi::{destination as attr, message};

/// Encodes the key of a destination of a service whose address family is `service`.
pub fn key(to: &mut Attributes, key: &DestinationKey, service: Family) {
    // If the attribute is missing, the kernel uses the family of the service; kernels before 3.18
    // always do.
    let family = Family::of(&key.address);
    if family != service {
        to.u16(attr::ADDR_FAMILY, family_number(family));
    }
    to.address(attr::ADDR, key.address).port(attr::PORT, key.port);
}

/// Encodes a whole destination of a service whose address family is `service`.
pub fn encode(to: &mut Attributes, destination: &Destination, service: Family) {
    key(to, &destination.key, service);
    to.u32(attr::FWD_METHOD, u32::from(method(destination.forwarding)))
        .u32(attr::WEIGHT, destination.weight);
    if let Forwarding::Tunnel(tunnel) = destination.forwarding {
        let (kind, port, flags) = tunnel.numbers();
        to.u8(attr::TUN_TYPE, kind).port(attr::TUN_PORT, port).u16(attr::TUN_FLAGS, flags);
    }
    to.u32(attr::U_THRESH, destination.upper_threshold)
        .u32(attr::L_THRESH, destination.lower_threshold);
}

fn method(forwarding: Forwarding) -> u8 {
    match forwarding {
        Forwarding::Masquerade => attr::FWD_MASQ,
        Forwarding::Local => attr::FWD_LOCAL,
        Forwarding::Tunnel(_) => attr::FWD_TUNNEL,
        Forwarding::Route => attr::FWD_DROUTE,
        Forwarding::Bypass => attr::FWD_BYPASS,
        Forwarding::Other(method) => method,
    }
}

/// Decodes an answer about one destination of a service of `family`.
pub fn decode(answer: &[u8], family: Family) -> Result<DestinationEntry, Error> {
    let it = seen(answer)?;
    let stats = read::required(it.stats64.or(it.stats), "destination counters")?;
    Ok(DestinationEntry { stats: stats::decode(stats)?, ..it.entry(family)? })
}

/// Like [`decode`], but skips the counters, which take half of the decoding time.
pub fn decode_without_counters(answer: &[u8], family: Family) -> Result<DestinationEntry, Error> {
    seen(answer)?.entry(family)
}

fn seen(answer: &[u8]) -> Result<Seen<'_>, Error> {
    let mut it = Seen::default();
    read::each(read::find(answer, message::DEST, "destination")?, |kind, value| {
        it.take(kind, value)
    })?;
    Ok(it)
}

/// The attributes of one answer, not yet interpreted.
#[derive(Default)]
struct Seen<'a> {
    family: Option<Family>,
    address: Option<[u8; 16]>,
    port: Option<u16>,
    method: Option<u32>,
    weight: Option<u32>,
    upper: Option<u32>,
    lower: Option<u32>,
    active: Option<u32>,
    inactive: Option<u32>,
    persistent: Option<u32>,
    // Kernels before 5.2 do not send these; all zeros is IPIP, their only tunnel.
    tunnel_type: u8,
    tunnel_port: u16,
    tunnel_flags: u16,
    stats: Option<&'a [u8]>,
    stats64: Option<&'a [u8]>,
}

impl<'a> Seen<'a> {
    fn take(&mut self, kind: u16, value: &'a [u8]) -> Result<(), Error> {
        match kind {
            attr::ADDR => self.address = Some(read::bytes(value)?),
            attr::PORT => self.port = Some(read::port(value)?),
            attr::FWD_METHOD => self.method = Some(read::u32(value)?),
            attr::WEIGHT => self.weight = Some(read::u32(value)?),
            attr::U_THRESH => self.upper = Some(read::u32(value)?),
            attr::L_THRESH => self.lower = Some(read::u32(value)?),
            attr::ACTIVE_CONNS => self.active = Some(read::u32(value)?),
            attr::INACT_CONNS => self.inactive = Some(read::u32(value)?),
            attr::PERSIST_CONNS => self.persistent = Some(read::u32(value)?),
            attr::ADDR_FAMILY => self.family = Some(read::family(value)?),
            attr::TUN_TYPE => self.tunnel_type = read::u8(value)?,
            attr::TUN_PORT => self.tunnel_port = read::port(value)?,
            attr::TUN_FLAGS => self.tunnel_flags = read::u16(value)?,
            attr::STATS => self.stats = Some(value),
            attr::STATS64 => self.stats64 = Some(value),
            _ => {}
        }
        Ok(())
    }

    fn entry(&self, family: Family) -> Result<DestinationEntry, Error> {
        Ok(DestinationEntry {
            destination: self.destination(family)?,
            active: read::required(self.active, "destination's active connections")?,
            inactive: read::required(self.inactive, "destination's inactive connections")?,
            persistent: read::required(self.persistent, "destination's persistent connections")?,
            stats: Stats::default(),
        })
    }

    fn destination(&self, family: Family) -> Result<Destination, Error> {
        let address = read::required(self.address, "destination address")?;
        let port = read::required(self.port, "destination port")?;
        let address = read::address(self.family.unwrap_or(family), address);
        let method = read::required(self.method, "destination forwarding method")?;
        Ok(Destination {
            key: DestinationKey { address, port },
            forwarding: forwarding(method, || self.tunnel()),
            weight: read::required(self.weight, "destination weight")?,
            upper_threshold: read::required(self.upper, "destination upper threshold")?,
            lower_threshold: read::required(self.lower, "destination lower threshold")?,
        })
    }

    fn tunnel(&self) -> Tunnel {
        Tunnel::from_numbers(self.tunnel_type, self.tunnel_port, self.tunnel_flags)
    }
}

/// Decodes the forwarding method from a real server's flags. Netlink, procfs and getsockopt use the
/// same bits.
pub fn forwarding(flags: u32, tunnel: impl FnOnce() -> Tunnel) -> Forwarding {
    let [.., method] = (flags & attr::FWD_MASK).to_be_bytes();
    match method {
        attr::FWD_MASQ => Forwarding::Masquerade,
        attr::FWD_LOCAL => Forwarding::Local,
        attr::FWD_TUNNEL => Forwarding::Tunnel(tunnel()),
        attr::FWD_DROUTE => Forwarding::Route,
        attr::FWD_BYPASS => Forwarding::Bypass,
        other => Forwarding::Other(other),
    }
}
