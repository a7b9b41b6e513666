//! `ipvsadm top`: services and real servers with their rates, live.

use std::time::Duration;

use clap::{Arg, ArgMatches, Command};

use super::arguments::flag;

/// Arguments of `top`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopVerb {
    /// Print the table once, as text.
    pub once: bool,
    /// Forbid changes.
    pub read_only: bool,
    /// Time between two readings of the table.
    pub interval: Duration,
}

/// Shortest and longest interval.
const INTERVALS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(3600);

const HELP: &str = "\
top reads the table every 2 seconds. Rates are averages of the last 10 seconds; In
@@

STATE
  drain  `ipvsadm drain' has set the weight to 0     full  upper threshold reached
  ramp   `ipvsadm undrain --ramp' raises the weight  off   weight 0, not by drain
  down   no real server of the service gets new connections

KEYS
  Up Down PgUp PgDn  select      n a c b  sort by name, active, connections/s, bits
  Enter Left Right   open, close r        reverse the order
  e                  all         /        show rows with a text; Esc shows all
  d                  drain       ? q      help, quit

If standard input or output is no terminal, or TERM is dumb, top prints the table
once, like --once. The rates are then those of the kernel, averages that lag by
about 8 seconds. --json prints the object of -L --rate --json.

EXIT STATUS
  0  the table was printed, or top was ended by q, Ctrl-C or a signal
  1  the table or the terminal cannot be read

EXAMPLES
  Which real servers have the load?
    ipvsadm top
  On a screen that everybody can reach:
    ipvsadm top --read-only --interval 5s
  One table, for a ticket:
    ipvsadm top --once";

pub(super) fn command() -> Command {
    Command::new("top")
        .about("Show services and real servers with their rates, live")
        .arg(flag("once", "Print the table once, as text"))
        .arg(flag("read-only", "Forbid the key d, which drains a real server"))
        .arg(
            Arg::new("interval")
                .long("interval")
                .value_name("TIME")
                .default_value("2s")
                .value_parser(interval)
                .help("How often to read the table: 100ms to 1h"),
        )
        .after_help(HELP)
}

/// A plain number is seconds.
fn interval(word: &str) -> Result<Duration, String> {
    let seconds = word.parse().ok().map(Duration::from_secs);
    seconds
        .or_else(|| humantime::parse_duration(word).ok())
        .filter(|interval| INTERVALS.contains(interval))
        .ok_or_else(|| "expected a time such as 500ms, 2s or 1m, from 100ms to 1h".to_owned())
}

pub(super) fn read(matches: &ArgMatches) -> TopVerb {
    TopVerb {
        once: matches.get_flag("once"),
        read_only: matches.get_flag("read-only"),
        interval: matches.get_one("interval").copied().unwrap_or(Duration::from_secs(2)),
    }
}
