//! `ipvsadm apply`: the table becomes that of a file, without an outage.

use std::time::Duration;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};

use super::diff::{limits, read_limits};
use super::flag;
use crate::diff::Limits;

/// What to apply, or what to do about an earlier apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyVerb {
    /// Make the table that of a file.
    Apply(Order),
    /// Confirm an apply that waits for it.
    Accept,
    /// Undo an apply that was killed.
    Recover {
        /// How long to wait for another writer.
        wait: Duration,
    },
}

/// What to apply, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The file; `-` is standard input.
    pub file: String,
    /// How much of it counts.
    pub limits: Limits,
    /// Change nothing, say what would be changed.
    pub dry_run: bool,
    /// Undo unless it is confirmed within this time.
    pub confirm: Option<Duration>,
    /// An empty wish is meant.
    pub allow_empty: bool,
    /// How long to wait for another writer.
    pub wait: Duration,
}

const HELP: &str = "\
What is equal is not touched: its connections and counters live on. What is
missing is added first, then what differs is edited in place, and only then is
deleted what is not wanted any more. If the kernel refuses anything, or at any
signal that can be caught, everything done so far is undone.

Without --set and --start-daemon lines in the file, time-outs and sync daemons
stay as they are.

EXIT STATUS
  0  the table is as wished
  1  with --dry-run: the table is not as wished
  2  nothing was changed: a mistake in the file, or no access
  3  it failed, or was not confirmed, and was undone: the message says how far
  4  the table is neither as wished nor as before; a message says what differs
  5  with --json: it is done, but the report could not be written

EXAMPLES
  See what would happen, then do it:
    ipvsadm apply --dry-run /etc/ipvsadm.rules
    ipvsadm apply /etc/ipvsadm.rules
  Undo it by itself, should it cut off this very terminal:
    ipvsadm apply --confirm 60 /etc/ipvsadm.rules
    ipvsadm apply --accept                          (here, or elsewhere)
  Only services of one network; everything else is left alone:
    ipvsadm apply --scope 192.0.2.0/24 --scope fwmark=7 mine.rules
  From another director, with its daemons and time-outs:
    ssh lb1 ipvsadm -S --full --json | ipvsadm apply -
  After a kill -9 or an out-of-memory kill half way:
    ipvsadm apply --recover";

pub(super) fn command() -> Command {
    Command::new("apply")
        .about("Make the table that of a file, without an outage, or not at all")
        .override_usage(
            "ipvsadm apply [OPTIONS] FILE\n       ipvsadm apply --accept\n       \
             ipvsadm apply --recover",
        )
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required_unless_present_any(["accept", "recover"])
                .value_hint(ValueHint::FilePath)
                .help("Rule lines, or JSON of -L and -S; - is standard input"),
        )
        .arg(flag("dry-run", "Change nothing; print what would be changed, as `diff' does"))
        .arg(seconds("confirm", "Undo unless confirmed in time, by Enter or with --accept"))
        .args(limits())
        .arg(flag("allow-empty", "A file without services may delete all there are"))
        .arg(seconds("wait", "Wait for another ipvsadm that is changing the table"))
        .arg(
            flag("accept", "Confirm the apply that waits for it")
                .conflicts_with_all(ORDER)
                .conflicts_with("wait"),
        )
        .arg(
            flag("recover", "Undo an apply or ipvsadm-restore that was killed half way")
                .conflicts_with_all(ORDER)
                .conflicts_with("accept"),
        )
        .after_help(HELP)
}

/// What says what to apply, and how: nothing for an apply that has begun.
const ORDER: [&str; 6] = ["file", "dry-run", "confirm", "scope", "keep-weights", "allow-empty"];

pub(super) fn seconds(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("SECONDS").value_parser(value_parser!(u32)).help(help)
}

pub(super) fn duration(matches: &ArgMatches, name: &str) -> Option<Duration> {
    matches.get_one::<u32>(name).map(|seconds| Duration::from_secs((*seconds).into()))
}

pub(super) fn read(matches: &ArgMatches) -> Result<ApplyVerb, String> {
    let wait = duration(matches, "wait").unwrap_or_default();
    if matches.get_flag("accept") {
        return Ok(ApplyVerb::Accept);
    }
    if matches.get_flag("recover") {
        return Ok(ApplyVerb::Recover { wait });
    }
    let file = matches.get_one::<String>("file").ok_or("apply needs a file")?;
    Ok(ApplyVerb::Apply(Order {
        file: file.clone(),
        limits: read_limits(matches),
        dry_run: matches.get_flag("dry-run"),
        confirm: duration(matches, "confirm"),
        allow_empty: matches.get_flag("allow-empty"),
        wait,
    }))
}
