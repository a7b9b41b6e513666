//! Fields by name: what differs between two values, and values with some fields replaced.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::amount::amount;
use super::field_names::{SERVER_FIELDS, SERVICE_FIELDS, proposals};
use super::{DaemonFields, DestinationFields, ServiceFields, TimeoutsFields};
use crate::error::Rejection;
use crate::model::{
    Daemon, Destination, Forwarding, OutOfRange, SchedulerName, Service, Timeouts, odd_destination,
    odd_service,
};

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
    let fields: ServiceFields = with(service.fields(), &SERVICE_FIELDS, words)?;
    let service = fields.service().map_err(Rejection::Field)?;
    in_range(odd_service(&service), words)?;
    Ok(service)
}

/// The real server with these fields. Without tunnelling there is no tunnel.
pub fn destination_with(
    destination: &Destination,
    words: &[Assignment],
) -> Result<Destination, Rejection> {
    let leaves = |word: &Assignment| word.key == "forwarding" && word.value != "tunnel";
    let base = if words.iter().any(leaves) {
        Destination { forwarding: Forwarding::Route, ..*destination }
    } else {
        *destination
    };
    let mut map = base.fields();
    if let Some(word) = words.iter().rfind(|word| word.key == "tunnel") {
        change_tunnel(&mut map, &word.value);
    }
    let fields: DestinationFields = with(map, &SERVER_FIELDS, words)?;
    let destination = fields.destination().map_err(Rejection::Field)?;
    in_range(odd_destination(&destination), words)?;
    Ok(destination)
}

/// Takes away the details that a tunnel of this kind has not.
fn change_tunnel(map: &mut Map<String, Value>, kind: &str) {
    if map.get("tunnel") == Some(&read("tunnel", kind)) {
        return;
    }
    let checksum = map.get("tunnel_checksum").and_then(Value::as_str);
    let (has_port, has_checksum) = match kind {
        "gue" => (true, checksum.is_some()),
        "gre" => (false, matches!(checksum, Some("none" | "full"))),
        "ipip" | "" => (false, false),
        _ => (true, true),
    };
    map.retain(|name, _| match name.as_str() {
        "tunnel_port" => has_port,
        "tunnel_checksum" => has_checksum,
        _ => true,
    });
}

/// What other programs have made odd may stay so; what is named must be in its range.
fn in_range(
    mut odd: impl Iterator<Item = OutOfRange>,
    words: &[Assignment],
) -> Result<(), Rejection> {
    match odd.find(|odd| words.iter().any(|word| word.key == odd.field)) {
        Some(odd) => Err(Rejection::Field(odd.to_string())),
        None => Ok(()),
    }
}

fn with<T: DeserializeOwned>(
    mut map: Map<String, Value>,
    known: &[&str],
    words: &[Assignment],
) -> Result<T, Rejection> {
    for Assignment { key, value } in words {
        if !known.contains(&key.as_str()) {
            let (name, proposals) = (key.clone(), proposals(key, known));
            return Err(Rejection::NoField { name, proposals });
        }
        if value.is_empty() {
            map.remove(key);
        } else {
            let current = map.get(key).and_then(Value::as_u64);
            let result = amount(key, value, current).map_err(Rejection::Field)?;
            map.insert(key.clone(), result.map_or_else(|| read(key, value), Value::from));
        }
        if key == "persistence" && value.is_empty() {
            map.remove("netmask");
        }
    }
    serde_json::from_value(Value::Object(map)).map_err(|error| Rejection::Field(error.to_string()))
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
    use crate::model::{Checksum, Granularity, Persistence, SchedulerFlags, ServiceKey, Tunnel};

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
            ("weight=x", "expected N, +N, -N or N%"),
            ("weight=-2", "1 - 2 is out of range"),
            ("weight=2147483648", "0 to 2147483647"),
            ("upper_threshold=2147483648", "0 to 2147483647"),
            ("lower_threshold=2147483648", "0 to 2147483647"),
            ("forwarding=nat", "masquerade"),
            ("tunnel_port=1", "forwarding tunnel"),
        ] {
            let Err(Rejection::Field(text)) = destination_with(&server(), &words(bad)) else {
                panic!("{bad}");
            };
            assert!(text.contains(part), "{bad}: {text}");
        }
        for (bad, proposal) in [
            ("weigth=1", "did you mean weight=?"),
            ("u-threshold=1", "did you mean upper_threshold=?"),
            ("address=10.0.0.1", "the fields of a real server are weight, forwarding, "),
            ("scheduler=rr", "scheduler is a field of the service: leave -r out"),
        ] {
            let Err(Rejection::NoField { proposals, .. }) =
                destination_with(&server(), &words(bad))
            else {
                panic!("{bad}");
            };
            assert!(proposals[0].starts_with(proposal), "{bad}: {proposals:?}");
        }
        for bad in [
            "flags=mh-port",
            "netmask=255.255.255.0",
            "one_packet=maybe",
            "destinations=1",
            "persistence=0",
            "persistence=2678401",
            "persistence=300 netmask=24",
        ] {
            assert!(service_with(&service(), &words(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn details_of_a_tunnel_stay_where_the_new_kind_has_them() {
        let tunnel = |tunnel| Destination { forwarding: Forwarding::Tunnel(tunnel), ..server() };
        let gue = |checksum| tunnel(Tunnel::Gue { port: 6080, checksum });
        let gre = |checksum| tunnel(Tunnel::Gre { checksum });
        for (before, text, after) in [
            (gre(Checksum::Full), "tunnel=gre", gre(Checksum::Full)),
            (gue(Checksum::Remote), "tunnel=gue", gue(Checksum::Remote)),
            (gue(Checksum::Full), "tunnel=gre", gre(Checksum::Full)),
            (gue(Checksum::Remote), "tunnel=gre", gre(Checksum::None)),
            (gre(Checksum::Full), "tunnel=gue tunnel_port=6080", gue(Checksum::Full)),
            (gue(Checksum::Full), "tunnel=ipip", tunnel(Tunnel::Ipip)),
            (gue(Checksum::Full), "tunnel=", tunnel(Tunnel::Ipip)),
        ] {
            assert_eq!(destination_with(&before, &words(text)), Ok(after), "{text}");
        }
        let odd = Tunnel::Other { kind: 1, port: 6080, flags: 9 };
        let after = destination_with(&tunnel(odd), &words("tunnel=gue"));
        assert_eq!(after, Ok(gue(Checksum::None)));
    }

    #[test]
    fn what_another_program_made_odd_stays_so() {
        let hole = Granularity::V4([255, 0, 255, 0].into());
        let persistence = Some(Persistence { timeout: u32::MAX, granularity: hole });
        let odd = Service { persistence, ..service() };
        let after = service_with(&odd, &words("scheduler=rr")).unwrap();
        assert_eq!(after.persistence, persistence);
        assert!(service_with(&odd, &words("persistence=2678401")).is_err());
        let odd = Destination { upper_threshold: u32::MAX, ..server() };
        let after = destination_with(&odd, &words("weight=0")).unwrap();
        assert_eq!((after.weight, after.upper_threshold), (0, u32::MAX));
    }

    #[test]
    fn a_mask_may_have_holes() {
        let after = service_with(&service(), &words("persistence=300 netmask=0.0.0.24")).unwrap();
        let granularity = Granularity::V4([0, 0, 0, 24].into());
        assert_eq!(after.persistence, Some(Persistence { timeout: 300, granularity }));
    }

    #[test]
    fn what_differs_is_said_with_old_and_new() {
        let after = Destination { weight: 3, upper_threshold: 10, ..server() };
        assert_eq!(compare(&server(), &after), ["upper_threshold none -> 10", "weight 1 -> 3"]);
    }
}
