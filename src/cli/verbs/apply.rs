//! Arguments of `ipvsadm apply`, which makes the kernel's table equal to a file.

use std::time::Duration;

use clap::builder::UnknownArgumentValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use super::arguments::flag;
use super::diff::{limits, read_limits};
use crate::diff::Limits;
use crate::error::Usage;
use crate::model::quote;

/// A new apply, or an action on an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyVerb {
    /// Make the kernel's table equal to a file.
    Apply(Order),
    /// Confirm the apply that waits.
    Accept,
    /// Roll back an apply that was killed.
    Recover {
        /// Time to wait for the lock of another run.
        wait: Duration,
    },
}

/// File and options of a new apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Path of the file; `-` is standard input.
    pub file: String,
    /// Part of the table that may change.
    pub limits: Limits,
    /// Only report the changes.
    pub dry_run: bool,
    /// Roll back unless the change is confirmed within this time.
    pub confirm: Option<Duration>,
    /// Accept a file that deletes everything.
    pub allow_empty: bool,
    /// Time to wait for the lock of another run.
    pub wait: Duration,
}

const HELP: &str = "\
Services and real servers that already match FILE are not touched: they keep
their connections and counters. First, apply adds the entries that only FILE has.
Then it edits the entries that differ. Last, it deletes the entries that FILE does
not have. If the kernel rejects a change, or a signal that can be caught arrives,
apply rolls back the changes made so far.

If FILE has no --set and no --start-daemon lines, time-outs and sync daemons
stay as they are.

EXIT STATUS
  0  the table matches the file
  1  with --dry-run: the table does not match the file
  2  nothing was changed: a mistake in the file, or no access to IPVS
  3  apply failed or was not confirmed, and was rolled back; see the message
  4  the table matches neither the file nor its former state; see the message
  5  with --json: apply succeeded, but the report could not be written

EXAMPLES
  Show the changes, then make them:
    ipvsadm apply --dry-run /etc/ipvsadm.rules
    ipvsadm apply /etc/ipvsadm.rules
  Roll back automatically if the change cuts off this terminal:
    ipvsadm apply --confirm=5m /etc/ipvsadm.rules
    ipvsadm apply --accept                          (in any terminal)
  Change only the services of one network and of mark 7:
    ipvsadm apply --scope 192.0.2.0/24 --scope fwmark=7 mine.rules
  Copy the table of another director, with its sync daemons and time-outs:
    ssh lb1 ipvsadm -S --full --json | ipvsadm apply -
  Roll back an apply that was killed (kill -9, out of memory):
    ipvsadm apply --recover";

pub(super) fn command() -> Command {
    Command::new("apply")
        .about("Make the kernel's table equal to a file, without an outage, or change nothing")
        .override_usage(
            "ipvsadm apply [OPTIONS] FILE\n       ipvsadm apply --accept\n       \
             ipvsadm apply --recover",
        )
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required_unless_present_any(["accept", "recover"])
                .value_hint(ValueHint::FilePath)
                .help("A file of rule lines, or JSON from -L or -S; - is standard input"),
        )
        .arg(flag("dry-run", "Change nothing; print the changes in the format of `diff'"))
        .arg(confirm())
        .args(limits())
        .arg(flag("allow-empty", "Allow a file without services to delete all existing services"))
        .arg(time("wait", "Wait for another ipvsadm that is changing the table"))
        .arg(
            flag("accept", "Confirm the apply that is waiting for confirmation")
                .conflicts_with_all(ORDER)
                .conflicts_with("wait"),
        )
        .arg(
            flag("recover", "Roll back an apply or ipvsadm-restore that was killed")
                .conflicts_with_all(ORDER)
                .conflicts_with("accept"),
        )
        .args(other_tools())
        .after_help(HELP)
}

/// Arguments that only a new apply accepts.
const ORDER: [&str; 6] = ["file", "dry-run", "confirm", "scope", "keep-weights", "allow-empty"];

/// Seconds that `--confirm` waits by default.
const PATIENCE: &str = "60";

pub(super) fn confirm() -> Arg {
    let parser = |word: &str| match read_time(word) {
        Some(time) if time < Duration::from_secs(1) => {
            Err("at least 1 s is needed to confirm".to_owned())
        }
        Some(time) => Ok(time),
        // Without a value, the next word is the file name.
        None => {
            let file = quote::shell(word);
            Err(format!("{TIME}; give the time before a file name: --confirm 60 {file}"))
        }
    };
    Arg::new("confirm")
        .long("confirm")
        .value_name("TIME")
        .num_args(0..=1)
        .default_missing_value(PATIENCE)
        .value_parser(parser)
        .help("Roll back unless confirmed in time, with Enter or --accept; default: 60 s")
}

/// Hidden options of other tools, each with a proposal.
fn other_tools() -> [Arg; 4] {
    let other = |name: &'static str, suggestion: UnknownArgumentValueParser| {
        Arg::new(name).action(ArgAction::SetTrue).hide(true).value_parser(suggestion)
    };
    let option = UnknownArgumentValueParser::suggest_arg;
    let text = |text: &'static str| UnknownArgumentValueParser::suggest(text);
    [
        other("no-act", option("--dry-run")).short('n'),
        other("check", option("--dry-run")).long("check"),
        other("undo", option("--recover").and_suggest(UNDO)).long("undo"),
        other("from-file", text("give the file without an option: ipvsadm apply FILE")).short('f'),
    ]
}

const UNDO: &str = "--recover rolls back an apply that was killed half way; to go back to an \
                    earlier \
                    table: ipvsadm rollback";

const TIME: &str = "expected a time such as 60, 90s or 5m";

/// An option with a duration: seconds, or numbers with units.
pub(super) fn time(name: &'static str, help: &'static str) -> Arg {
    let parser = |word: &str| read_time(word).ok_or(TIME);
    Arg::new(name).long(name).value_name("TIME").value_parser(parser).help(help)
}

/// Parses a duration; a plain number is seconds. Returns `None` if the word is no duration, or if it
/// is more than a hundred years.
fn read_time(word: &str) -> Option<Duration> {
    let time = match word.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(word).ok()?,
    };
    u32::try_from(time.as_secs()).ok().map(|_| time)
}

pub(super) fn duration(matches: &ArgMatches, name: &str) -> Option<Duration> {
    matches.get_one::<Duration>(name).copied()
}

pub(super) fn read(matches: &ArgMatches) -> Result<ApplyVerb, Usage> {
    let wait = duration(matches, "wait").unwrap_or_default();
    if matches.get_flag("accept") {
        return Ok(ApplyVerb::Accept);
    }
    if matches.get_flag("recover") {
        return Ok(ApplyVerb::Recover { wait });
    }
    let file =
        matches.get_one::<String>("file").ok_or_else(|| Usage::other("apply needs a file"))?;
    Ok(ApplyVerb::Apply(Order {
        file: file.clone(),
        limits: read_limits(matches),
        dry_run: matches.get_flag("dry-run"),
        confirm: duration(matches, "confirm"),
        allow_empty: matches.get_flag("allow-empty"),
        wait,
    }))
}
