//! Arguments of `ipvsadm set`, which changes only the named fields.

mod classic;

use std::time::Duration;

use clap::{Arg, ArgMatches, Command};

use super::apply::{duration, time};
use super::target::{self, service_group, with_service};
use crate::classic::Names;
use crate::error::Usage;
use crate::model::field::{Assignment, Fields};
use crate::model::{Destination, DestinationKey, Service, ServiceKey};

/// Object and new values for `set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetVerb {
    pub service: ServiceKey,
    /// Key of its real server; `None` changes the service itself.
    pub server: Option<DestinationKey>,
    /// New values, from `FIELD=VALUE` and from classic options.
    pub words: Vec<Assignment>,
    /// Time to wait for the lock of another run.
    pub wait: Duration,
}

const HELP: &str = "\
A field without a value, as in `persistence=', is removed. Fields that are not
named stay as they are; -E and -e reset them to their defaults. The options of the
classic language do the same: `-w 7' is `weight=7'.
weight, upper_threshold, lower_threshold and persistence also take +N, -N and N%
of the current value. A percentage is rounded, and never to 0 unless N is 0.

Each field that changed is printed as `weight 5 -> 7'. If nothing changed, the
report is `unchanged'.

EXIT STATUS
  0    the fields have the given values
  1    the service does not exist
  2    no such real server, a mistake, no access, or the table is locked
  5    with --json: set succeeded, but the report could not be written
  255  the kernel rejected the change

EXAMPLES
  Send no new connections to a real server; keep its other fields:
    ipvsadm set -t 192.0.2.80:80 -r 198.51.100.21:80 weight=0
  Half the weight, and back:
    ipvsadm set -t 192.0.2.80:80 -r 198.51.100.21:80 weight=50%
    ipvsadm set -t 192.0.2.80:80 -r 198.51.100.21:80 -w 200%
  Change the scheduler; keep persistence:
    ipvsadm set -t 192.0.2.80:80 scheduler=mh flags=mh-port
  Switch persistence off:
    ipvsadm set -f 7 persistence=";

/// Maximum width of a line of the help text, in columns.
const WIDTH: usize = 80;

/// `FIELD=VALUE` for each field, in lines of at most [`WIDTH`] columns.
fn fields<T: Fields>() -> String {
    let (mut text, mut line) = (String::new(), String::new());
    for field in T::fields() {
        let word = format!("  {}={}", field.name, field.shape.placeholder());
        if line.len() + word.len() > WIDTH {
            text += &(std::mem::take(&mut line) + "\n");
        }
        line += &word;
    }
    text + &line + "\n"
}

fn help() -> String {
    format!(
        "Fields of a service, named as in JSON:\n{}Fields of a real server:\n{}{HELP}",
        fields::<Service>(),
        fields::<Destination>()
    )
}

pub(super) fn command() -> Command {
    let command = Command::new("set")
        .about("Change the named fields of a service or a real server, and no others")
        .override_usage("ipvsadm set -t|-u|--sctp-service VIP:PORT [-r RIP[:PORT]] FIELD=VALUE...");
    with_service(command)
        .group(service_group().required(true))
        .arg(time("wait", "Wait for another ipvsadm that is changing the table"))
        .arg(
            Arg::new("words")
                .value_name("FIELD=VALUE")
                .required_unless_present_any(classic::ids())
                .num_args(1..)
                .value_parser(assignment)
                .help("A field and its new value"),
        )
        .args(classic::options())
        .after_help(help())
}

fn assignment(word: &str) -> Result<Assignment, String> {
    let (key, value) = word.split_once('=').ok_or("expected FIELD=VALUE")?;
    Ok(Assignment { key: key.to_owned(), value: value.to_owned() })
}

pub(super) fn read(matches: &ArgMatches, names: Names) -> Result<SetVerb, Usage> {
    let target = target::service(matches, names)?;
    let (service, server) = target.ok_or_else(|| Usage::other("set needs a service"))?;
    Ok(SetVerb {
        service,
        server,
        words: words(matches)?,
        wait: duration(matches, "wait").unwrap_or_default(),
    })
}

/// The assignments. A field may be given only once, because two values would be ambiguous.
fn words(matches: &ArgMatches) -> Result<Vec<Assignment>, Usage> {
    let mut words: Vec<Assignment> =
        matches.get_many("words").into_iter().flatten().cloned().collect();
    for word in classic::assignments(matches) {
        if words.iter().any(|other| other.key == word.key) {
            return Err(Usage::other(format!("{} is set twice on this command line", word.key)));
        }
        words.push(word);
    }
    Ok(words)
}
