//! The JSON form of a service with its real servers.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::LazyLock;

use serde::de::MapAccess;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::destination::DestinationFields;
use super::object::{self, Object, entry};
use super::stats::{Counters, RateFields, StatsFields};
use super::word::{Word, name};
use crate::model::field::{Record, find};
use crate::model::{Family, Pool, Protocol, SchedulerName, Service, ServiceEntry, ServiceKey};

const PROTOCOLS: [(&str, Protocol); 3] =
    [("tcp", Protocol::Tcp), ("udp", Protocol::Udp), ("sctp", Protocol::Sctp)];
const FAMILIES: [(&str, Family); 2] = [("ipv4", Family::V4), ("ipv6", Family::V6)];

static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let key = ["protocol", "address", "port", "fwmark", "family"];
    object::names::<Service>(&key, &["stats", "rate", "destinations"])
});

/// A service; its key is `protocol`, `address` and `port`, or `fwmark` and `family`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFields {
    protocol: Option<Word>,
    address: Option<IpAddr>,
    port: Option<u16>,
    fwmark: Option<NonZeroU32>,
    family: Option<String>,
    values: Record<Service>,
    stats: Option<StatsFields>,
    rate: Option<RateFields>,
    /// Real servers; `None` leaves the key out.
    pub destinations: Option<Vec<DestinationFields>>,
}

impl Serialize for ServiceFields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        entry(&mut map, "protocol", self.protocol.as_ref())?;
        entry(&mut map, "address", self.address.as_ref())?;
        entry(&mut map, "port", self.port.as_ref())?;
        entry(&mut map, "fwmark", self.fwmark.as_ref())?;
        entry(&mut map, "family", self.family.as_ref())?;
        for (name, value) in self.values.iter() {
            map.serialize_entry(name, value)?;
        }
        entry(&mut map, "stats", self.stats.as_ref())?;
        entry(&mut map, "rate", self.rate.as_ref())?;
        entry(&mut map, "destinations", self.destinations.as_ref())?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for ServiceFields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        object::read(from)
    }
}

impl Object for ServiceFields {
    type Thing = Service;
    const NAME: &'static str = "a service";

    fn names() -> &'static [&'static str] {
        &NAMES
    }

    fn of(values: Record<Service>) -> Self {
        Self {
            protocol: None,
            address: None,
            port: None,
            fwmark: None,
            family: None,
            values,
            stats: None,
            rate: None,
            destinations: None,
        }
    }

    fn record(&mut self) -> &mut Record<Service> {
        &mut self.values
    }

    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "protocol" => self.protocol = map.next_value()?,
            "address" => self.address = map.next_value()?,
            "port" => self.port = map.next_value()?,
            "fwmark" => self.fwmark = map.next_value()?,
            "family" => self.family = map.next_value()?,
            "stats" => self.stats = map.next_value()?,
            "rate" => self.rate = map.next_value()?,
            _ => self.destinations = map.next_value()?,
        }
        Ok(())
    }

    fn missing(&self) -> Option<&'static str> {
        None
    }
}

impl From<&ServiceKey> for ServiceFields {
    /// Converts a key, without any other field.
    fn from(key: &ServiceKey) -> Self {
        let mut fields = Self::of(Record::default());
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
        Self { values: Record::from(service), ..Self::from(&service.key) }
    }
}

impl From<&Pool> for ServiceFields {
    fn from(pool: &Pool) -> Self {
        let destinations = pool.destinations.values().map(DestinationFields::from).collect();
        Self { destinations: Some(destinations), ..Self::from(&pool.service) }
    }
}

impl ServiceFields {
    /// Converts a listed service, with the counters that the listing contains.
    pub fn listed(
        entry: &ServiceEntry,
        destinations: Vec<DestinationFields>,
        counters: Counters,
    ) -> Self {
        let (stats, rate) = counters.of(&entry.stats);
        let destinations = Some(destinations);
        Self { stats, rate, destinations, ..Self::from(&entry.service) }
    }

    /// Converts to a service without real servers. Its values may be out of range.
    ///
    /// # Errors
    /// An explanation that begins with the name of the field.
    pub fn service(&self) -> Result<Service, String> {
        self.values.give(Service::new(self.key()?, SchedulerName::from_kernel(b"")))
    }

    /// Key of the service.
    ///
    /// # Errors
    /// Description of the mistake.
    pub fn key(&self) -> Result<ServiceKey, String> {
        match (self.fwmark, self.address, self.port) {
            (None, Some(address), Some(port)) => {
                let protocol = match &self.protocol {
                    Some(Word::Text(word)) => find("protocol", word, &PROTOCOLS)?,
                    Some(Word::Number(number)) => Protocol::from(*number),
                    None => return Err("a service needs a protocol".to_owned()),
                };
                let family = self.family.as_deref().map(|word| find("family", word, &FAMILIES));
                let own = Family::of(&address);
                if family.transpose()?.is_some_and(|family| family != own) {
                    let own = name(&own, &FAMILIES).unwrap_or_default();
                    return Err(format!("family: the address is of {own}"));
                }
                Ok(ServiceKey::Address { protocol, address, port })
            }
            (Some(_), None, None) if self.protocol.is_some() => {
                Err("a service by fwmark has no protocol".to_owned())
            }
            (Some(mark), None, None) => {
                let family = self.family.as_deref().unwrap_or("ipv4");
                Ok(ServiceKey::Fwmark { mark, family: find("family", family, &FAMILIES)? })
            }
            _ => Err("a service needs either address and port, or fwmark".to_owned()),
        }
    }
}

#[cfg(test)]
#[test]
fn a_value_that_is_no_object_is_described_without_names_of_types() {
    let why = serde_json::from_str::<ServiceFields>("1").err().map(|it| it.to_string());
    assert!(why.unwrap_or_default().contains("expected an object with a service at line 1"));
}
