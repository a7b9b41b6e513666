//! `ipvsadm apply`: the table becomes that of a file, without an outage.

use std::time::Duration;

use clap::builder::UnknownArgumentValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use super::diff::{limits, read_limits};
use super::flag;
use crate::diff::Limits;
use crate::error::Usage;
use crate::model::quote;

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
    ipvsadm apply --confirm=5m /etc/ipvsadm.rules
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
        .arg(confirm())
        .args(limits())
        .arg(flag("allow-empty", "A file without services may delete all there are"))
        .arg(time("wait", "Wait for another ipvsadm that is changing the table"))
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
        .args(other_tools())
        .after_help(HELP)
}

/// What says what to apply, and how: nothing for an apply that has begun.
const ORDER: [&str; 6] = ["file", "dry-run", "confirm", "scope", "keep-weights", "allow-empty"];

/// How long `--confirm` waits if nothing else is said.
const PATIENCE: &str = "60";

fn confirm() -> Arg {
    let parser = |word: &str| match read_time(word) {
        Some(Duration::ZERO) => Err("at least 1 s is needed to confirm".to_owned()),
        Some(time) => Ok(time),
        // Without a value the option stands right before the file.
        None => {
            let file = quote::shell(word);
            Err(format!("{TIME}; before a file name the time is needed: --confirm 60 {file}"))
        }
    };
    Arg::new("confirm")
        .long("confirm")
        .value_name("TIME")
        .num_args(0..=1)
        .default_missing_value(PATIENCE)
        .value_parser(parser)
        .help("Undo unless confirmed in time, by Enter or with --accept; 60 s if no TIME follows")
}

/// Options of other tools, and what they are called here.
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
        other("from-file", text("the file stands by itself: ipvsadm apply FILE")).short('f'),
    ]
}

const UNDO: &str = "--recover undoes an apply that was killed half way; to go back to an earlier \
                    table, save it with `ipvsadm -S -n` and apply that file";

const TIME: &str = "expected a time such as 60, 90s or 5m";

/// An option with a time: seconds, or numbers with units.
pub(super) fn time(name: &'static str, help: &'static str) -> Arg {
    let parser = |word: &str| read_time(word).ok_or(TIME);
    Arg::new(name).long(name).value_name("TIME").value_parser(parser).help(help)
}

/// Plain numbers are seconds; parts of a second are dropped. `None` for what is no time, or for one
/// of more than a hundred years.
fn read_time(word: &str) -> Option<Duration> {
    let seconds = match word.parse() {
        Ok(seconds) => seconds,
        Err(_) => humantime::parse_duration(word).ok()?.as_secs(),
    };
    u32::try_from(seconds).ok().map(|_| Duration::from_secs(seconds))
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
