//! Arguments of `ipvsadm watch`, which reports changes of the table.

use std::time::Duration;

use clap::{Arg, ArgMatches, Command, ValueHint};

use super::apply::duration;
use super::arguments::flag;
use super::diff::{limits, read_limits};
use crate::diff::Limits;

/// What to watch, and where to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchVerb {
    /// Compare with this file once instead of watching.
    pub against: Option<String>,
    /// Part of the table to watch.
    pub limits: Limits,
    /// Pause between two looks at the table.
    pub interval: Duration,
    /// File of metrics to write.
    pub textfile: Option<String>,
    /// Keep the events for `history --since`.
    pub record: bool,
}

/// Pause between two looks by default.
const INTERVAL: Duration = Duration::from_secs(2);

/// The shortest pause.
const SHORTEST: Duration = Duration::from_millis(100);

const HELP: &str = "\
Each line is one event. `+ ', `- ' and `~ ' mark what was added, deleted and edited,
as in `ipvsadm diff'. `! ' marks an alarm: a real server has reached its upper
threshold, or no real server of a service has a weight above 0. `= ' marks the end
of an alarm.
With --json each event is an object on a line of its own.

watch reads the table at intervals, because the kernel does not report changes. It
misses a change that is taken back between two readings. watch cannot tell who made
a change; `ipvsadm history' names the user of changes made by ipvsadm.

With --against FILE, watch compares the table with FILE once and ends, for cron.
SIGINT, SIGTERM or a closed pipe ends watch without an error.

EXIT STATUS
  0  watch was ended; with --against: the table matches the file
  1  with --against: there are differences
  2  the table cannot be read, or a file cannot be read or written

EXAMPLES
  Report changes until Ctrl-C:
    ipvsadm watch
  As JSON, for a program, every second, services of one network only:
    ipvsadm watch --json --interval 1 --scope 192.0.2.0/24
  From cron: mail the differences if somebody has changed the table by hand:
    ipvsadm watch --against /etc/ipvsadm.rules
  The same for node_exporter; health checkers may change the weights:
    ipvsadm watch --against /etc/ipvsadm.rules --keep-weights --textfile drift.prom
  Record the changes for `ipvsadm history --since', as ipvsadm-watch.service does:
    ipvsadm watch --record";

pub(super) fn command() -> Command {
    let file = |name: &'static str, value: &'static str, help: &'static str| {
        let arg = Arg::new(name).long(name).value_name(value);
        arg.value_hint(ValueHint::FilePath).help(help)
    };
    Command::new("watch")
        .about("Report changes of the table as they happen, or drift from a file")
        .arg(
            Arg::new("interval")
                .long("interval")
                .value_name("TIME")
                .value_parser(interval)
                .conflicts_with("against")
                .help("Time between two readings of the table; default: 2 s"),
        )
        .arg(file("against", "FILE", "Print the differences from FILE once, and end"))
        .args(
            limits().map(|arg| {
                if arg.get_id() == "keep-weights" { arg.requires("against") } else { arg }
            }),
        )
        .arg(file("textfile", "PATH", "Write the number of changes, or the drift, for Prometheus"))
        .arg(
            flag("record", "Keep the events for `ipvsadm history --since'")
                .conflicts_with("against"),
        )
        .after_help(HELP)
}

/// Parses a pause: a plain number is seconds.
fn interval(word: &str) -> Result<Duration, String> {
    let parsed = match word.parse::<u32>() {
        Ok(seconds) => Some(Duration::from_secs(seconds.into())),
        Err(_) => humantime::parse_duration(word).ok(),
    };
    match parsed {
        Some(interval) if interval >= SHORTEST => Ok(interval),
        Some(_) => Err("the shortest interval is 100ms".to_owned()),
        None => Err("expected a time such as 5, 500ms or 1m".to_owned()),
    }
}

pub(super) fn read(matches: &ArgMatches) -> WatchVerb {
    let text = |name| matches.get_one::<String>(name).cloned();
    WatchVerb {
        against: text("against"),
        limits: read_limits(matches),
        interval: duration(matches, "interval").unwrap_or(INTERVAL),
        textfile: text("textfile"),
        record: matches.get_flag("record"),
    }
}
