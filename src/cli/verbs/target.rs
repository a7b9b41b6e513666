//! The real servers that `drain` and `undrain` are about.

use std::net::IpAddr;
use std::num::NonZeroU32;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};

use crate::classic::{Names, values};
use crate::drain::Selection;
use crate::error::{Mistake, Usage, pasted};
use crate::model::{DestinationKey, Family, Protocol, ServiceKey};

/// The options that name a service.
const SERVICE: [&str; 4] = ["tcp", "udp", "sctp", "fwmark"];

/// What `--server` names.
const RIP: &str = "RIP[:PORT]";

/// Adds the options that name real servers.
pub(super) fn with_target(command: Command) -> Command {
    let option =
        |name: &'static str, long: &'static str, value: &'static str, help: &'static str| {
            Arg::new(name).long(long).value_name(value).help(help)
        };
    let vip = "VIP[:PORT]";
    command
        .arg(option("tcp", "tcp-service", vip, "A TCP service").short('t'))
        .arg(option("udp", "udp-service", vip, "A UDP service").short('u'))
        .arg(option("sctp", "sctp-service", vip, "An SCTP service"))
        .arg(
            option("fwmark", "fwmark-service", "MARK", "A service for packets with this mark")
                .short('f')
                .value_parser(value_parser!(NonZeroU32)),
        )
        .group(ArgGroup::new("service").args(SERVICE))
        .arg(
            Arg::new("ipv6")
                .short('6')
                .long("ipv6")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["tcp", "udp", "sctp"])
                .help("The firewall mark is for IPv6 packets"),
        )
        .arg(option("server", "real-server", RIP, "A real server of the service").short('r'))
        .arg(
            option("everywhere", "server", RIP, "A real server in every service that has it")
                .conflicts_with_all(["tcp", "udp", "sctp", "fwmark", "ipv6", "server"]),
        )
}

/// The real servers that the options name; `None` where there are no such options.
///
/// # Errors
/// What is wrong with them.
pub(super) fn selection(
    verb: &str,
    matches: &ArgMatches,
    names: Names,
) -> Result<Option<Selection>, Usage> {
    let endpoint = |option: &str, word: &str, protocol| endpoint(option, word, protocol, names);
    if let Some(word) = matches.get_one::<String>("everywhere") {
        let (address, port) = endpoint("--server", word, Protocol::Tcp)?;
        return Ok(Some(Selection::Everywhere { address, port: port.filter(|port| *port != 0) }));
    }
    let server = matches.get_one::<String>("server");
    match (service(matches, endpoint)?, server) {
        (None, None) => Ok(None),
        (Some((service, protocol)), Some(word)) => {
            let (address, port) = endpoint("--real-server", word, protocol)?;
            let port = port.unwrap_or(service.port());
            Ok(Some(Selection::One(service, DestinationKey { address, port })))
        }
        (Some(_), None) => {
            Err(missing(verb, "-r RIP[:PORT]", "name the real server of the service"))
        }
        (None, Some(_)) => Err(missing(verb, "a service", SERVICE_HINT)),
    }
}

const SERVICE_HINT: &str = "name it with -t, -u or --sctp-service VIP:PORT, or with -f MARK";

/// Which real servers are meant is not said.
pub(super) fn no_selection(verb: &str, others: &str) -> Usage {
    let mut usage = missing(verb, "a real server", SERVICE_HINT);
    usage.legal = vec![
        "of one service: -t, -u or --sctp-service VIP:PORT, or -f MARK, and -r RIP[:PORT]"
            .to_owned(),
        "of every service that has it: --server RIP[:PORT]".to_owned(),
        others.to_owned(),
    ];
    usage
}

fn missing(verb: &str, what: &str, hint: &str) -> Usage {
    let mistake = Mistake::Missing { verb: verb.to_owned(), what: what.to_owned() };
    Usage { legal: vec![hint.to_owned()], ..mistake.into() }
}

fn service(
    matches: &ArgMatches,
    endpoint: impl Fn(&str, &str, Protocol) -> Result<(IpAddr, Option<u16>), Usage>,
) -> Result<Option<(ServiceKey, Protocol)>, Usage> {
    let protocols = [("tcp", Protocol::Tcp), ("udp", Protocol::Udp), ("sctp", Protocol::Sctp)];
    for (name, protocol) in protocols {
        if let Some(word) = matches.get_one::<String>(name) {
            let (address, port) = endpoint(&format!("--{name}-service"), word, protocol)?;
            let port = port.unwrap_or(0);
            return Ok(Some((ServiceKey::Address { protocol, address, port }, protocol)));
        }
    }
    let family = if matches.get_flag("ipv6") { Family::V6 } else { Family::V4 };
    let mark = matches.get_one::<NonZeroU32>("fwmark");
    Ok(mark.map(|mark| (ServiceKey::Fwmark { mark: *mark, family }, Protocol::Tcp)))
}

fn endpoint(
    option: &str,
    word: &str,
    protocol: Protocol,
    names: Names,
) -> Result<(IpAddr, Option<u16>), Usage> {
    values::endpoint(word, protocol, names).map_err(|reason| {
        let reason = reason.unwrap_or_else(|| "expected ADDRESS[:PORT]".to_owned());
        let meant = pasted::endpoint(word).map(|text| format!("`{word}': {text}"));
        let (option, word) = (option.to_owned(), word.to_owned());
        Usage { meant, ..Mistake::Value { option, word, reason }.into() }
    })
}
