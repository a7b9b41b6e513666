//! Reads and writes the value of a field.

use std::net::Ipv4Addr;

use serde::de::{Deserialize, DeserializeSeed, Deserializer};
use serde::{Serialize, Serializer};

use super::word::Word;
use crate::model::field::{Shape, Value};

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Switch(on) => to.serialize_bool(*on),
            Self::Number(number) => to.serialize_u32(*number),
            Self::Text(text) => to.serialize_str(text),
            Self::List(list) => list.serialize(to),
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "expected a mask such as 255.255.255.0, or a prefix length")]
enum Netmask {
    V4(Ipv4Addr),
    V6(u32),
}

impl From<Netmask> for Value<'static> {
    fn from(mask: Netmask) -> Self {
        match mask {
            Netmask::V4(mask) => Self::Text(mask.to_string().into()),
            Netmask::V6(length) => Self::Number(length),
        }
    }
}

impl From<Word> for Value<'static> {
    fn from(word: Word) -> Self {
        match word {
            Word::Text(text) => Self::Text(text.into()),
            Word::Number(number) => Self::Number(number.into()),
        }
    }
}

/// Reads a value of this shape. It may be out of range.
pub(super) struct Reading {
    pub(super) shape: Shape,
    /// `null` is accepted and means the same as a missing key.
    pub(super) may_be_null: bool,
}

impl<'de> DeserializeSeed<'de> for Reading {
    type Value = Option<Value<'static>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        let text = |text: String| Value::Text(text.into());
        match self.shape {
            Shape::Switch => self.read(from, Value::Switch),
            Shape::Number(_) => self.read(from, Value::Number),
            Shape::Port => self.read(from, |port: u16| Value::Number(port.into())),
            Shape::Scheduler | Shape::Engine => self.read(from, text),
            Shape::Choice(_) => self.read(from, Word::into),
            Shape::Flags => self.read(from, |flags: Vec<String>| {
                Value::List(flags.into_iter().map(Into::into).collect())
            }),
            Shape::Mask => self.read(from, Netmask::into),
        }
    }
}

impl Reading {
    fn read<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        &self,
        from: D,
        value: impl FnOnce(T) -> Value<'static>,
    ) -> Result<Option<Value<'static>>, D::Error> {
        if self.may_be_null {
            Ok(Option::<T>::deserialize(from)?.map(value))
        } else {
            T::deserialize(from).map(value).map(Some)
        }
    }
}
