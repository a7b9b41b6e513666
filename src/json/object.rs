//! Objects with the fields of a table, and with further keys before and after them.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::ser::SerializeMap;

use super::value::Reading;
use crate::model::field::{Field, Fields, Record};

/// An object while it is read. A missing further key is `None`.
pub(super) trait Object: Sized {
    /// Type whose fields the object has.
    type Thing: Fields;
    /// Name in messages.
    const NAME: &'static str;

    /// All keys, in the order in which they are written.
    fn names() -> &'static [&'static str];

    /// An object without further keys.
    fn of(record: Record<Self::Thing>) -> Self;

    fn record(&mut self) -> &mut Record<Self::Thing>;

    /// Reads the value of a further key.
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;

    /// A required further key that is missing.
    fn missing(&self) -> Option<&'static str>;
}

/// The keys of an object: `before`, the fields of `T`, `after`.
pub(super) fn names<T: Fields>(
    before: &[&'static str],
    after: &[&'static str],
) -> Vec<&'static str> {
    let fields: Vec<&str> = T::fields().iter().map(|field| field.name).collect();
    [before, &fields, after].concat()
}

/// Reads an object; an unknown key is an error.
pub(super) fn read<'de, O: Object, D: Deserializer<'de>>(from: D) -> Result<O, D::Error> {
    from.deserialize_struct(O::NAME, O::names(), Objects(PhantomData))
}

/// Writes a key unless it has no value.
pub(super) fn entry<M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: Option<&impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

struct Objects<O>(PhantomData<O>);

impl<'de, O: Object> Visitor<'de> for Objects<O> {
    type Value = O;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with {}", O::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<O, A::Error> {
        let mut object = O::of(Record::absent());
        let mut seen = vec![false; O::names().len()];
        while let Some(place) = map.next_key_seed(Key(O::names()))? {
            let name = O::names().get(place).copied().unwrap_or_default();
            if std::mem::replace(&mut seen[place], true) {
                return Err(Error::duplicate_field(name));
            }
            match O::Thing::fields().iter().position(|field| field.name == name) {
                Some(at) => {
                    let Field { shape, absent, .. } = &O::Thing::fields()[at];
                    let reading = Reading { shape: *shape, may_be_null: absent.is_none() };
                    let value = map.next_value_seed(reading)?;
                    object.record().put(at, value);
                }
                None => object.take(name, &mut map)?,
            }
        }
        match object.missing() {
            Some(name) => Err(Error::missing_field(name)),
            None => Ok(object),
        }
    }
}

/// Deserialises a key as its index in these names.
struct Key(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<usize, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let place = self.0.iter().position(|known| *known == name);
        place.ok_or_else(|| Error::unknown_field(name, self.0))
    }
}
