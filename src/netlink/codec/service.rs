//! Virtual services.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;

use super::{Attributes, read, stats};
use crate::error::Error;
use crate::model::{
    EngineName, Family, Granularity, Persistence, SchedulerFlags, SchedulerName, Service,
    ServiceEntry, ServiceKey,
};
use crate::netlink::uapi::{family, message, service as attr};

/// The number of an address family.
pub fn family_number(family: Family) -> u16 {
    match family {
        Family::V4 => family::INET,
        Family::V6 => family::INET6,
    }
}

/// What identifies a service.
pub fn key(to: &mut Attributes, key: &ServiceKey) {
    to.u16(attr::AF, family_number(key.family()));
    match key {
        ServiceKey::Address { protocol, address, port } => {
            to.u16(attr::PROTOCOL, protocol.number())
                .address(attr::ADDR, *address)
                .port(attr::PORT, *port);
        }
        // Never 0: the kernel would make a service on 0.0.0.0:0 of it.
        ServiceKey::Fwmark { mark, .. } => {
            to.u32(attr::FWMARK, mark.get());
        }
    }
}

/// A whole service.
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

/// The kernel reads an IPv4 mask as its four bytes, but an IPv6 prefix length as a number.
fn netmask(granularity: Granularity) -> u32 {
    match granularity {
        Granularity::V4(mask) => u32::from_ne_bytes(mask.octets()),
        Granularity::V6(prefix) => prefix,
    }
}

/// Decodes the attributes of an answer about one service.
pub fn decode(answer: &[u8]) -> Result<ServiceEntry, Error> {
    look_at(answer)?.entry()
}

/// Finds the attributes of an answer about one service; what is asked of them is decoded then.
pub fn look_at(answer: &[u8]) -> Result<Seen<'_>, Error> {
    let mut it = Seen::default();
    read::each(read::find(answer, message::SERVICE, "service")?, |kind, value| {
        it.take(kind, value)
    })?;
    Ok(it)
}

/// The attributes of a service as they come.
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
    /// The persistence engine; nothing where there is none.
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

    /// The service with its counters.
    pub fn entry(&self) -> Result<ServiceEntry, Error> {
        let stats = read::required(self.stats64.or(self.stats), "service counters")?;
        Ok(ServiceEntry { service: self.service()?, stats: stats::decode(stats)? })
    }

    /// The service without its counters, which are half of the work.
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

    /// What identifies it.
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

/// A service in the kernel's numbers, which are the same in all its interfaces.
pub struct Configured {
    /// What identifies it.
    pub key: ServiceKey,
    /// Its scheduler.
    pub scheduler: SchedulerName,
    /// `IP_VS_SVC_F_*`
    pub flags: u32,
    /// Persistence in seconds, whether there is any or not.
    pub timeout: u32,
    /// The same of its mask.
    pub netmask: u32,
    /// The persistence engine.
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
