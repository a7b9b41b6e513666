//! The log of `watch --record`: what changed and when, whoever changed it.

use std::io::{self, BufRead, BufReader, Read};

use serde::{Deserialize, Serialize};

use crate::json::SCHEMA;

/// The file before the one that is written, and that one.
pub(super) const FILES: [&str; 2] = ["watch.old", "watch.log"];

/// Size in bytes from which on a new file begins. The log has at most two files of about this size.
pub(super) const MOST_BYTES: u64 = 512 * 1024;

/// Most characters of one text.
const LONGEST: usize = 1000;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    schema: u32,
    /// RFC 3339, in UTC.
    pub time: String,
    /// The event, as `watch` prints it.
    pub text: String,
    pub(super) boot: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<u64>,
}

impl Line {
    pub(super) fn new(time: &str, text: &str, boot: &str, namespace: Option<u64>) -> Self {
        let text = text.chars().take(LONGEST).collect();
        Self { schema: SCHEMA, time: time.to_owned(), text, boot: boot.to_owned(), namespace }
    }

    pub(super) fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}

/// The lines of a file, and the number of lines that cannot be read.
pub(super) fn read(file: impl Read) -> io::Result<(Vec<Line>, usize)> {
    let (mut lines, mut damaged) = (Vec::new(), 0);
    for text in BufReader::new(file.take(4 * MOST_BYTES)).split(b'\n') {
        match serde_json::from_slice::<Line>(&text?) {
            Ok(line) if line.schema == SCHEMA => lines.push(line),
            _ => damaged += 1,
        }
    }
    Ok((lines, damaged))
}
