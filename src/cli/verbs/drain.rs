//! Arguments of `ipvsadm drain`, which takes a real server out of service.

use std::time::Duration;

use clap::{Arg, ArgMatches, Command};

use super::apply::{duration, time};
use super::arguments::{choice, flag};
use super::target::{no_selection, selection, with_target};
use crate::classic::Names;
use crate::drain::{Hash, Least, Order, Patience, Templates, Until};
use crate::error::Usage;

/// `drain`, or `drain --list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrainVerb {
    /// Drain real servers.
    Drain(Box<DrainOrder>),
    /// Show the drained real servers.
    List,
}

/// A drain with its time limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainOrder {
    /// Real servers and conditions.
    pub order: Order,
    /// Connections to wait for.
    pub until: Until,
    /// Time limit.
    pub patience: Patience,
    /// Return at once.
    pub detach: bool,
    /// Delete the real servers at the end.
    pub remove: bool,
    /// Time to wait for the lock of another run.
    pub wait: Duration,
}

const HELP: &str = "\
drain records the weight of the real server, sets it to 0, and waits until no
active connection is left. Existing connections continue; new clients go to the
other real servers. `undrain' gives the recorded weight back, also after a reboot.

Established connections are active. Connections that are closing or in TIME_WAIT
are inactive; --until all waits for these too. IPVS does not see the end of an
exchange over UDP: a client counts as active until it has sent nothing for the UDP
time-out (see -L --timeout).

mh and sh refuse the new clients of a real server with weight 0 unless mh-fallback
or sh-fallback is set. drain sets that flag until the last drained real server of
the service is back or deleted. dh has no such flag, so drain refuses its services.

Persistence sends known clients to a drained real server until their templates
expire. With --persistent expire, drain sets net.ipv4.vs.expire_quiescent_template
to 1 until the drain ends: these clients then go to other real servers, too. This
affects every service of the network namespace. With --persistent keep, drain also
waits until no template is left.

If drain is interrupted, the real server stays drained.

EXIT STATUS
  0  the connections to wait for have ended; with --list: every drain is in effect
  1  another program ended the drain, or deleted the real server
  2  nothing was drained: refused, a mistake, no access, or the table is locked
  3  connections are left: the time is over, or drain was interrupted
  5  with --json: drain succeeded, but the report could not be written

EXAMPLES
  Take a real server out of one service, and delete it when it is idle:
    ipvsadm drain -t 192.0.2.80:80 -r 198.51.100.21:80 --remove
  Drain a host in all its services, but keep half of each service up:
    ipvsadm drain --server 198.51.100.21 --min-up 50% --reason reboot
    ipvsadm undrain --server 198.51.100.21
  Return at once, and look at the drain later:
    ipvsadm drain --server 198.51.100.21 --detach
    ipvsadm drain --list
  Move clients that persistence binds to the real server:
    ipvsadm drain -t 192.0.2.80:443 -r 198.51.100.21 --persistent expire";

pub(super) fn command() -> Command {
    let command = Command::new("drain")
        .about("Take a real server out of service without cutting connections")
        .override_usage(
            "ipvsadm drain -t|-u|--sctp-service VIP:PORT -r RIP[:PORT] [OPTIONS]\n       \
             ipvsadm drain --server RIP[:PORT] [OPTIONS]\n       \
             ipvsadm drain --list",
        );
    with_target(command)
        .arg(
            flag("list", "Show drained real servers: since when, by whom, why")
                .conflicts_with_all(ORDER),
        )
        .arg(
            Arg::new("reason")
                .long("reason")
                .value_name("TEXT")
                .help("Reason for the drain, shown by --list"),
        )
        .arg(
            choice("until", "WHAT", &["active", "all"], "The connections to wait for")
                .default_value("active"),
        )
        .arg(time(
            "timeout",
            "Longest wait; 0: no limit; default: 300 s, for UDP services plus the UDP time-out",
        ))
        .arg(
            flag("detach", "Return at once, do not wait").conflicts_with_all(["timeout", "remove"]),
        )
        .arg(flag("remove", "Delete the real server when it is idle or the time is over"))
        .arg(
            choice(
                "scheduler-flag",
                "HOW",
                &["set", "keep"],
                "Set the fallback flag of mh and sh, or keep it and refuse if it is not set",
            )
            .default_value("set"),
        )
        .arg(
            choice(
                "persistent",
                "HOW",
                &["keep", "expire"],
                "Keep the clients that persistence binds to the real server, or let them move",
            )
            .default_value("keep"),
        )
        .arg(
            Arg::new("min-up")
                .long("min-up")
                .value_name("N|N%")
                .default_value("1")
                .value_parser(least)
                .help("Refuse if a service would keep fewer real servers with a weight above 0"),
        )
        .arg(time("wait", "Wait for another ipvsadm that is changing the table"))
        .after_help(HELP)
}

/// Options that `--list` excludes.
const ORDER: [&str; 16] = [
    "tcp",
    "udp",
    "sctp",
    "fwmark",
    "server",
    "everywhere",
    "ipv6",
    "reason",
    "until",
    "timeout",
    "detach",
    "remove",
    "scheduler-flag",
    "persistent",
    "min-up",
    "wait",
];

fn least(word: &str) -> Result<Least, String> {
    let expected = "expected a number such as 2, or a share such as 50%";
    match word.strip_suffix('%') {
        Some(percent) => {
            let percent = percent.parse().ok().filter(|percent| *percent <= 100);
            percent.map(Least::Percent)
        }
        None => word.parse().ok().map(Least::Number),
    }
    .ok_or_else(|| expected.to_owned())
}

pub(super) fn read(matches: &ArgMatches, names: Names) -> Result<DrainVerb, Usage> {
    if matches.get_flag("list") {
        return Ok(DrainVerb::List);
    }
    let list = "to see the drained real servers: ipvsadm drain --list";
    let selection =
        selection("drain", matches, names)?.ok_or_else(|| no_selection("drain", list))?;
    let word = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let order = Order {
        selection,
        reason: matches.get_one::<String>("reason").cloned(),
        hash: if word("scheduler-flag") == Some("keep") { Hash::Keep } else { Hash::Set },
        templates: match word("persistent") {
            Some("expire") => Templates::Expire,
            _ => Templates::Keep,
        },
        least: matches.get_one::<Least>("min-up").copied().unwrap_or(Least::Number(1)),
    };
    Ok(DrainVerb::Drain(Box::new(DrainOrder {
        order,
        until: if word("until") == Some("all") { Until::All } else { Until::Active },
        patience: match duration(matches, "timeout") {
            None => Patience::Usual,
            Some(Duration::ZERO) => Patience::ForEver,
            Some(limit) => Patience::Within(limit),
        },
        detach: matches.get_flag("detach"),
        remove: matches.get_flag("remove"),
        wait: duration(matches, "wait").unwrap_or_default(),
    })))
}
