//! Arguments of `ipvsadm undrain`, which gives a drained real server its weight back.

use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::apply::{duration, time};
use super::arguments::flag;
use super::target::{no_selection, selection, with_target};
use crate::classic::Names;
use crate::drain::{Back, Selection, Undrain};
use crate::error::Usage;
use crate::model::MAX_WEIGHT;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndrainVerb {
    /// Real servers, and the weight to give them.
    pub order: Undrain,
    /// Raise the weight in steps within this time.
    pub ramp: Option<Duration>,
    /// Time to wait for the lock of another run.
    pub wait: Duration,
}

const HELP: &str = "\
undrain gives a real server the weight that `drain' has recorded. When the service
has no drained real server left, undrain also restores the scheduler flags that
drain has changed. When no drain needs net.ipv4.vs.expire_quiescent_template any
more, undrain restores it, too. Values that another program has changed meanwhile
are kept.

--ramp raises the weight in up to 20 steps. If undrain is interrupted, it prints the
current weight; the real server keeps this weight, and the next undrain resumes at
it. A weight of 1 is given in one step.

EXIT STATUS
  0  the real servers have their weights back
  1  another program has changed a weight, which is kept
  2  nothing was changed: refused, a mistake, no access, or the table is locked
  3  undrain was interrupted, and the weight is not the recorded one yet
  5  with --json: undrain succeeded, but the report could not be written

EXAMPLES
  Put a real server back:
    ipvsadm undrain -t 192.0.2.80:80 -r 198.51.100.21:80
  Put a host back into all its services, slowly:
    ipvsadm undrain --server 198.51.100.21 --ramp 5m
  Put all drained real servers back:
    ipvsadm undrain --all
  Give a real server another weight than the recorded one:
    ipvsadm undrain -t 192.0.2.80:80 -r 198.51.100.21:80 --weight 5";

pub(super) fn command() -> Command {
    let command =
        Command::new("undrain").about("Give a drained real server its weight back").override_usage(
            "ipvsadm undrain -t|-u|--sctp-service VIP:PORT -r RIP[:PORT] [OPTIONS]\n       \
             ipvsadm undrain --server RIP[:PORT] [OPTIONS]\n       \
             ipvsadm undrain --all [OPTIONS]",
        );
    with_target(command)
        .arg(flag("all", "Every real server that is drained").conflicts_with_all([
            "service",
            "server",
            "everywhere",
            "ipv6",
        ]))
        .arg(time("ramp", "Raise the weight in steps within this time"))
        .arg(
            Arg::new("weight")
                .short('w')
                .long("weight")
                .value_name("N")
                .value_parser(value_parser!(u32).range(1..=i64::from(MAX_WEIGHT)))
                .help("The weight to give, instead of the recorded one"),
        )
        .arg(time("wait", "Wait for another ipvsadm that is changing the table"))
        .after_help(HELP)
}

pub(super) fn read(matches: &ArgMatches, names: Names) -> Result<UndrainVerb, Usage> {
    let all = "every drained real server: --all";
    let selection = match selection("undrain", matches, names)? {
        Some(selection) => selection,
        None if matches.get_flag("all") => Selection::Recorded,
        None => return Err(no_selection("undrain", all)),
    };
    let weight = matches.get_one::<u32>("weight").copied();
    Ok(UndrainVerb {
        order: Undrain { selection, back: weight.map_or(Back::Recorded, Back::Weight) },
        ramp: duration(matches, "ramp").filter(|ramp| !ramp.is_zero()),
        wait: duration(matches, "wait").unwrap_or_default(),
    })
}
