//! The JSON form of a real server.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use serde::de::MapAccess;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::object::{self, Object, entry};
use super::stats::{Counters, RateFields, StatsFields};
use crate::model::field::Record;
use crate::model::{Destination, DestinationEntry, DestinationKey};

static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let connections = ["active_connections", "inactive_connections", "persistent_connections"];
    let after = [&connections[..], &["stats", "rate"]].concat();
    object::names::<Destination>(&["address", "port"], &after)
});

/// A real server; `address` and `port` are its key within the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationFields {
    address: Option<IpAddr>,
    port: Option<u16>,
    values: Record<Destination>,
    active_connections: Option<u32>,
    inactive_connections: Option<u32>,
    persistent_connections: Option<u32>,
    stats: Option<StatsFields>,
    rate: Option<RateFields>,
}

impl Serialize for DestinationFields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        entry(&mut map, "address", self.address.as_ref())?;
        entry(&mut map, "port", self.port.as_ref())?;
        for (name, value) in self.values.iter() {
            map.serialize_entry(name, value)?;
        }
        entry(&mut map, "active_connections", self.active_connections.as_ref())?;
        entry(&mut map, "inactive_connections", self.inactive_connections.as_ref())?;
        entry(&mut map, "persistent_connections", self.persistent_connections.as_ref())?;
        entry(&mut map, "stats", self.stats.as_ref())?;
        entry(&mut map, "rate", self.rate.as_ref())?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for DestinationFields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        object::read(from)
    }
}

impl Object for DestinationFields {
    type Thing = Destination;
    const NAME: &'static str = "a real server";

    fn names() -> &'static [&'static str] {
        &NAMES
    }

    fn of(values: Record<Destination>) -> Self {
        Self {
            address: None,
            port: None,
            values,
            active_connections: None,
            inactive_connections: None,
            persistent_connections: None,
            stats: None,
            rate: None,
        }
    }

    fn record(&mut self) -> &mut Record<Destination> {
        &mut self.values
    }

    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "address" => self.address = Some(map.next_value()?),
            "port" => self.port = Some(map.next_value()?),
            "active_connections" => self.active_connections = map.next_value()?,
            "inactive_connections" => self.inactive_connections = map.next_value()?,
            "persistent_connections" => self.persistent_connections = map.next_value()?,
            "stats" => self.stats = map.next_value()?,
            _ => self.rate = map.next_value()?,
        }
        Ok(())
    }

    fn missing(&self) -> Option<&'static str> {
        match (self.address, self.port) {
            (None, _) => Some("address"),
            (_, None) => Some("port"),
            _ => None,
        }
    }
}

impl From<&Destination> for DestinationFields {
    fn from(destination: &Destination) -> Self {
        let DestinationKey { address, port } = destination.key;
        let (address, port) = (Some(address), Some(port));
        Self { address, port, ..Self::of(Record::from(destination)) }
    }
}

impl DestinationFields {
    /// Converts a listed real server, with the counters that the listing contains.
    pub fn listed(entry: &DestinationEntry, counters: Counters) -> Self {
        let (stats, rate) = counters.of(&entry.stats);
        Self {
            active_connections: Some(entry.active),
            inactive_connections: Some(entry.inactive),
            persistent_connections: Some(entry.persistent),
            stats,
            rate,
            ..Self::from(&entry.destination)
        }
    }

    /// Converts to a real server. Its values may be out of range.
    ///
    /// # Errors
    /// An explanation that begins with the name of the field.
    pub fn destination(&self) -> Result<Destination, String> {
        // `missing` refuses an object without these two keys.
        let address = self.address.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let port = self.port.unwrap_or_default();
        self.values.give(Destination::new(DestinationKey { address, port }))
    }
}
