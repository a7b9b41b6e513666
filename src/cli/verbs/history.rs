//! Arguments of `ipvsadm history`, which shows recorded changes of the table.

use std::time::SystemTime;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::moment::moment;

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryVerb {
    /// List the records.
    List,
    /// Print the change of this number.
    Show(u64),
    /// Print the changes between two times, including those that `watch --record` has recorded.
    Between(SystemTime, SystemTime),
}

const HELP: &str = "\
apply, rollback, set, drain, undrain and ipvsadm-restore record each change that
they make: the objects before and after the change, the time in UTC, the user and
the command line. ipvsadm keeps the last 20 records of apply, rollback and
ipvsadm-restore, and the last 20 records of set, drain and undrain. The classic commands (-A, -a, -e, -d, -R) record nothing, and neither
does an ipvsadm-restore into an empty table, as at boot.

With --since, history also lists changes by other programs, if `ipvsadm watch
--record' was running. To keep it running: systemctl enable --now ipvsadm-watch.
TIME is a time of day in UTC, a date with a time, or for example 90m for 90 minutes
ago.

In the listing, `+', `~' and `-' count the added, edited and deleted objects. Each network namespace has its own history.

EXIT STATUS
  0  done
  1  a record is damaged
  2  there is no such record, or the history cannot be read

EXAMPLES
  Who changed what?
    ipvsadm history
  What exactly did change 17 change?
    ipvsadm history 17
  What changed at 03:12, whoever did it?
    ipvsadm history --since 03:10 --until 03:15
  Take back change 17 and all later ones:
    ipvsadm rollback 17";

pub(super) fn command() -> Command {
    Command::new("history")
        .about("Show recorded changes of the table")
        .override_usage(
            "ipvsadm history [OPTIONS]\n       ipvsadm history [OPTIONS] N\n       \
             ipvsadm history [OPTIONS] --since TIME [--until TIME]",
        )
        .arg(
            Arg::new("record")
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..))
                .help("Print the differences that change N made, in the format of `diff'"),
        )
        .arg(
            moment("since", "List every change from TIME on, also those of other programs")
                .conflicts_with("record"),
        )
        .arg(
            moment("until", "With --since: list no change after TIME; default: now")
                .requires("since"),
        )
        .after_help(HELP)
}

pub(super) fn read(matches: &ArgMatches) -> HistoryVerb {
    let moment = |name| matches.get_one::<SystemTime>(name).copied();
    match (matches.get_one::<u64>("record"), moment("since")) {
        (Some(number), _) => HistoryVerb::Show(*number),
        (None, Some(since)) => {
            HistoryVerb::Between(since, moment("until").unwrap_or_else(SystemTime::now))
        }
        (None, None) => HistoryVerb::List,
    }
}
