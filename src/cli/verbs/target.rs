//! Options of `set`, `drain` and `undrain` that name a service and real servers.

use std::net::IpAddr;
use std::num::NonZeroU32;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};

use crate::classic::{Names, values};
use crate::drain::Selection;
use crate::error::{Mistake, Usage, pasted};
use crate::model::{DestinationKey, Family, Protocol, ServiceKey};

/// The options that name a service.
const SERVICE: [&str; 4] = ["tcp", "udp", "sctp", "fwmark"];

/// Value of `--real-server` and `--server`.
const RIP: &str = "RIP[:PORT]";

/// Adds the options that name a service, and a real server of it.
pub(super) fn with_service(command: Command) -> Command {
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
        .arg(
            Arg::new("ipv6")
                .short('6')
                .long("ipv6")
                .action(ArgAction::SetTrue)
                // clap waives `requires` if another option of the group is given.
                .conflicts_with_all(["tcp", "udp", "sctp"])
                .help("The firewall mark is for IPv6 packets"),
        )
        .arg(option("server", "real-server", RIP, "A real server of the service").short('r'))
}

pub(super) fn service_group() -> ArgGroup {
    ArgGroup::new("service").args(SERVICE)
}

/// Adds the options that name real servers.
pub(super) fn with_target(command: Command) -> Command {
    with_service(command).group(service_group()).arg(
        Arg::new("everywhere")
            .long("server")
            .value_name(RIP)
            .help("A real server in every service that has it")
            .conflicts_with_all(["tcp", "udp", "sctp", "fwmark", "ipv6", "server"]),
    )
}

/// The real servers that the options name; `None` where there are no such options.
///
/// # Errors
/// A malformed address, or an incomplete selection.
pub(super) fn selection(
    verb: &str,
    matches: &ArgMatches,
    names: Names,
) -> Result<Option<Selection>, Usage> {
    if let Some(word) = matches.get_one::<String>("everywhere") {
        let (address, port) = endpoint("--server", word, Protocol::Tcp, names)?;
        return Ok(Some(Selection::Everywhere { address, port: port.filter(|port| *port != 0) }));
    }
    match service(matches, names)? {
        Some((service, Some(server))) => Ok(Some(Selection::One(service, server))),
        None if matches.get_one::<String>("server").is_some() => {
            Err(missing(verb, "a service", SERVICE_HINT))
        }
        None => Ok(None),
        Some((_, None)) => {
            Err(missing(verb, "-r RIP[:PORT]", "name the real server of the service"))
        }
    }
}

/// How to name a service.
pub(super) const SERVICE_HINT: &str =
    "name the service with -t, -u or --sctp-service VIP:PORT, or with -f MARK";

/// Mistake: no option selects a real server.
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

/// The service that the options name, and the real server of it.
///
/// # Errors
/// A malformed address or port.
pub(super) fn service(
    matches: &ArgMatches,
    names: Names,
) -> Result<Option<(ServiceKey, Option<DestinationKey>)>, Usage> {
    let Some((service, protocol)) = service_key(matches, names)? else { return Ok(None) };
    let server = matches.get_one::<String>("server");
    let server = server.map(|word| endpoint("--real-server", word, protocol, names)).transpose()?;
    let server = server
        .map(|(address, port)| DestinationKey { address, port: port.unwrap_or(service.port()) });
    Ok(Some((service, server)))
}

fn service_key(
    matches: &ArgMatches,
    names: Names,
) -> Result<Option<(ServiceKey, Protocol)>, Usage> {
    let protocols = [("tcp", Protocol::Tcp), ("udp", Protocol::Udp), ("sctp", Protocol::Sctp)];
    for (name, protocol) in protocols {
        if let Some(word) = matches.get_one::<String>(name) {
            let (address, port) = endpoint(&format!("--{name}-service"), word, protocol, names)?;
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
