//! Arguments of `ipvsadm rollback`, which applies the table before a recorded change.

use clap::{Arg, ArgMatches, Command, value_parser};

use super::apply::{Order, confirm, duration, time};
use super::arguments::flag;
use super::diff::{limits, read_limits};

/// Which table to go back to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackVerb {
    /// Number of the record; `None` is the newest one.
    pub number: Option<u64>,
    /// The options of an apply, with the name of the record as file.
    pub order: Order,
}

const HELP: &str = "\
The table is made equal to the one before change N, by the rules of `apply': what
already matches is not touched, a refused change takes back all others, and
`ipvsadm apply --accept' confirms. Whatever anybody has changed since then is
undone, too: look at it with --dry-run. With --keep-weights, real servers keep
the weights that a health checker has given them.

A rollback is recorded like any other change, so a second rollback takes it back.

EXIT STATUS
  0  the table is as before change N
  1  with --dry-run: the table differs
  2  nothing was changed: no such record, or no access to IPVS
  3  rollback failed or was not confirmed; the table is as before; see the message
  4  the table is neither the one before nor the recorded one; see the message
  5  with --json: rollback succeeded, but the report could not be written

EXAMPLES
  Undo the last change:
    ipvsadm rollback
  See what going back to the table before change 17 would change, then do it:
    ipvsadm rollback --dry-run 17
    ipvsadm rollback --confirm=2m 17
  Take back new services and real servers, but keep the weights of today:
    ipvsadm rollback --keep-weights";

pub(super) fn command() -> Command {
    Command::new("rollback")
        .about("Go back to the table before a recorded change")
        .override_usage("ipvsadm rollback [OPTIONS] [N]")
        .arg(
            Arg::new("record")
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..))
                .help("Number from `ipvsadm history'; default: the newest"),
        )
        .arg(flag("dry-run", "Change nothing; print the changes in the format of `diff'"))
        .arg(confirm())
        .args(limits())
        .arg(flag("allow-empty", "Allow a recorded table without services"))
        .arg(time("wait", "Wait for another ipvsadm that is changing the table"))
        .after_help(HELP)
}

pub(super) fn read(matches: &ArgMatches) -> RollbackVerb {
    let number = matches.get_one::<u64>("record").copied();
    let order = Order {
        file: number.map_or_else(String::new, |number| format!("record {number}")),
        limits: read_limits(matches),
        dry_run: matches.get_flag("dry-run"),
        confirm: duration(matches, "confirm"),
        allow_empty: matches.get_flag("allow-empty"),
        wait: duration(matches, "wait").unwrap_or_default(),
    };
    RollbackVerb { number, order }
}
