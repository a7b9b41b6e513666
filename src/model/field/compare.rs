//! Compares two values field by field.

use std::fmt;

use super::row::{Fields, Value};
use crate::model::{Daemon, Timeouts};

/// A type with named values.
pub trait Compared {
    /// Each value with its name in JSON.
    fn values(&self) -> Vec<(&'static str, Option<Value<'_>>)>;
}

impl<T: Fields> Compared for T {
    fn values(&self) -> Vec<(&'static str, Option<Value<'_>>)> {
        T::fields().iter().map(|field| (field.name, (field.get)(self))).collect()
    }
}

impl Compared for Daemon {
    fn values(&self) -> Vec<(&'static str, Option<Value<'_>>)> {
        let number = |number: u32| Some(Value::Number(number));
        vec![
            ("role", Some(self.role.as_str().into())),
            ("interface", Some(self.interface.as_str().into())),
            ("sync_id", number(self.sync_id.into())),
            ("max_length", self.max_length.and_then(|it| number(it.into()))),
            ("group", self.group.map(|it| Value::Text(it.to_string().into()))),
            ("port", self.port.and_then(|it| number(it.into()))),
            ("ttl", self.ttl.and_then(|it| number(it.into()))),
        ]
    }
}

impl Compared for Timeouts {
    fn values(&self) -> Vec<(&'static str, Option<Value<'_>>)> {
        let Self { tcp, tcp_fin, udp } = *self;
        let values = [("tcp", tcp), ("tcp_fin", tcp_fin), ("udp", udp)];
        values.into_iter().map(|(name, value)| (name, Some(Value::Number(value)))).collect()
    }
}

/// A field whose value has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Name of the field in JSON.
    pub name: &'static str,
    /// Former value; `none` if there was none.
    old: String,
    new: String,
}

/// Writes `weight 1 -> 3`.
impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.name, self.old, self.new)
    }
}

/// The fields that differ, sorted by name.
pub fn compare<T: Compared>(old: &T, new: &T) -> Vec<FieldChange> {
    // A tunnel without a checksum and a server without a tunnel both say `none`, and count as
    // equal.
    let text = |value: Option<Value<'_>>| value.map_or("none".to_owned(), |it| it.to_string());
    let sides = old.values().into_iter().zip(new.values());
    let changes =
        sides.map(|((name, old), (_, new))| FieldChange { name, old: text(old), new: text(new) });
    let mut changes: Vec<FieldChange> = changes.filter(|it| it.old != it.new).collect();
    changes.sort_by_key(|it| it.name);
    changes
}
