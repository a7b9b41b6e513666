//! Writes one object piece by piece, so that a table of any size needs memory for one service only.

use std::io;

use serde::Serialize;

use super::schema::SCHEMA;
use crate::model::is_harmful;

/// Layout of JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// For programs: each item of a list on its own line, without blanks.
    #[default]
    Compact,
    /// For a terminal: indented by two columns.
    Pretty,
}

/// An object that is being written.
pub struct Writer<'a> {
    out: &'a mut dyn io::Write,
    style: Style,
    items: usize,
}

impl<'a> Writer<'a> {
    /// Begins the object with its schema version.
    pub fn new(out: &'a mut dyn io::Write, style: Style) -> io::Result<Self> {
        match style {
            Style::Compact => write!(out, "{{\"schema\":{SCHEMA}")?,
            Style::Pretty => write!(out, "{{\n  \"schema\": {SCHEMA}")?,
        }
        Ok(Self { out, style, items: 0 })
    }

    fn name(&mut self, name: &str) -> io::Result<()> {
        match self.style {
            Style::Compact => write!(self.out, ",\"{name}\":"),
            Style::Pretty => write!(self.out, ",\n  \"{name}\": "),
        }
    }

    pub fn field(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        self.name(name)?;
        self.out.write_all(text(value, self.style, 1)?.as_bytes())
    }

    /// Begins a list, whose items are on separate lines.
    pub fn list(&mut self, name: &str) -> io::Result<()> {
        self.items = 0;
        self.name(name)?;
        self.out.write_all(b"[")
    }

    /// Writes an item of the list.
    pub fn item(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.out.write_all(if self.items == 0 { b"\n" } else { b",\n" })?;
        self.items += 1;
        if self.style == Style::Pretty {
            self.out.write_all(b"    ")?;
        }
        self.out.write_all(text(value, self.style, 2)?.as_bytes())
    }

    pub fn end_list(&mut self) -> io::Result<()> {
        self.out.write_all(match (self.items, self.style) {
            (0, _) => b"]",
            (_, Style::Compact) => b"\n]",
            (_, Style::Pretty) => b"\n  ]",
        })
    }

    pub fn end(self) -> io::Result<()> {
        self.out.write_all(match self.style {
            Style::Compact => b"}\n",
            Style::Pretty => b"\n}\n",
        })
    }
}

/// Formats a whole report, with a line feed at its end.
pub fn document(value: &impl Serialize, style: Style) -> io::Result<String> {
    Ok(text(value, style, 0)? + "\n")
}

/// Formats JSON that a terminal can show safely: serde escapes only C0. `depth` is the indentation
/// of all lines after the first.
fn text(value: &impl Serialize, style: Style, depth: usize) -> io::Result<String> {
    Ok(harmless(match style {
        Style::Compact => serde_json::to_string(value)?,
        // The text contains no other line feeds, since strings have theirs escaped.
        Style::Pretty => {
            let end = format!("\n{}", "  ".repeat(depth));
            serde_json::to_string_pretty(value)?.replace('\n', &end)
        }
    }))
}

/// Escapes harmful characters. In JSON they occur only in strings, where an escape means the same.
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
    fn escapes_for_terminals_keep_the_meaning() {
        let word = "a\u{9b}31m\u{202e}\u{e0041}\u{7f}\n\u{1b}ü";
        let line = r#""a\u009b31m\u202e\udb40\udc41\u007f\n\u001bü""#;
        assert_eq!(text(&word, Style::Compact, 0).unwrap(), line);
        assert_eq!(text(&[word], Style::Pretty, 0).unwrap(), format!("[\n  {line}\n]"));
        assert_eq!(serde_json::from_str::<String>(line).unwrap(), word);
    }

    #[test]
    fn the_pretty_style_equals_that_of_serde() {
        let written = |style| {
            let mut out = Vec::new();
            let mut writer = Writer::new(&mut out, style).unwrap();
            writer.field("changed", &true).unwrap();
            writer.field("timeouts", &serde_json::json!({"tcp": 900})).unwrap();
            writer.list("none").unwrap();
            writer.end_list().unwrap();
            writer.list("changes").unwrap();
            writer.item(&serde_json::json!({"flags": ["a", "b"]})).unwrap();
            writer.item(&1).unwrap();
            writer.end_list().unwrap();
            writer.end().unwrap();
            String::from_utf8(out).unwrap()
        };
        let (compact, pretty) = (written(Style::Compact), written(Style::Pretty));
        let value: serde_json::Value = serde_json::from_str(&compact).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&pretty).unwrap(), value);
        let lines = [
            "{",
            "  \"schema\": 1,",
            "  \"changed\": true,",
            "  \"timeouts\": {",
            "    \"tcp\": 900",
            "  },",
            "  \"none\": [],",
            "  \"changes\": [",
            "    {",
            "      \"flags\": [",
            "        \"a\",",
            "        \"b\"",
            "      ]",
            "    },",
            "    1",
            "  ]",
            "}",
        ];
        assert_eq!(pretty.lines().collect::<Vec<_>>(), lines);
    }
}
