//! The table of the fields of a service.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::row::{Field, FieldOption, Fields, Numbers, Record, Shape, Unit, Value};
use crate::model::{
    BadFlag, EngineName, Family, Granularity, MAX_PERSISTENCE, Persistence, SchedulerFlags,
    SchedulerName, Service,
};

/// Longest persistence timeout in seconds that every kernel can hold. The kernel counts at least
/// 100 ticks a second in 32 bits, which wrap.
const MOST_PERSISTENCE: u32 = u32::MAX / 100;

static FIELDS: [Field<Service>; 6] = [
    Field {
        name: "scheduler",
        synonyms: &["s"],
        options: &[FieldOption::value("scheduler")],
        shape: Shape::Scheduler,
        absent: Some(Value::Text(Cow::Borrowed("wlc"))),
        get: |service| Some(service.scheduler.as_str().into()),
        set: |service, value, _| {
            let name = value.and_then(Value::text).unwrap_or_default();
            if name.is_empty() {
                return Err("scheduler: the name is empty".to_owned());
            }
            service.scheduler = SchedulerName::new(name).map_err(|why| why.to_string())?;
            Ok(())
        },
    },
    Field {
        name: "flags",
        synonyms: &["b"],
        options: &[FieldOption::value("sched-flags")],
        shape: Shape::Flags,
        absent: Some(Value::List(Vec::new())),
        get: |service| {
            let names = service.flags.names(service.scheduler.as_str());
            let names: Vec<_> = names.into_iter().map(Cow::Borrowed).collect();
            (!names.is_empty()).then_some(Value::List(names))
        },
        set: |service, value, _| {
            let list = value.map(ToString::to_string).unwrap_or_default();
            let scheduler = service.scheduler;
            service.flags =
                SchedulerFlags::parse(&list, scheduler.as_str()).map_err(|flag| match flag {
                    BadFlag::Unknown(word) => format!("flags: there is no flag `{word}'"),
                    BadFlag::Foreign(word) => format!("flags: {scheduler} has no flag `{word}'"),
                })?;
            Ok(())
        },
    },
    Field {
        name: "persistence",
        synonyms: &["p", "timeout"],
        options: &[FieldOption::value("persistent")],
        shape: Shape::Number(Numbers {
            least: 1,
            most: MAX_PERSISTENCE,
            most_possible: MOST_PERSISTENCE,
            unit: Unit::Seconds,
        }),
        absent: None,
        get: |service| Some(Value::Number(service.persistence?.timeout)),
        set: |service, value, _| {
            let granularity = Granularity::host(service.key.family());
            let timeout = value.and_then(Value::number);
            service.persistence = timeout.map(|timeout| Persistence { timeout, granularity });
            Ok(())
        },
    },
    Field {
        name: "netmask",
        synonyms: &["mask"],
        options: &[FieldOption::value("netmask")],
        shape: Shape::Mask,
        absent: None,
        get: |service| match service.persistence?.granularity {
            granularity if granularity.is_host() => None,
            Granularity::V4(mask) => Some(Value::Text(mask.to_string().into())),
            Granularity::V6(length) => Some(Value::Number(length)),
        },
        set: set_netmask,
    },
    Field {
        name: "engine",
        synonyms: &["persistence_engine"],
        options: &[FieldOption::value("pe")],
        shape: Shape::Engine,
        absent: None,
        get: |service| Some(service.engine.as_ref()?.as_str().into()),
        set: |service, value, _| {
            // An empty name is the kernel's form of "no engine".
            let name = value.and_then(Value::text).filter(|name| !name.is_empty());
            let name = name.map(EngineName::new).transpose();
            service.engine = name.map_err(|why| why.to_string())?;
            Ok(())
        },
    },
    Field {
        name: "one_packet",
        synonyms: &["o"],
        options: &[FieldOption::fixed("ops", "true")],
        shape: Shape::Switch,
        absent: Some(Value::Switch(false)),
        get: |service| service.one_packet.then_some(Value::Switch(true)),
        set: |service, value, _| {
            service.one_packet = value == Some(&Value::Switch(true));
            Ok(())
        },
    },
];

/// The mask that `/24` stands for.
fn of_length(length: &str) -> Option<Ipv4Addr> {
    let length: u32 = length.parse().ok().filter(|length| (1..=32).contains(length))?;
    Some(Ipv4Addr::from_bits(u32::MAX << (32 - length)))
}

fn set_netmask(
    service: &mut Service,
    value: Option<&Value<'_>>,
    _: &Record<Service>,
) -> Result<(), String> {
    let Some(value) = value else { return Ok(()) };
    let family = service.key.family();
    let Some(persistence) = &mut service.persistence else {
        return Err("netmask needs persistence".to_owned());
    };
    let mask = value.text().and_then(|text| match text.strip_prefix('/') {
        Some(length) => of_length(length),
        None => text.parse().ok(),
    });
    persistence.granularity = match (mask, value.number(), family) {
        (Some(mask), _, Family::V4) => Granularity::V4(mask),
        (_, Some(length), Family::V6) => Granularity::V6(length),
        (.., Family::V4) => {
            return Err("netmask: expected a mask such as 255.255.255.0 or /24".to_owned());
        }
        (.., Family::V6) => return Err("netmask: expected 1 to 128".to_owned()),
    };
    Ok(())
}

impl Fields for Service {
    const NAME: &'static str = "a service";
    const INSTEAD: &'static str = "a field of the service: leave out -r";

    fn is_usual(&self) -> bool {
        self.persistence.is_none()
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    /// The new scheduler is set first, because it decides the names of flags.
    fn record_for(
        &self,
        assigned: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Record<Self>, String> {
        let mut service = self.clone();
        if let Some(name) = assigned("scheduler") {
            service.scheduler = SchedulerName::new(&name).map_err(|why| why.to_string())?;
        }
        Ok(Record::from(&service))
    }
}
