//! Names for numbers of the kernel. A number without a name stays a number.

use serde::{Deserialize, Serialize};

/// A name, or a number without a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a word or a number")]
pub enum Word {
    /// Name, such as `tunnel`.
    Text(String),
    /// Number of the kernel.
    Number(u16),
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Looks up the name of `value`.
pub fn name<T: PartialEq>(value: &T, table: &[(&'static str, T)]) -> Option<&'static str> {
    table.iter().find(|(_, known)| known == value).map(|(name, _)| *name)
}
