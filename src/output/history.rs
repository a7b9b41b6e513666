//! The listing of `history`.

use std::io::{self, Write};

use serde::Serialize;

use super::changes;
use super::table::{self, Align};
use crate::diff::Delta;
use crate::json::{Style, Writer};
use crate::model::printable;

/// A recorded change, as it is shown.
#[derive(Serialize)]
pub struct Entry<'a> {
    pub number: u64,
    /// RFC 3339, in UTC.
    pub time: &'a str,
    pub by: &'a str,
    pub command: &'a str,
    /// Numbers of objects that were added, edited and deleted; absent if they were not counted.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// The first changes, as `diff` prints them.
    pub changes: &'a [String],
}

/// Numbers of objects.
#[derive(Serialize)]
pub struct Counts {
    added: usize,
    edited: usize,
    deleted: usize,
}

impl From<[usize; 3]> for Counts {
    fn from([added, edited, deleted]: [usize; 3]) -> Self {
        Self { added, edited, deleted }
    }
}

/// Writes a table.
pub fn text<'a>(
    entries: impl IntoIterator<Item = Entry<'a>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns = [
        ("N", Align::Right),
        ("Time (UTC)", Align::Left),
        ("User", Align::Left),
        ("Changes", Align::Left),
        ("Command", Align::Left),
    ];
    let rows: Vec<_> = entries.into_iter().map(row).collect();
    if rows.is_empty() {
        return writeln!(out, "no change of this table is recorded");
    }
    table::write(out, columns, rows)
}

fn row(entry: Entry<'_>) -> [String; 5] {
    let time = entry.time.trim_end_matches('Z').replace('T', " ");
    let changes = entry.counts.map_or_else(|| "all".to_owned(), |counts| short(&counts));
    let [by, command] = [entry.by, entry.command].map(str::to_owned);
    [entry.number.to_string(), time, by, changes, command]
}

/// Counts that are not 0, as `+1 ~2 -3`.
fn short(counts: &Counts) -> String {
    let counts = [('+', counts.added), ('~', counts.edited), ('-', counts.deleted)];
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    counts.map(|(sign, count)| format!("{sign}{count}")).collect::<Vec<_>>().join(" ")
}

/// Writes who made a change, when and how, as comments.
pub fn heading(entry: &Entry<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Entry { number, time, by, command, counts, .. } = entry;
    writeln!(out, "# change {number}: {time} {}", printable(by))?;
    writeln!(out, "# {}", printable(command))?;
    if counts.is_none() {
        writeln!(out, "# This change replaced all services. The services before the change:")?;
    }
    Ok(())
}

/// Writes a change as a JSON object: the keys of its row in the listing, and each difference.
pub fn change(
    entry: &Entry<'_>,
    delta: &Delta,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Entry { number, time, by, command, .. } = entry;
    let mut writer = Writer::new(out, style)?;
    writer.field("record", number)?;
    writer.field("time", time)?;
    writer.field("by", by)?;
    writer.field("command", command)?;
    changes::list(delta, writer)
}

/// A line of the log of `watch --record`.
#[derive(Serialize)]
pub struct Seen<'a> {
    pub time: &'a str,
    /// The event, as `watch` prints it.
    pub text: &'a str,
}

/// Writes records and what `watch` has seen, in the order of their times. `watch` sees a change after
/// it was made, so records come first.
pub fn merged(entries: Vec<Entry<'_>>, seen: Vec<Seen<'_>>, out: &mut dyn Write) -> io::Result<()> {
    let entries = entries.into_iter().map(|entry| {
        let Entry { number, time, by, command, counts, .. } = entry;
        let counts = counts.map_or_else(String::new, |it| format!("  ({})", short(&it)));
        (time, format!("{number} {by}: {command}{counts}"))
    });
    let seen = seen.into_iter().map(|it| (it.time, it.text.to_owned()));
    let mut lines: Vec<(&str, String)> = entries.chain(seen).collect();
    lines.sort_by_key(|(time, _)| *time);
    for (time, text) in &lines {
        writeln!(out, "{} {}", printable(time), printable(text))?;
    }
    if lines.is_empty() {
        writeln!(out, "no change is recorded in this period")?;
    }
    Ok(())
}

/// Writes a JSON object with a list of records, and with what `watch` has seen.
pub fn json<'a>(
    entries: impl IntoIterator<Item = Entry<'a>>,
    seen: Option<Vec<Seen<'a>>>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = Writer::new(out, style)?;
    writer.list("records")?;
    for entry in entries {
        writer.item(&entry)?;
    }
    writer.end_list()?;
    if let Some(seen) = seen {
        writer.list("seen")?;
        for line in seen {
            writer.item(&line)?;
        }
        writer.end_list()?;
    }
    writer.end()
}
