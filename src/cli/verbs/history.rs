//! Arguments of `ipvsadm history`, which shows recorded changes of the table.

use clap::{Arg, ArgMatches, Command, value_parser};

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryVerb {
    /// List the records.
    List,
    /// Print the table before the change of this number.
    Show(u64),
}

const HELP: &str = "\
apply, rollback, set, drain, undrain and ipvsadm-restore record each change that
they make: the table before it, the time in UTC, the user and the command line.
The last 20 of apply, rollback and ipvsadm-restore are kept, and the last 20 of
the others. The classic commands (-A, -a, -e, -d, -R) record nothing, and neither
does an ipvsadm-restore into an empty table, as at boot.

In the listing, `+' counts what was added, `~' what was edited, and `-' what was
deleted. Each network namespace has its own history.

EXIT STATUS
  0  done
  1  a record is damaged, or no rule line can express a part of the table
  2  there is no such record, or the history cannot be read

EXAMPLES
  Who changed what?
    ipvsadm history
  The table before change 17, as a rule file:
    ipvsadm history 17
  The same as JSON, exact in every detail:
    ipvsadm history --json 17 > before.json
  Go back to it:
    ipvsadm rollback 17";

pub(super) fn command() -> Command {
    Command::new("history")
        .about("Show recorded changes of the table, and the table before each")
        .override_usage("ipvsadm history [OPTIONS]\n       ipvsadm history [OPTIONS] N")
        .arg(
            Arg::new("record")
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..))
                .help("Print the table before change N as a rule file"),
        )
        .after_help(HELP)
}

pub(super) fn read(matches: &ArgMatches) -> HistoryVerb {
    match matches.get_one::<u64>("record") {
        Some(number) => HistoryVerb::Show(*number),
        None => HistoryVerb::List,
    }
}
