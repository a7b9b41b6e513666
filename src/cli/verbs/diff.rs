//! Arguments of `ipvsadm diff`, which compares the kernel's table with a file, or two files.

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use super::arguments::ONE_INPUT;
use crate::diff::{Limits, Scope};
use crate::error::Usage;

/// The two sides to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffVerb {
    /// File of the old side; `None` is the kernel's table.
    pub before: Option<String>,
    /// File of the new side; `-` is standard input.
    pub after: String,
    /// Limits of the comparison.
    pub limits: Limits,
}

const HELP: &str = "\
Each line is one difference. `+ ' marks an entry that only the new side has, and
`- ' an entry that only the old side has. `~ ' marks an entry that both sides
have with different values: it shows the new rule, then `#' and each field that
differs, with its old and its new value.

The table's time-outs and sync daemons are compared only if FILE sets them, because
`apply' changes them only then. JSON can state that no daemon runs.
Between two files, every line and every value counts, also a --set or
--start-daemon line that only one file has.

EXIT STATUS
  0  there are no differences
  1  there are differences
  2  nothing was compared: a mistake in a file, or no access to IPVS

EXAMPLES
  What would `apply' change?
    ipvsadm diff /etc/ipvsadm.rules
  Has anybody touched the table since it was saved?
    ipvsadm -S --full --json > saved; sleep 3600; ipvsadm diff saved
  Compare two files; this needs neither IPVS nor root:
    ipvsadm diff old.rules new.rules";

pub(super) fn command() -> Command {
    Command::new("diff")
        .about("Show the differences between the kernel's table and a file, or two files")
        .override_usage("ipvsadm diff [OPTIONS] FILE\n       ipvsadm diff [OPTIONS] OLD NEW")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .num_args(1..=2)
                .value_hint(ValueHint::FilePath)
                .help("A file of rule lines, or JSON from -L or -S; - is standard input"),
        )
        .args(limits())
        .after_help(HELP)
}

/// The options that limit the comparison or an apply.
pub(super) fn limits() -> [Arg; 2] {
    [
        Arg::new("scope")
            .long("scope")
            .value_name("SCOPE")
            .action(ArgAction::Append)
            .value_parser(value_parser!(Scope))
            .help(
                "Consider only these services: a comma-separated list of ADDRESS[/LENGTH], port=N[-N], \
                 fwmark[=N[-N]], tcp, udp, sctp; may be repeated",
            ),
        Arg::new("keep-weights")
            .long("keep-weights")
            .action(ArgAction::SetTrue)
            .help("Keep the current weights of existing real servers"),
    ]
}

pub(super) fn read_limits(matches: &ArgMatches) -> Limits {
    Limits {
        scopes: matches.get_many("scope").into_iter().flatten().cloned().collect(),
        keep_weights: matches.get_flag("keep-weights"),
    }
}

pub(super) fn read(matches: &ArgMatches) -> Result<DiffVerb, Usage> {
    let mut files = matches.get_many::<String>("file").into_iter().flatten().cloned();
    let first = files.next().unwrap_or_default();
    let (before, after) = match files.next() {
        Some(second) => (Some(first), second),
        None => (None, first),
    };
    if after == "-" && before.as_deref() == Some("-") {
        return Err(Usage::other(ONE_INPUT));
    }
    Ok(DiffVerb { before, after, limits: read_limits(matches) })
}
