//! The table of the fields of a real server.

use std::borrow::Cow;

use super::row::{Field, FieldOption, Fields, Numbers, Record, Shape, Unit, Value, find};
use crate::model::{Checksum, Destination, Forwarding, MAX_WEIGHT, Tunnel};

const TUNNEL: &str = "tunnel";
const METHODS: [(&str, Forwarding); 4] = [
    ("route", Forwarding::Route),
    ("masquerade", Forwarding::Masquerade),
    ("local", Forwarding::Local),
    ("bypass", Forwarding::Bypass),
];
const CHECKSUMS: [(&str, Checksum); 3] =
    [("none", Checksum::None), ("full", Checksum::Full), ("remote", Checksum::Remote)];

/// A threshold. Kernels before 7.2 can hold every 32-bit number.
const LIMIT: Shape = Shape::Number(Numbers {
    least: 0,
    most: MAX_WEIGHT,
    most_possible: u32::MAX,
    unit: Unit::Limit,
});

static FIELDS: [Field<Destination>; 7] = [
    Field {
        name: "forwarding",
        synonyms: &["g", "i", "m", "method"],
        options: &[
            FieldOption::fixed("gatewaying", "route"),
            FieldOption::fixed("ipip", TUNNEL),
            FieldOption::fixed("masquerading", "masquerade"),
        ],
        shape: Shape::Choice(&["route", "masquerade", TUNNEL]),
        absent: Some(Value::Text(Cow::Borrowed("route"))),
        get: |server| {
            Some(match server.forwarding {
                Forwarding::Tunnel(_) => TUNNEL.into(),
                Forwarding::Other(number) => Value::Number(number.into()),
                forwarding => name(&forwarding, &METHODS)?,
            })
        },
        set: |server, value, record| {
            server.forwarding = forwarding(value, record)?;
            Ok(())
        },
    },
    Field {
        name: TUNNEL,
        synonyms: &[],
        options: &[FieldOption::value("tun-type")],
        shape: Shape::Choice(&["ipip", "gue", "gre"]),
        absent: None,
        get: |server| {
            Some(match tunnel_of(server)? {
                Tunnel::Ipip => "ipip".into(),
                Tunnel::Gue { .. } => "gue".into(),
                Tunnel::Gre { .. } => "gre".into(),
                Tunnel::Other { kind, .. } => Value::Number(kind.into()),
            })
        },
        set: with_forwarding,
    },
    Field {
        name: "tunnel_port",
        synonyms: &[],
        options: &[FieldOption::value("tun-port")],
        shape: Shape::Port,
        absent: Some(Value::Number(0)),
        get: |server| {
            let (_, port, _) = tunnel_of(server)?.numbers();
            (port != 0).then_some(Value::Number(port.into()))
        },
        set: with_forwarding,
    },
    Field {
        name: "tunnel_checksum",
        synonyms: &[],
        options: &[
            FieldOption::fixed("tun-nocsum", "none"),
            FieldOption::fixed("tun-csum", "full"),
            FieldOption::fixed("tun-remcsum", "remote"),
        ],
        shape: Shape::Choice(&["none", "full", "remote"]),
        absent: None,
        get: |server| match tunnel_of(server)? {
            Tunnel::Ipip => None,
            Tunnel::Gue { checksum, .. } | Tunnel::Gre { checksum } => name(&checksum, &CHECKSUMS),
            Tunnel::Other { flags, .. } => Some(Value::Number(flags.into())),
        },
        set: with_forwarding,
    },
    Field {
        name: "weight",
        synonyms: &["w"],
        options: &[FieldOption::value("weight")],
        shape: Shape::Number(Numbers {
            least: 0,
            most: MAX_WEIGHT,
            most_possible: MAX_WEIGHT,
            unit: Unit::One,
        }),
        absent: Some(Value::Number(1)),
        get: |server| Some(Value::Number(server.weight)),
        set: |server, value, _| {
            server.weight = value.and_then(Value::number).unwrap_or(1);
            Ok(())
        },
    },
    Field {
        name: "upper_threshold",
        synonyms: &["x"],
        options: &[FieldOption::value("u-threshold")],
        shape: LIMIT,
        absent: Some(Value::Number(0)),
        get: |server| (server.upper_threshold != 0).then(|| server.upper_threshold.into()),
        set: |server, value, _| {
            server.upper_threshold = value.and_then(Value::number).unwrap_or(0);
            Ok(())
        },
    },
    Field {
        name: "lower_threshold",
        synonyms: &["y"],
        options: &[FieldOption::value("l-threshold")],
        shape: LIMIT,
        absent: Some(Value::Number(0)),
        get: |server| (server.lower_threshold != 0).then(|| server.lower_threshold.into()),
        set: |server, value, _| {
            server.lower_threshold = value.and_then(Value::number).unwrap_or(0);
            Ok(())
        },
    },
];

fn name<T: PartialEq>(value: &T, table: &[(&'static str, T)]) -> Option<Value<'static>> {
    table.iter().find(|(_, known)| known == value).map(|(name, _)| (*name).into())
}

fn tunnel_of(server: &Destination) -> Option<Tunnel> {
    match server.forwarding {
        Forwarding::Tunnel(tunnel) => Some(tunnel),
        _ => None,
    }
}

/// Does nothing: the row of `forwarding` sets the details of a tunnel too.
#[allow(clippy::unnecessary_wraps)] // the type of a row needs a Result
fn with_forwarding(
    _: &mut Destination,
    _: Option<&Value<'_>>,
    _: &Record<Destination>,
) -> Result<(), String> {
    Ok(())
}

fn forwarding(
    value: Option<&Value<'_>>,
    record: &Record<Destination>,
) -> Result<Forwarding, String> {
    let is_plain = record.get(TUNNEL).is_none()
        && port(record) == 0
        && record.get("tunnel_checksum").is_none();
    match value {
        Some(Value::Text(word)) if word == TUNNEL => Ok(Forwarding::Tunnel(tunnel(record)?)),
        _ if !is_plain => {
            Err("tunnel, tunnel_port and tunnel_checksum need forwarding tunnel".into())
        }
        Some(Value::Number(number @ 5..=7)) => {
            let [.., number] = number.to_be_bytes();
            Ok(Forwarding::Other(number))
        }
        Some(Value::Number(number)) => {
            Err(format!("forwarding: `{number}' is not valid: expected a name, or 5 to 7"))
        }
        Some(Value::Text(word)) => {
            find("forwarding", word, &METHODS).map_err(|text| format!("{text}, {TUNNEL}"))
        }
        _ => Ok(Forwarding::Route),
    }
}

/// Port of the tunnel; 0 if there is none.
fn port(record: &Record<Destination>) -> u16 {
    let port = record.get("tunnel_port").and_then(Value::number);
    port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0)
}

fn tunnel(record: &Record<Destination>) -> Result<Tunnel, String> {
    let (kind, port) = (record.get(TUNNEL), port(record));
    let checksum = match record.get("tunnel_checksum") {
        Some(Value::Text(word)) => find("tunnel_checksum", word, &CHECKSUMS)?,
        Some(Value::Number(flags)) => {
            let Some(Value::Number(kind)) = kind else {
                return Err("tunnel_checksum: if it is a number, tunnel must be one too".into());
            };
            let kind = u8::try_from(*kind).map_err(|_| "tunnel: at most 255".to_owned())?;
            let flags = u16::try_from(*flags).map_err(|_| "tunnel_checksum: at most 65535")?;
            return Ok(Tunnel::from_numbers(kind, port, flags));
        }
        _ => Checksum::None,
    };
    let word = match kind {
        Some(Value::Text(word)) => word,
        None => "ipip",
        _ => return Err("tunnel: if it is a number, tunnel_checksum must be one too".into()),
    };
    match (word, port, checksum) {
        ("ipip", 0, Checksum::None) => Ok(Tunnel::Ipip),
        ("ipip", ..) => Err("tunnel: ipip has neither port nor checksum".into()),
        ("gue", 1.., checksum) => Ok(Tunnel::Gue { port, checksum }),
        ("gue", ..) => Err("tunnel: gue needs tunnel_port".into()),
        ("gre", 0, Checksum::None | Checksum::Full) => Ok(Tunnel::Gre { checksum }),
        ("gre", ..) => Err("tunnel: gre has no port, and no remote checksum".into()),
        _ => Err(format!("tunnel: `{word}' is not one of ipip, gue, gre")),
    }
}

impl Fields for Destination {
    const NAME: &'static str = "a real server";
    const INSTEAD: &'static str = "a field of a real server: name it with -r RIP:PORT";

    fn is_usual(&self) -> bool {
        self.weight.max(self.upper_threshold).max(self.lower_threshold) <= MAX_WEIGHT
    }

    fn fields() -> &'static [Field<Self>] {
        &FIELDS
    }

    /// A method without a tunnel has none of its details; another kind of tunnel may have fewer.
    fn record_for(
        &self,
        assigned: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Record<Self>, String> {
        if assigned("forwarding").is_some_and(|method| method != TUNNEL) {
            return Ok(Record::from(&Self { forwarding: Forwarding::Route, ..*self }));
        }
        let mut record = Record::from(self);
        if let Some(kind) = assigned(TUNNEL) {
            change_tunnel(&mut record, &kind);
        }
        Ok(record)
    }
}

/// Removes the details that a tunnel of this kind does not have.
fn change_tunnel(record: &mut Record<Destination>, kind: &str) {
    if record.get(TUNNEL).is_some_and(|current| current.to_string() == kind) {
        return;
    }
    let checksum = record.get("tunnel_checksum").and_then(Value::text);
    let (has_port, has_checksum) = match kind {
        "gue" => (true, checksum.is_some()),
        "gre" => (false, matches!(checksum, Some("none" | "full"))),
        "ipip" | "" => (false, false),
        _ => (true, true),
    };
    if !has_port {
        record.put_named("tunnel_port", None);
    }
    if !has_checksum {
        record.put_named("tunnel_checksum", None);
    }
}
