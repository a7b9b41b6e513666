//! Fields by name: what differs between two values, and values with some fields replaced.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{DaemonFields, DestinationFields, ServiceFields, TimeoutsFields};
use crate::error::Rejection;
use crate::model::{Daemon, Destination, SchedulerName, Service, Timeouts};

/// What identifies a thing, and what is only read: no field to set.
const FIXED: [&str; 11] = [
    "protocol",
    "address",
    "port",
    "fwmark",
    "family",
    "destinations",
    "stats",
    "rate",
    "active_connections",
    "inactive_connections",
    "persistent_connections",
];

/// What can be set of a service.
pub const SERVICE_FIELDS: [&str; 6] =
    ["scheduler", "flags", "persistence", "netmask", "engine", "one_packet"];

/// What can be set of a real server.
pub const SERVER_FIELDS: [&str; 7] = [
    "weight",
    "forwarding",
    "upper_threshold",
    "lower_threshold",
    "tunnel",
    "tunnel_port",
    "tunnel_checksum",
];

/// `KEY=VALUE`; an empty value takes the field away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The name of a field, as in JSON.
    pub key: String,
    /// Its new value.
    pub value: String,
}

/// A thing with fields.
pub trait Fields {
    /// Its fields by name.
    fn fields(&self) -> Map<String, Value>;
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

impl Fields for Service {
    fn fields(&self) -> Map<String, Value> {
        object(&ServiceFields::from(self))
    }
}

impl Fields for Destination {
    fn fields(&self) -> Map<String, Value> {
        object(&DestinationFields::from(self))
    }
}

impl Fields for Daemon {
    fn fields(&self) -> Map<String, Value> {
        object(&DaemonFields::from(self))
    }
}

impl Fields for Timeouts {
    fn fields(&self) -> Map<String, Value> {
        object(&TimeoutsFields::from(self))
    }
}

/// The fields that differ, each as `NAME OLD -> NEW`.
pub fn compare<T: Fields>(old: &T, new: &T) -> Vec<String> {
    let (old, new) = (old.fields(), new.fields());
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let text = |value: Option<&Value>| value.map_or("none".to_owned(), plain);
    let sides = names.into_iter().map(|name| (name, text(old.get(name)), text(new.get(name))));
    // A tunnel without a checksum, and what is no tunnel, say the same.
    let differing = sides.filter(|(_, old, new)| old != new);
    differing.map(|(name, old, new)| format!("{name} {old} -> {new}")).collect()
}

/// A value as people write it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The service with these fields. The scheduler comes first: names of flags depend on it.
pub fn service_with(service: &Service, words: &[Assignment]) -> Result<Service, Rejection> {
    let mut service = service.clone();
    if let Some(word) = words.iter().rfind(|word| word.key == "scheduler") {
        let name = SchedulerName::new(&word.value);
        service.scheduler = name.map_err(|why| Rejection::Field(why.to_string()))?;
    }
    let fields: ServiceFields = with(&service, &SERVICE_FIELDS, words)?;
    fields.service().map_err(Rejection::Field)
}

/// The real server with these fields. Without tunnelling there is no tunnel.
pub fn destination_with(
    destination: &Destination,
    words: &[Assignment],
) -> Result<Destination, Rejection> {
    let leaves = |word: &Assignment| word.key == "forwarding" && word.value != "tunnel";
    let base = if words.iter().any(leaves) {
        Destination { forwarding: crate::model::Forwarding::Route, ..*destination }
    } else {
        *destination
    };
    let fields: DestinationFields = with(&base, &SERVER_FIELDS, words)?;
    fields.destination().map_err(Rejection::Field)
}

fn with<T: DeserializeOwned>(
    value: &impl Fields,
    known: &[&str],
    words: &[Assignment],
) -> Result<T, Rejection> {
    let mut map = value.fields();
    for Assignment { key, value } in words {
        if FIXED.contains(&key.as_str()) || !known.contains(&key.as_str()) {
            let text =
                format!("there is no field `{key}' to set: it is one of {}", known.join(", "));
            return Err(Rejection::Field(text));
        }
        if value.is_empty() {
            map.remove(key);
        } else {
            map.insert(key.clone(), read(key, value));
        }
        if key == "persistence" && value.is_empty() {
            map.remove("netmask");
        }
        if key == "tunnel" {
            map.retain(|name, _| !name.starts_with("tunnel_") || names(words, name));
        }
    }
    serde_json::from_value(Value::Object(map)).map_err(|error| Rejection::Field(error.to_string()))
}

fn names(words: &[Assignment], key: &str) -> bool {
    words.iter().any(|word| word.key == key)
}

/// A word of the command line as the field takes it.
fn read(key: &str, word: &str) -> Value {
    match word {
        _ if key == "flags" => {
            Value::Array(word.split(',').map(|flag| Value::String(flag.to_owned())).collect())
        }
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => word.parse::<u64>().map_or_else(|_| Value::String(word.to_owned()), Value::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Forwarding, SchedulerFlags, ServiceKey, Tunnel};

    fn words(text: &str) -> Vec<Assignment> {
        let pairs = text.split(' ').filter_map(|word| word.split_once('='));
        pairs.map(|(key, value)| Assignment { key: key.into(), value: value.into() }).collect()
    }

    fn service() -> Service {
        let key = ServiceKey::tcp("192.0.2.80:80".parse().unwrap());
        Service::new(key, SchedulerName::new("sh").unwrap())
    }

    fn server() -> Destination {
        Destination::new("198.51.100.21:80".parse::<std::net::SocketAddr>().unwrap())
    }

    #[test]
    fn only_what_is_named_changes() {
        let before = Service { flags: SchedulerFlags::from_bits(3), ..service() };
        let after = service_with(&before, &words("scheduler=mh persistence=300")).unwrap();
        assert_eq!(after.scheduler.as_str(), "mh");
        assert_eq!(after.flags, before.flags);
        let back = service_with(&after, &words("persistence= scheduler=sh")).unwrap();
        assert_eq!(back, before);
    }

    #[test]
    fn a_tunnel_is_made_and_left() {
        let gue = words("forwarding=tunnel tunnel=gue tunnel_port=6080 weight=0");
        let after = destination_with(&server(), &gue).unwrap();
        assert!(matches!(after.forwarding, Forwarding::Tunnel(Tunnel::Gue { port: 6080, .. })));
        assert_eq!(after.weight, 0);
        let ipip = destination_with(&after, &words("tunnel=ipip")).unwrap();
        assert_eq!(ipip.forwarding, Forwarding::Tunnel(Tunnel::Ipip));
        let back = destination_with(&after, &words("forwarding=route weight=1")).unwrap();
        assert_eq!(back, server());
    }

    #[test]
    fn mistakes_are_named() {
        for (bad, part) in [
            ("weight=x", "u32"),
            ("weight=-1", "u32"),
            ("weight=2147483648", "at most"),
            ("weigth=1", "weigth"),
            ("address=10.0.0.1", "address"),
            ("forwarding=nat", "masquerade"),
            ("tunnel_port=1", "forwarding tunnel"),
        ] {
            let Err(Rejection::Field(text)) = destination_with(&server(), &words(bad)) else {
                panic!("{bad}");
            };
            assert!(text.contains(part), "{bad}: {text}");
        }
        for bad in ["flags=mh-port", "netmask=255.255.255.0", "one_packet=maybe", "destinations=1"]
        {
            assert!(service_with(&service(), &words(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_differs_is_said_with_old_and_new() {
        let after = Destination { weight: 3, upper_threshold: 10, ..server() };
        assert_eq!(compare(&server(), &after), ["upper_threshold none -> 10", "weight 1 -> 3"]);
    }
}
