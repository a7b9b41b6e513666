//! Differences between tables as text and as JSON.

use std::io::{self, Write};

use indexmap::IndexMap;
use serde::Serialize;

use crate::classic::{
    NotExpressible, daemon_line, describe_destination, describe_service, destination_line,
    service_line, timeouts_line,
};
use crate::diff::{Delta, Difference, Sides, count, differences};
use crate::json::{DaemonFields, DestinationFields, ServiceFields, Style, TimeoutsFields, Writer};
use crate::model::field::{Compared, FieldChange, compare};
use crate::model::{DestinationKey, Numbers, ServiceKey, printable};
use crate::output::order;
use crate::output::paint::{Paint, Tone};

/// The differences in the order of listings: each service followed by its real servers, then
/// time-outs and daemons.
pub(super) fn sorted(delta: &Delta) -> Vec<Difference<'_>> {
    let (mut services, mut rest) = (IndexMap::<ServiceKey, Both<'_>>::new(), Vec::new());
    for difference in differences(delta) {
        let Some(key) = difference.service() else {
            rest.push(difference);
            continue;
        };
        let (own, servers) = services.entry(key).or_default();
        match difference {
            Difference::Destination(
                _,
                Sides::Added(it) | Sides::Removed(it) | Sides::Edited(_, it),
            ) => {
                servers.push((it.key, difference));
            }
            _ => *own = Some(difference),
        }
    }
    let services = order::by_service(services.into_iter().collect(), |(key, _)| *key);
    let services = services.into_iter().flat_map(|(_, (own, servers))| {
        let servers = order::destinations(servers, |(key, _)| *key);
        own.into_iter().chain(servers.into_iter().map(|(_, it)| it))
    });
    services.chain(rest).collect()
}

/// The difference of a service itself, and the differences of its real servers.
type Both<'a> = (Option<Difference<'a>>, Vec<(DestinationKey, Difference<'a>)>);

/// Writes a line for each difference, which begins with `+ `, `- ` or `~ `.
pub fn text(delta: &Delta, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    for difference in sorted(delta) {
        let (tone, line) = line(&difference);
        writeln!(out, "{}", paint.text(tone, &printable(&line)))?;
    }
    Ok(())
}

/// The first lines, without sorting all of them.
pub fn first(delta: &Delta, most: usize) -> Vec<String> {
    differences(delta).iter().take(most).map(|it| line(it).1).collect()
}

pub(super) fn line(difference: &Difference<'_>) -> (Tone, String) {
    match difference {
        Difference::Service(sides) => {
            side_line(sides, |it| said(service_line(it, &Numbers), &describe_service(&it.key)))
        }
        Difference::Destination(key, sides) => side_line(sides, |it| {
            let line = destination_line(key, it, &Numbers);
            said(line, &describe_destination(key, &it.key))
        }),
        Difference::Timeouts(sides) => side_line(sides, timeouts_line),
        Difference::Daemon(sides) => side_line(sides, daemon_line),
    }
}

/// Counts the differences in one sentence. `goal` is what the table was to match.
pub fn summary(delta: &Delta, goal: &str) -> String {
    let [added, edited, deleted] = count(delta);
    match added + edited + deleted {
        0 => format!("nothing to change: the table matches {goal}"),
        1 => format!("1 change made: {added} added, {edited} edited, {deleted} deleted"),
        all => format!("{all} changes made: {added} added, {edited} edited, {deleted} deleted"),
    }
}

/// Describes an object that no rule line can express.
fn said(line: Result<String, NotExpressible>, object: &str) -> String {
    line.unwrap_or_else(|why| format!("{object} ({why})"))
}

fn side_line<T: Compared>(sides: &Sides<'_, T>, line: impl Fn(&T) -> String) -> (Tone, String) {
    match *sides {
        Sides::Removed(before) => (Tone::Bad, format!("- {}", line(before))),
        Sides::Added(after) => (Tone::Good, format!("+ {}", line(after))),
        Sides::Edited(before, after) => {
            let fields = compare(before, after);
            let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
            let fields = fields.join(", ");
            (Tone::Changed, format!("~ {}  # {fields}", line(after)))
        }
    }
}

/// A difference as a JSON object: `change` is `add`, `remove` or `edit`; with `edit`, `old` has the
/// former values.
#[derive(Default, Serialize)]
pub(super) struct ChangeFields {
    #[serde(skip_serializing_if = "str::is_empty")]
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<ServiceFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<DestinationFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeouts: Option<TimeoutsFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    daemon: Option<DaemonFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Old>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Old {
    Service(Box<ServiceFields>),
    Destination(Box<DestinationFields>),
    Timeouts(TimeoutsFields),
    Daemon(DaemonFields),
}

impl ChangeFields {
    /// Only the key of a service, without a change.
    pub(super) fn of_service(key: &ServiceKey) -> Self {
        Self { service: Some(key.into()), ..Self::default() }
    }
}

/// Kind of change, new value, and old value for an edit.
fn parts<'a, T, F: From<&'a T>>(sides: &Sides<'a, T>) -> (&'static str, F, Option<F>) {
    match *sides {
        Sides::Removed(before) => ("remove", before.into(), None),
        Sides::Added(after) => ("add", after.into(), None),
        Sides::Edited(before, after) => ("edit", after.into(), Some(before.into())),
    }
}

impl From<&Difference<'_>> for ChangeFields {
    fn from(difference: &Difference<'_>) -> Self {
        match difference {
            Difference::Service(sides) => {
                let (change, service, old) = parts::<_, ServiceFields>(sides);
                let old = old.map(|it| Old::Service(Box::new(it)));
                Self { change, service: Some(service), old, ..Self::default() }
            }
            Difference::Destination(key, sides) => {
                let (change, destination, old) = parts::<_, DestinationFields>(sides);
                Self {
                    change,
                    service: Some(key.into()),
                    destination: Some(destination),
                    old: old.map(|it| Old::Destination(Box::new(it))),
                    ..Self::default()
                }
            }
            Difference::Timeouts(sides) => {
                let (change, timeouts, old) = parts::<_, TimeoutsFields>(sides);
                let old = old.map(Old::Timeouts);
                Self { change, timeouts: Some(timeouts), old, ..Self::default() }
            }
            Difference::Daemon(sides) => {
                let (change, daemon, old) = parts::<_, DaemonFields>(sides);
                let old = old.map(Old::Daemon);
                Self { change, daemon: Some(daemon), old, ..Self::default() }
            }
        }
    }
}

/// Writes the result of `set`: a line `FIELD OLD -> NEW` for each field, or `unchanged`.
pub fn set_text(delta: &Delta, out: &mut dyn Write) -> io::Result<()> {
    let mut changes: Vec<FieldChange> = Vec::new();
    for difference in differences(delta) {
        match difference {
            Difference::Service(Sides::Edited(before, after)) => {
                changes.extend(compare(before, after));
            }
            Difference::Destination(_, Sides::Edited(before, after)) => {
                changes.extend(compare(before, after));
            }
            _ => {}
        }
    }
    let mut lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    if lines.is_empty() {
        lines.push("unchanged".to_owned());
    }
    lines.iter().try_for_each(|line| writeln!(out, "{}", printable(line)))
}

/// Writes the result of `set` as a JSON object: `changed` and the list of changes.
pub fn set_json(delta: &Delta, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::new(out, style)?;
    writer.field("changed", &(*delta != Delta::default()))?;
    list(delta, writer)
}

/// How an apply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A dry run: the report lists what apply would change.
    DryRun,
    /// The table matched the file already.
    Unchanged,
    /// The table matches the file.
    Applied,
    /// The changes of a killed run were rolled back.
    Recovered,
    /// The apply that waits was confirmed.
    Accepted,
    /// The apply failed or was not confirmed, and was rolled back.
    RolledBack,
    /// The table matches neither the file nor its former state; the changes are the planned ones.
    Between,
}

impl Ending {
    /// Whether the run has changed the table.
    fn has_changed(self) -> bool {
        matches!(self, Self::Applied | Self::Recovered | Self::Between)
    }
}

/// Writes a JSON object with the list of changes; for an apply, with its end and, if there is one,
/// the number of the record in the history.
pub fn json(
    delta: &Delta,
    ending: Option<Ending>,
    record: Option<u64>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = Writer::new(out, style)?;
    if let Some(ending) = ending {
        writer.field("result", &ending)?;
        writer.field("changed", &ending.has_changed())?;
    }
    if let Some(record) = record {
        writer.field("record", &record)?;
    }
    list(delta, writer)
}

/// Writes the list of changes, and ends the JSON object.
pub(super) fn list(delta: &Delta, mut writer: Writer<'_>) -> io::Result<()> {
    writer.list("changes")?;
    for difference in sorted(delta) {
        writer.item(&ChangeFields::from(&difference))?;
    }
    writer.end_list()?;
    writer.end()
}
