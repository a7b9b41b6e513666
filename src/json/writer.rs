//! Writes one object piece by piece: a table of any size needs the memory of one service.

use std::io;

use serde::Serialize;

use super::SCHEMA;
use crate::model::is_harmful;

/// An object that is being written.
pub struct Writer<'a> {
    out: &'a mut dyn io::Write,
    items: usize,
}

impl<'a> Writer<'a> {
    /// Begins the object with its schema number.
    pub fn new(out: &'a mut dyn io::Write) -> io::Result<Self> {
        write!(out, "{{\"schema\":{SCHEMA}")?;
        Ok(Self { out, items: 0 })
    }

    /// A field.
    pub fn field(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        write!(self.out, ",\"{name}\":")?;
        self.out.write_all(text(value)?.as_bytes())
    }

    /// Begins a list; its items stand a line each.
    pub fn list(&mut self, name: &str) -> io::Result<()> {
        self.items = 0;
        write!(self.out, ",\"{name}\":[")
    }

    /// An item of the list.
    pub fn item(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.out.write_all(if self.items == 0 { b"\n" } else { b",\n" })?;
        self.items += 1;
        self.out.write_all(text(value)?.as_bytes())
    }

    /// Ends the list.
    pub fn end_list(&mut self) -> io::Result<()> {
        self.out.write_all(if self.items == 0 { b"]" } else { b"\n]" })
    }

    /// Ends the object.
    pub fn end(self) -> io::Result<()> {
        self.out.write_all(b"}\n")
    }
}

/// JSON in one line that is safe to look at: serde escapes C0 only, and terminals act on more.
fn text(value: &impl Serialize) -> io::Result<String> {
    Ok(harmless(serde_json::to_string(value)?))
}

/// The same over several lines.
pub fn pretty(value: &impl Serialize) -> io::Result<String> {
    Ok(harmless(serde_json::to_string_pretty(value)?))
}

/// In JSON what is left stands in strings only, where an escape means the same.
fn harmless(text: String) -> String {
    let left = |letter: char| letter != '\n' && is_harmful(letter);
    if !text.contains(left) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if left(letter) {
            let units = letter.encode_utf16(&mut [0; 2]).to_vec();
            safe.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            safe.push(letter);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_escaped_and_means_the_same() {
        let word = "a\u{9b}31m\u{202e}\u{e0041}\u{7f}\n\u{1b}ü";
        let line = r#""a\u009b31m\u202e\udb40\udc41\u007f\n\u001bü""#;
        assert_eq!(text(&word).unwrap(), line);
        assert_eq!(pretty(&[word]).unwrap(), format!("[\n  {line}\n]"));
        assert_eq!(serde_json::from_str::<String>(line).unwrap(), word);
    }
}
