//! Words for numbers of the kernel, and the numbers themselves where there is no word.

use serde::{Deserialize, Serialize};

/// A word, or the number that has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a word or a number")]
pub enum Word {
    /// A word.
    Text(String),
    /// A number.
    Number(u16),
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Finds `word` in a table.
pub fn find<T: Copy>(key: &str, word: &str, table: &[(&str, T)]) -> Result<T, String> {
    let found = table.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        format!("{key}: `{word}' is not one of {}", names.join(", "))
    })
}

/// The word of `value` in a table.
pub fn name<T: PartialEq>(value: &T, table: &[(&'static str, T)]) -> Option<&'static str> {
    table.iter().find(|(_, known)| known == value).map(|(name, _)| *name)
}
