//! Replaces some fields of a service or real server: `FIELD=VALUE`.

use super::amount::{amount, is_number};
use super::names::proposals;
use super::row::{Field, Fields, Record, Shape, Value};
use crate::model::out_of_range;

/// `FIELD=VALUE`; an empty value removes the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Name of the field.
    pub key: String,
    /// New value of the field.
    pub value: String,
}

/// Reason why an assignment is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadAssignment {
    /// There is no field of this name.
    NoField {
        /// Name as given.
        name: String,
        /// The field that was probably meant, and the valid names, one for each line.
        proposals: Vec<String>,
    },
    /// The field cannot have this value; the text says why.
    Value(String),
}

impl From<String> for BadAssignment {
    fn from(why: String) -> Self {
        Self::Value(why)
    }
}

/// Returns `thing` with these values. An assigned value must be in range; other values may be out
/// of range if another program has set them so.
///
/// # Errors
/// The first assignment that is refused, or values that exclude each other.
pub fn assign<T: Fields>(thing: &T, assignments: &[Assignment]) -> Result<T, BadAssignment> {
    let last = |name: &str| assignments.iter().rfind(|it| it.key == name);
    let mut record = thing.record_for(&|name| last(name).map(|it| it.value.clone()))?;
    for Assignment { key, value } in assignments {
        let place = T::fields().iter().position(|field| field.name == key);
        let Some((place, field)) = place.and_then(|place| Some((place, T::fields().get(place)?)))
        else {
            let (name, proposals) = (key.clone(), proposals::<T>(key));
            return Err(BadAssignment::NoField { name, proposals });
        };
        let value = if value.is_empty() {
            field.absent.clone()
        } else {
            Some(read(field, value, &record)?)
        };
        let is_gone = value.is_none();
        record.put(place, value);
        if is_gone && key == "persistence" {
            record.put_named("netmask", None);
        }
    }
    let changed = record.give(thing.clone())?;
    let odd = out_of_range(&changed).find(|odd| last(odd.field).is_some());
    match odd {
        Some(odd) => Err(BadAssignment::Value(odd.to_string())),
        None => Ok(changed),
    }
}

/// Parses a word as a value of the field. A number may be relative to the current one.
fn read<T: Fields>(
    field: &Field<T>,
    word: &str,
    record: &Record<T>,
) -> Result<Value<'static>, String> {
    let (name, text) = (field.name, || Value::Text(word.to_owned().into()));
    Ok(match field.shape {
        Shape::Switch => match word {
            "true" => Value::Switch(true),
            "false" => Value::Switch(false),
            _ => return Err(format!("{name}: `{word}' is not one of true, false")),
        },
        Shape::Number(numbers) => {
            let current = record.get(name).and_then(Value::number);
            match amount(name, numbers, word, current)? {
                Some(result) => Value::Number(result),
                // Larger numbers are outside every field's range anyway.
                None => Value::Number(word.parse().unwrap_or(u32::MAX)),
            }
        }
        Shape::Port => match word.parse::<u16>() {
            Ok(port) if is_number(word) => Value::Number(port.into()),
            _ => return Err(format!("{name}: `{word}' is not a port number")),
        },
        Shape::Scheduler | Shape::Engine => text(),
        // A number without a name, which another program may have set.
        Shape::Choice(_) => match word.parse::<u16>() {
            Ok(number) => Value::Number(number.into()),
            Err(_) => text(),
        },
        Shape::Flags => Value::List(word.split(',').map(|flag| flag.to_owned().into()).collect()),
        Shape::Mask => word.parse().map_or_else(|_| text(), Value::Number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::compare;
    use crate::model::{
        Checksum, Destination, Forwarding, Granularity, Persistence, SchedulerFlags, SchedulerName,
        Service, ServiceKey, Tunnel,
    };

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
    fn only_named_fields_change_in_a_value() {
        let before = Service { flags: SchedulerFlags::from_bits(3), ..service() };
        let after = assign(&before, &words("scheduler=mh persistence=300")).unwrap();
        assert_eq!(after.scheduler.as_str(), "mh");
        assert_eq!(after.flags, before.flags);
        let back = assign(&after, &words("persistence= scheduler=sh")).unwrap();
        assert_eq!(back, before);
    }

    #[test]
    fn a_tunnel_can_be_set_and_removed() {
        let gue = words("forwarding=tunnel tunnel=gue tunnel_port=6080 weight=0");
        let after = assign(&server(), &gue).unwrap();
        assert!(matches!(after.forwarding, Forwarding::Tunnel(Tunnel::Gue { port: 6080, .. })));
        assert_eq!(after.weight, 0);
        let ipip = assign(&after, &words("tunnel=ipip")).unwrap();
        assert_eq!(ipip.forwarding, Forwarding::Tunnel(Tunnel::Ipip));
        let back = assign(&after, &words("forwarding=route weight=1")).unwrap();
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
            let Err(BadAssignment::Value(text)) = assign(&server(), &words(bad)) else {
                panic!("{bad}");
            };
            assert!(text.contains(part), "{bad}: {text}");
        }
        for (bad, proposal) in [
            ("weigth=1", "did you mean weight=?"),
            ("u-threshold=1", "did you mean upper_threshold=?"),
            ("address=10.0.0.1", "the fields of a real server are forwarding, tunnel, "),
            ("scheduler=rr", "scheduler is a field of the service: leave out -r"),
        ] {
            let Err(BadAssignment::NoField { proposals, .. }) = assign(&server(), &words(bad))
            else {
                panic!("{bad}");
            };
            assert!(proposals[0].starts_with(proposal), "{bad}: {proposals:?}");
        }
        for bad in [
            "flags=mh-port",
            "netmask=255.255.255.0",
            "destinations=1",
            "persistence=0",
            "persistence=2678401",
            "persistence=300 netmask=24",
        ] {
            assert!(assign(&service(), &words(bad)).is_err(), "{bad}");
        }
        for field in Service::fields().iter().filter(|field| field.shape == Shape::Switch) {
            let bad = format!("{}=maybe", field.name);
            assert!(assign(&service(), &words(&bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn details_of_a_tunnel_stay_if_the_new_kind_has_them() {
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
            assert_eq!(assign(&before, &words(text)), Ok(after), "{text}");
        }
        let odd = Tunnel::Other { kind: 1, port: 6080, flags: 9 };
        let after = assign(&tunnel(odd), &words("tunnel=gue"));
        assert_eq!(after, Ok(gue(Checksum::None)));
    }

    #[test]
    fn out_of_range_values_of_other_programs_stay() {
        let hole = Granularity::V4([255, 0, 255, 0].into());
        let persistence = Some(Persistence { timeout: u32::MAX, granularity: hole });
        let odd = Service { persistence, ..service() };
        let after = assign(&odd, &words("scheduler=rr")).unwrap();
        assert_eq!(after.persistence, persistence);
        assert!(assign(&odd, &words("persistence=2678401")).is_err());
        let odd = Destination { upper_threshold: u32::MAX, ..server() };
        let after = assign(&odd, &words("weight=0")).unwrap();
        assert_eq!((after.weight, after.upper_threshold), (0, u32::MAX));
    }

    #[test]
    fn noncontiguous_masks_are_accepted() {
        let after = assign(&service(), &words("persistence=300 netmask=0.0.0.24")).unwrap();
        let granularity = Granularity::V4([0, 0, 0, 24].into());
        assert_eq!(after.persistence, Some(Persistence { timeout: 300, granularity }));
    }

    #[test]
    fn differences_show_the_old_and_the_new_value() {
        let after = Destination { weight: 3, upper_threshold: 10, ..server() };
        let changes = compare(&server(), &after);
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(changes, ["upper_threshold none -> 10", "weight 1 -> 3"]);
    }
}
