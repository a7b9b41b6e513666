//! `ipvsadm diff`: what differs between the kernel's table and a file, or between two files.

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use crate::diff::{Limits, Scope};
use crate::error::Usage;

/// What to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffVerb {
    /// The old side; `None` is the kernel's table.
    pub before: Option<String>,
    /// The new side, a file; `-` is standard input.
    pub after: String,
    /// How much of it counts.
    pub limits: Limits,
}

const HELP: &str = "\
A line begins with `+ ' where the new side has something more, with `- ' where
it has something less, and with `~ ' where both have it, but not alike: then
the new line stands there, and behind `#' each field with its old value.

Time-outs and sync daemons of the table are compared as far as FILE speaks of
them: the others are left alone by `apply' too. JSON can say that none runs.
Between two files every line counts, --set and --start-daemon too, that only
one has, and every value in it.

EXIT STATUS
  0  no difference
  1  there are differences
  2  no comparison: a mistake in a file, or no access to IPVS

EXAMPLES
  What would `apply' change?
    ipvsadm diff /etc/ipvsadm.rules
  Has anybody touched the table since it was saved?
    ipvsadm -S --full --json > saved; sleep 3600; ipvsadm diff saved
  Two files, without a kernel:
    ipvsadm diff old.rules new.rules";

pub(super) fn command() -> Command {
    Command::new("diff")
        .about("Say what differs between the table and a file, or between two files")
        .override_usage("ipvsadm diff [OPTIONS] FILE\n       ipvsadm diff [OPTIONS] OLD NEW")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .num_args(1..=2)
                .value_hint(ValueHint::FilePath)
                .help("Rule lines, or JSON of -L and -S; - is standard input"),
        )
        .args(limits())
        .after_help(HELP)
}

/// The options that say how much of a wish is meant.
pub(super) fn limits() -> [Arg; 2] {
    [
        Arg::new("scope")
            .long("scope")
            .value_name("SCOPE")
            .action(ArgAction::Append)
            .value_parser(value_parser!(Scope))
            .help(
                "Only services of this kind: a comma list of ADDRESS[/LENGTH], port=N[-N], \
                 fwmark[=N[-N]], tcp, udp, sctp; may be repeated",
            ),
        Arg::new("keep-weights")
            .long("keep-weights")
            .action(ArgAction::SetTrue)
            .help("Real servers that exist keep their weight"),
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
        return Err(Usage::other(
            "`-' is standard input, which can be read only once: name a file",
        ));
    }
    Ok(DiffVerb { before, after, limits: read_limits(matches) })
}
