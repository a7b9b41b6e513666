//! A service, with its real servers.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::word::{Word, find, name};
use super::{Counters, DestinationFields, RateFields, StatsFields, is_default};
use crate::model::{
    BadFlag, EngineName, Family, Granularity, Persistence, Pool, Protocol, SchedulerFlags,
    SchedulerName, Service, ServiceEntry, ServiceKey,
};

const PROTOCOLS: [(&str, Protocol); 3] =
    [("tcp", Protocol::Tcp), ("udp", Protocol::Udp), ("sctp", Protocol::Sctp)];
const FAMILIES: [(&str, Family); 2] = [("ipv4", Family::V4), ("ipv6", Family::V6)];

/// A service: `protocol`, `address` and `port`, or `fwmark` and `family`, identify it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fwmark: Option<NonZeroU32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[serde(default = "default_scheduler", skip_serializing_if = "String::is_empty")]
    scheduler: String,
    #[serde(default, skip_serializing_if = "is_default")]
    flags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    persistence: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    netmask: Option<Netmask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    one_packet: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<StatsFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<RateFields>,
    /// The real servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destinations: Option<Vec<DestinationFields>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a mask such as 255.255.255.0, or a prefix length")]
enum Netmask {
    V4(Ipv4Addr),
    V6(u32),
}

fn default_scheduler() -> String {
    "wlc".to_owned()
}

impl From<&ServiceKey> for ServiceFields {
    /// Only what identifies the service.
    fn from(key: &ServiceKey) -> Self {
        let mut fields = Self {
            protocol: None,
            address: None,
            port: None,
            fwmark: None,
            family: None,
            scheduler: String::new(),
            flags: Vec::new(),
            persistence: None,
            netmask: None,
            engine: None,
            one_packet: false,
            stats: None,
            rate: None,
            destinations: None,
        };
        match key {
            ServiceKey::Address { protocol, address, port } => {
                let word = name(protocol, &PROTOCOLS).map(Word::from);
                fields.protocol = Some(word.unwrap_or(Word::Number(protocol.number())));
                fields.address = Some(*address);
                fields.port = Some(*port);
            }
            ServiceKey::Fwmark { mark, family } => {
                fields.fwmark = Some(*mark);
                fields.family = name(family, &FAMILIES).map(str::to_owned);
            }
        }
        fields
    }
}

impl From<&Service> for ServiceFields {
    fn from(service: &Service) -> Self {
        let scheduler = service.scheduler.as_str();
        let netmask = service.persistence.map(|it| it.granularity).filter(|it| !it.is_host());
        Self {
            scheduler: scheduler.to_owned(),
            flags: service.flags.names(scheduler).into_iter().map(str::to_owned).collect(),
            persistence: service.persistence.map(|it| it.timeout),
            netmask: netmask.map(|granularity| match granularity {
                Granularity::V4(mask) => Netmask::V4(mask),
                Granularity::V6(length) => Netmask::V6(length),
            }),
            engine: service.engine.as_ref().map(EngineName::to_string),
            one_packet: service.one_packet,
            ..Self::from(&service.key)
        }
    }
}

impl From<&Pool> for ServiceFields {
    fn from(pool: &Pool) -> Self {
        let destinations = pool.destinations.values().map(DestinationFields::from).collect();
        Self { destinations: Some(destinations), ..Self::from(&pool.service) }
    }
}

impl ServiceFields {
    /// As listed.
    pub fn listed(
        entry: &ServiceEntry,
        destinations: Vec<DestinationFields>,
        counters: Counters,
    ) -> Self {
        let (stats, rate) = counters.of(&entry.stats);
        let destinations = Some(destinations);
        Self { stats, rate, destinations, ..Self::from(&entry.service) }
    }

    /// The service, without its real servers; its values may be out of range.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn service(&self) -> Result<Service, String> {
        let key = self.key()?;
        if self.scheduler.is_empty() {
            return Err("scheduler: the name is empty".to_owned());
        }
        let scheduler = SchedulerName::new(&self.scheduler).map_err(|error| error.to_string())?;
        let flags = SchedulerFlags::parse(&self.flags.join(","), scheduler.as_str());
        let flags = flags.map_err(|flag| match flag {
            BadFlag::Unknown(word) => format!("flags: there is no flag `{word}'"),
            BadFlag::Foreign(word) => format!("flags: {scheduler} has no flag `{word}'"),
        })?;
        // The kernel's own way to say that there is none.
        let engine = self.engine.as_ref().filter(|name| !name.is_empty());
        let engine = engine.map(EngineName::new).transpose();
        Ok(Service {
            flags,
            one_packet: self.one_packet,
            persistence: self.persistence(key.family())?,
            engine: engine.map_err(|error| error.to_string())?,
            ..Service::new(key, scheduler)
        })
    }

    fn key(&self) -> Result<ServiceKey, String> {
        match (self.fwmark, self.address, self.port) {
            (None, Some(address), Some(port)) => {
                let protocol = match &self.protocol {
                    Some(Word::Text(word)) => find("protocol", word, &PROTOCOLS)?,
                    Some(Word::Number(number)) => Protocol::from(*number),
                    None => return Err("a service needs a protocol".to_owned()),
                };
                Ok(ServiceKey::Address { protocol, address, port })
            }
            (Some(mark), None, None) => {
                let family = self.family.as_deref().unwrap_or("ipv4");
                Ok(ServiceKey::Fwmark { mark, family: find("family", family, &FAMILIES)? })
            }
            _ => Err("a service needs either address and port, or fwmark".to_owned()),
        }
    }

    fn persistence(&self, family: Family) -> Result<Option<Persistence>, String> {
        let Some(timeout) = self.persistence else {
            let alone = self.netmask.is_some();
            return if alone { Err("netmask needs persistence".to_owned()) } else { Ok(None) };
        };
        let granularity = match (&self.netmask, family) {
            (None, family) => Granularity::host(family),
            (Some(Netmask::V4(mask)), Family::V4) => Granularity::V4(*mask),
            (Some(Netmask::V6(length)), Family::V6) => Granularity::V6(*length),
            (Some(_), Family::V4) => return Err("netmask: expected 255.255.255.0".to_owned()),
            (Some(_), Family::V6) => return Err("netmask: expected 1 to 128".to_owned()),
        };
        Ok(Some(Persistence { timeout, granularity }))
    }
}
