//! Codec of virtual services.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;

use super::{Attributes, read, stats};
use crate::error::Error;
use crate::model::{
    EngineName, Family, Granularity, Persistence, SchedulerFlags, SchedulerName, Service,
    ServiceEntry, ServiceKey,
};
use crate::netlink::uapi::{family, message, service as attr};

/// `AF_INET` or `AF_INET6`.
pub fn family_number(family: Family) -> u16 {
    match family {
        Family::V4 => family::INET,
        Family::V6 => family::INET6,
    }
}

/// Encodes the key that identifies a service.
pub fn key(to: &mut Attributes, key: &ServiceKey) {
    to.u16(attr::AF, family_number(key.family()));
    match key {
        ServiceKey::Address { protocol, address, port } => {
            to.u16(attr::PROTOCOL, protocol.number())
                .address(attr::ADDR, *address)
                .port(attr::PORT, *port);
        }
        // The type excludes mark 0, for which the kernel would make a service on 0.0.0.0:0.
        ServiceKey::Fwmark { mark, .. } => {
            to.u32(attr::FWMARK, mark.get());
        }
    }
}

/// Encodes a whole service.
pub fn encode(to: &mut Attributes, service: &Service) {
    let host = Granularity::host(service.key.family());
    let (timeout, granularity) =
        service.persistence.map_or((0, host), |it| (it.timeout, it.granularity));
    key(to, &service.key);
    to.text(attr::SCHED_NAME, service.scheduler.as_str());
    if let Some(engine) = &service.engine {
        to.text(attr::PE_NAME, engine.as_str());
    }
    to.flags(attr::FLAGS, flags(service))
        .u32(attr::TIMEOUT, timeout)
        .u32(attr::NETMASK, netmask(granularity));
}

fn flags(service: &Service) -> u32 {
    let mut flags = u32::from(service.flags.bits()) << attr::FLAG_SCHED_SHIFT;
    if service.persistence.is_some() {
        flags |= attr::FLAG_PERSISTENT;
    }
    if service.one_packet {
        flags |= attr::FLAG_ONE_PACKET;
    }
    flags
}

/// Encodes a mask or prefix. The kernel takes an IPv4 mask as four bytes in network order, but an
/// IPv6 prefix length as a number.
fn netmask(granularity: Granularity) -> u32 {
    match granularity {
        Granularity::V4(mask) => u32::from_ne_bytes(mask.octets()),
        Granularity::V6(prefix) => prefix,
    }
}

/// Decodes an answer about one service.
pub fn decode(answer: &[u8]) -> Result<ServiceEntry, Error> {
    look_at(answer)?.entry()
}

/// Splits an answer about one service into its attributes, which [`Seen`] decodes on demand.
pub fn look_at(answer: &[u8]) -> Result<Seen<'_>, Error> {
    let mut it = Seen::default();
    read::each(read::find(answer, message::SERVICE, "service")?, |kind, value| {
        it.take(kind, value)
    })?;
    Ok(it)
}

/// The attributes of one answer, not yet interpreted.
#[derive(Default)]
pub struct Seen<'a> {
    family: Option<Family>,
    protocol: Option<u16>,
    address: Option<[u8; 16]>,
    port: Option<u16>,
    mark: Option<u32>,
    scheduler: Option<&'a [u8]>,
    flags: Option<u32>,
    timeout: Option<u32>,
    netmask: Option<u32>,
    /// The persistence engine, if the service has one.
    pub engine: Option<EngineName>,
    stats: Option<&'a [u8]>,
    stats64: Option<&'a [u8]>,
}

impl<'a> Seen<'a> {
    fn take(&mut self, kind: u16, value: &'a [u8]) -> Result<(), Error> {
        match kind {
            attr::AF => self.family = Some(read::family(value)?),
            attr::PROTOCOL => self.protocol = Some(read::u16(value)?),
            attr::ADDR => self.address = Some(read::bytes(value)?),
            attr::PORT => self.port = Some(read::port(value)?),
            attr::FWMARK => self.mark = Some(read::u32(value)?),
            attr::SCHED_NAME => self.scheduler = Some(value),
            attr::FLAGS => {
                let [flags @ .., _, _, _, _] = read::bytes::<8>(value)?;
                self.flags = Some(u32::from_ne_bytes(flags));
            }
            attr::TIMEOUT => self.timeout = Some(read::u32(value)?),
            attr::NETMASK => self.netmask = Some(read::u32(value)?),
            attr::PE_NAME => {
                let name = EngineName::from_kernel(value);
                self.engine = Some(name).filter(|name| !name.as_str().is_empty());
            }
            attr::STATS => self.stats = Some(value),
            attr::STATS64 => self.stats64 = Some(value),
            _ => {}
        }
        Ok(())
    }

    pub fn entry(&self) -> Result<ServiceEntry, Error> {
        let stats = read::required(self.stats64.or(self.stats), "service counters")?;
        Ok(ServiceEntry { service: self.service()?, stats: stats::decode(stats)? })
    }

    /// Decodes the service but skips the counters, which take half of the decoding time.
    pub fn service(&self) -> Result<Service, Error> {
        let configured = Configured {
            key: self.key()?,
            scheduler: SchedulerName::from_kernel(read::required(
                self.scheduler,
                "service scheduler",
            )?),
            flags: read::required(self.flags, "service flags")?,
            timeout: read::required(self.timeout, "service time-out")?,
            netmask: read::required(self.netmask, "service netmask")?,
            engine: self.engine,
        };
        Ok(configured.into())
    }

    pub fn key(&self) -> Result<ServiceKey, Error> {
        let family = read::required(self.family, "service address family")?;
        if let Some(mark) = self.mark.and_then(NonZeroU32::new) {
            return Ok(ServiceKey::Fwmark { mark, family });
        }
        let address = read::required(self.address, "service address")?;
        Ok(ServiceKey::Address {
            protocol: read::required(self.protocol, "service protocol")?.into(),
            address: read::address(family, address),
            port: read::required(self.port, "service port")?,
        })
    }
}

/// A service in the kernel's numbers, which netlink and getsockopt share.
pub struct Configured {
    pub key: ServiceKey,
    pub scheduler: SchedulerName,
    /// `IP_VS_SVC_F_*`.
    pub flags: u32,
    /// Persistence timeout in seconds; meaningless unless `flags` has the persistence bit.
    pub timeout: u32,
    /// Persistence mask (IPv4, network byte order) or prefix length (IPv6); meaningless like
    /// `timeout`.
    pub netmask: u32,
    pub engine: Option<EngineName>,
}

impl From<Configured> for Service {
    fn from(it: Configured) -> Self {
        let Configured { key, scheduler, flags, timeout, netmask, engine } = it;
        let granularity = match key.family() {
            Family::V4 => Granularity::V4(Ipv4Addr::from(netmask.to_ne_bytes())),
            Family::V6 => Granularity::V6(netmask),
        };
        let persistent = flags & attr::FLAG_PERSISTENT != 0;
        let [.., sched] = (flags >> attr::FLAG_SCHED_SHIFT).to_be_bytes();
        Self {
            key,
            scheduler,
            flags: SchedulerFlags::from_bits(sched),
            one_packet: flags & attr::FLAG_ONE_PACKET != 0,
            persistence: persistent.then_some(Persistence { timeout, granularity }),
            engine,
        }
    }
}
