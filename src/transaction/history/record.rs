//! The line about a change, which precedes what the change touched. Pure.

use serde::{Deserialize, Serialize};

use crate::json::SCHEMA;

/// Most bytes of a command line or of a change in a record.
const MOST_BYTES: usize = 1000;

/// Most changes that a record names.
const MOST_CHANGES: usize = 10;

/// Who changed what, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Time of the change, as RFC 3339 writes it, in UTC.
    pub time: String,
    /// The user who made it.
    pub by: String,
    /// The command line.
    pub command: String,
    /// Numbers of objects that were added, edited and deleted; `None` if they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<[usize; 3]>,
    /// The first changes, as `diff` prints them.
    #[serde(default)]
    pub changes: Vec<String>,
    /// Whether the weights change in steps, so that an interrupted run leaves one in between.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gradual: bool,
}

/// A change of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    schema: u32,
    #[serde(flatten)]
    pub summary: Summary,
    /// The boot in which it was made.
    pub(super) boot: String,
    /// The kernel's number of the network namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<u64>,
}

impl Record {
    pub(super) fn new(mut summary: Summary, boot: &str, namespace: Option<u64>) -> Self {
        summary.command = shortened(summary.command);
        summary.changes.truncate(MOST_CHANGES);
        summary.changes = summary.changes.into_iter().map(shortened).collect();
        Self { schema: SCHEMA, summary, boot: boot.to_owned(), namespace }
    }

    /// Reads the line.
    ///
    /// # Errors
    /// A description of the mistake in the file.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let record: Self = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if record.schema != SCHEMA {
            return Err(format!("it has schema {}, not {SCHEMA}", record.schema));
        }
        Ok(record)
    }

    pub(super) fn line(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > MOST_BYTES {
        let end = (0..=MOST_BYTES).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let summary = Summary {
            time: "2026-11-27T03:12:00Z".to_owned(),
            by: "alice".to_owned(),
            command: "ü".repeat(MOST_BYTES),
            counts: Some([1, 0, 20]),
            changes: vec!["- -A -t 192.0.2.80:80 -s rr".to_owned(); 20],
            gradual: true,
        };
        Record::new(summary, "b", Some(7))
    }

    #[test]
    fn a_record_is_read_back_and_long_texts_are_shortened() {
        let record = record();
        assert_eq!(Record::read(&record.line().unwrap()), Ok(record.clone()));
        assert_eq!(record.summary.changes.len(), MOST_CHANGES);
        assert!(record.summary.command.ends_with("ü...") && record.summary.command.len() <= 1003);
        assert!(record.line().unwrap().len() < 16 * 1024);
    }

    #[test]
    fn damaged_records_are_refused() {
        let record = record();
        let line = record.line().unwrap();
        for (from, to) in [("\"schema\":1", "\"schema\":2"), ("\"by\"", "\"to\""), ("}\n", "")] {
            assert!(line.contains(from), "{line}");
            assert!(Record::read(&line.replace(from, to)).is_err(), "{to}");
        }
    }
}
