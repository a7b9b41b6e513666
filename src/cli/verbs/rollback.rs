//! Arguments of `ipvsadm rollback`, which takes recorded changes back.

use clap::{Arg, ArgMatches, Command, value_parser};

use super::apply::{Order, confirm, duration, time};
use super::arguments::flag;
use super::diff::{limits, read_limits};

/// Which changes to take back, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackVerb {
    /// Number of the record; `None` is the newest one.
    pub number: Option<u64>,
    /// Also take back what has been changed again since.
    pub overwrite: bool,
    /// The options of an apply, with the name of the record as file.
    pub order: Order,
}

const HELP: &str = "\
rollback takes back change N and every recorded change after it. As with `apply', if
the kernel refuses a change, all others are rolled back, and `ipvsadm apply
--accept' confirms.

rollback leaves later changes by other programs alone: a weight that a health
checker has set stays, and a real server that it has deleted stays deleted. If such
a change concerns something that rollback would take back, a hint names it, and the
exit status is 4. --overwrite takes it back, too. If a change added a service,
rollback deletes the service with all its real servers.

A rollback is recorded like any other change, so a second rollback takes it back.

EXIT STATUS
  0  the changes are taken back
  1  with --dry-run: there is something to take back
  2  nothing was changed: no such record, or no access to IPVS
  3  rollback failed or was not confirmed; the table is as before; see the message
  4  changes by other programs were left alone; see the message
  5  with --json: rollback succeeded, but the report could not be written

EXAMPLES
  Take the last change back:
    ipvsadm rollback
  See what taking back change 17 and all later ones would change, then do it:
    ipvsadm rollback --dry-run 17
    ipvsadm rollback --confirm=2m 17
  Take the last change back even if a health checker has set other weights since:
    ipvsadm rollback --overwrite";

pub(super) fn command() -> Command {
    Command::new("rollback")
        .about("Take back the last recorded change, or change N and all later ones")
        .override_usage("ipvsadm rollback [OPTIONS] [N]")
        .arg(
            Arg::new("record")
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..))
                .help("Take back change N and all later ones; default: the newest"),
        )
        .arg(flag("dry-run", "Change nothing; print the changes in the format of `diff'"))
        .arg(confirm())
        .args(limits())
        .arg(flag("overwrite", "Also take back later changes by other programs"))
        .arg(flag("allow-empty", "Allow a table without services as the result"))
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
    RollbackVerb { number, overwrite: matches.get_flag("overwrite"), order }
}
