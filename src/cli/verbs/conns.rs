//! Arguments of `ipvsadm conns`, which lists, counts and compares connections.

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use super::arguments::{ONE_INPUT, choice, flag, many};
use crate::error::Usage;
use crate::model::{By, ConnectionFilter, EndpointFilter, Family, STATES};

/// `conns` with its subcommand and options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnsVerb {
    /// Print connections.
    List {
        /// Connections to print.
        filter: ConnectionFilter,
        /// The order of the listing; `None` is the kernel's.
        sort: Option<Sort>,
        /// The maximum number of rows.
        top: Option<usize>,
        /// A copy of `/proc/net/ip_vs_conn`; `None` is the kernel's table.
        from: Option<String>,
    },
    Count {
        /// Connections to count.
        filter: ConnectionFilter,
        /// Criterion by which to count them.
        by: By,
        /// The maximum number of rows.
        top: Option<usize>,
        /// A copy of `/proc/net/ip_vs_conn`; `None` is the kernel's table.
        from: Option<String>,
    },
    /// Compare this director's connections with those of another one.
    Compare {
        /// File with the other director's `conns --json`.
        there: String,
        /// File with this director's `conns --json`; `None` is the kernel's table.
        here: Option<String>,
    },
}

/// Sort key of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Address and port of the client.
    Client,
    /// Protocol, virtual address and port.
    Service,
    /// Address and port of the real server.
    Server,
    /// Name of the state.
    State,
    /// Seconds until the kernel deletes the entry, the longest first.
    Expires,
}

const SORTS: [(&str, Sort); 5] = [
    ("client", Sort::Client),
    ("service", Sort::Service),
    ("server", Sort::Server),
    ("state", Sort::State),
    ("expires", Sort::Expires),
];

const GROUPINGS: [(&str, By); 4] = [
    ("client", By::Client),
    ("server", By::Server),
    ("service", By::Service),
    ("state", By::State),
];

const HELP: &str = "\
ENDPOINT is ADDRESS, ADDRESS/LENGTH, ADDRESS:PORT or [IPV6]:PORT. An option that is
given twice, or with a list, selects connections that match any of its values.
Different options must all match. Addresses and ports are always numbers.

The connection table is readable without root. A listing needs the same memory for
any number of connections. `--sort' keeps all selected connections in memory, or a
few times N with `--top N'. A connection of a service by mark is listed with the
address that the client uses; only its template shows the mark.

`conns compare FILE' compares the kernel's table with the `conns --json' of
another director, for example of the standby that the sync daemon feeds.

EXIT STATUS
  0  done; for compare: both directors have the same connections
  1  the connections cannot be read; for compare: the directors differ
  2  the command line is invalid; for compare: nothing was compared

EXAMPLES
  Connections of one client network to one service:
    ipvsadm conns --client 198.51.100.0/24 --service 192.0.2.80:80
  The ten clients with most connections:
    ipvsadm conns --by client --top 10
  Half-open connections of each real server, a sign of a lost return path:
    ipvsadm conns --state SYN_RECV --by server
  Persistence templates that send clients to a real server:
    ipvsadm conns --templates --server 10.0.0.11
  Compare with the standby director:
    ssh standby ipvsadm conns --json > standby.json; ipvsadm conns compare standby.json";

pub(super) fn command() -> Command {
    Command::new("conns")
        .about("List, filter and count connections, or compare those of two directors")
        .override_usage("ipvsadm conns [OPTIONS]\n       ipvsadm conns compare FILE [HERE]")
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommand(compare())
        .arg(endpoint("client", "Connections of these clients"))
        .arg(endpoint("service", "Connections to these virtual addresses"))
        .arg(endpoint("server", "Connections to these real servers"))
        .arg(
            list("state", "STATE", "Connections in these states, for example SYN_RECV")
                .value_parser(state),
        )
        .arg(
            list("protocol", "PROTOCOL", "Connections of these protocols")
                .value_parser(["tcp", "udp", "sctp"]),
        )
        .arg(
            Arg::new("family")
                .long("family")
                .value_name("4|6")
                .value_parser(["4", "6"])
                .help("Connections of IPv4 or IPv6 clients only"),
        )
        .arg(flag("templates", "Persistence templates instead of connections"))
        .arg(choice("by", "KEY", &GROUPINGS.map(|(name, _)| name), "Count connections by KEY"))
        .arg(
            choice("sort", "KEY", &SORTS.map(|(name, _)| name), "Sort the listing by KEY")
                .conflicts_with("by"),
        )
        .arg(
            Arg::new("top")
                .long("top")
                .value_name("N")
                .value_parser(value_parser!(u32).range(1..))
                .help("Print at most N rows"),
        )
        .arg(
            Arg::new("from")
                .long("from")
                .value_name("FILE")
                .value_hint(ValueHint::FilePath)
                .help("Read a copy of /proc/net/ip_vs_conn instead of the kernel's table"),
        )
        // Names are never looked up, but many people type -n out of habit.
        .arg(flag("numeric", "").short('n').hide(true))
        .after_help(HELP)
}

fn compare() -> Command {
    Command::new("compare")
        .about("Compare this director's connections with those of another director")
        .arg(file("there", "FILE", "The other director's `conns --json'").required(true))
        .arg(file("here", "HERE", "This director's `conns --json'; default: the kernel's table"))
        .after_help(
            "EXIT STATUS\n  \
             0  both directors have the same connections\n  \
             1  the directors differ\n  \
             2  nothing was compared\n\n\
             EXAMPLES\n  \
             Does the standby know the connections of this director?\n    \
             ssh standby ipvsadm conns --json > standby.json\n    \
             ipvsadm conns compare standby.json",
        )
}

fn file(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).value_name(value).value_hint(ValueHint::FilePath).help(help)
}

fn list(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .value_delimiter(',')
        .action(ArgAction::Append)
        .help(help)
}

fn endpoint(name: &'static str, help: &'static str) -> Arg {
    list(name, "ENDPOINT", help).value_parser(value_parser!(EndpointFilter))
}

fn state(word: &str) -> Result<String, String> {
    let state = word.to_ascii_uppercase();
    if STATES.contains(&state.as_str()) {
        return Ok(state);
    }
    Err(format!("the states are {}", STATES.join(", ")))
}

fn named<T: Copy>(matches: &ArgMatches, name: &str, table: &[(&str, T)]) -> Option<T> {
    let word = matches.get_one::<String>(name)?;
    table.iter().find(|(name, _)| name == word).map(|(_, value)| *value)
}

pub(super) fn read(matches: &ArgMatches) -> Result<ConnsVerb, Usage> {
    let text = |matches: &ArgMatches, name| matches.get_one::<String>(name).cloned();
    if let Some(("compare", matches)) = matches.subcommand() {
        let there = text(matches, "there").unwrap_or_default();
        let here = text(matches, "here");
        if there == "-" && here.as_deref() == Some("-") {
            return Err(Usage::other(ONE_INPUT));
        }
        return Ok(ConnsVerb::Compare { there, here });
    }
    let upper = |name| many::<String>(matches, name).iter().map(|it| it.to_uppercase()).collect();
    let filter = ConnectionFilter {
        clients: many(matches, "client"),
        services: many(matches, "service"),
        servers: many(matches, "server"),
        states: many(matches, "state"),
        protocols: upper("protocol"),
        family: text(matches, "family")
            .map(|family| if family == "4" { Family::V4 } else { Family::V6 }),
        templates: matches.get_flag("templates"),
    };
    let top = matches.get_one::<u32>("top").and_then(|top| usize::try_from(*top).ok());
    let from = text(matches, "from");
    Ok(match named(matches, "by", &GROUPINGS) {
        Some(by) => ConnsVerb::Count { filter, by, top, from },
        None => ConnsVerb::List { filter, sort: named(matches, "sort", &SORTS), top, from },
    })
}
