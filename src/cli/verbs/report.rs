//! `ipvsadm report`: the page of `serve` as one file.

use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::arguments::no_json;

/// What the report covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportVerb {
    /// Time over which the rates are drawn.
    pub time: Duration,
}

/// Seconds without `--seconds`.
const SECONDS: u64 = 60;

const HELP: &str = "\
report writes one HTML file to standard output: the page of `ipvsadm serve' with graphs
over the time given, the table as rules, versions, and the findings of `director
status' and `rs status'. The file opens in every browser and loads nothing from the
network. The file contains addresses: look at it before you give it to others.

Ctrl-C ends the reading early; the report then covers the time until then.

EXIT STATUS
  0  the report was written
  2  the table cannot be read, standard output is a terminal, or the command
     line is invalid

EXAMPLES
  For a ticket:
    ipvsadm report > report.html
  The table as it is now, without graphs:
    ipvsadm report --seconds 0 > report.html
  Over an hour:
    ipvsadm report --seconds 3600 > report.html";

pub(super) fn command() -> Command {
    let seconds = Arg::new("seconds")
        .long("seconds")
        .value_name("N")
        .value_parser(value_parser!(u64).range(..=86400))
        .help("Draw the rates of N seconds instead of 60");
    Command::new("report")
        .about("Write the table with graphs and findings to one HTML file")
        .arg(seconds)
        .arg(no_json("report writes HTML; for JSON: ipvsadm -L --stats --rate --json"))
        .after_help(HELP)
}

pub(super) fn read(matches: &ArgMatches) -> ReportVerb {
    let seconds = matches.get_one::<u64>("seconds").copied().unwrap_or(SECONDS);
    ReportVerb { time: Duration::from_secs(seconds) }
}
