//! Arguments of `ipvsadm rs`: prepare a real server, undo that, show its status.

use std::collections::BTreeSet;
use std::net::IpAddr;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::arguments::{HostVerb, after, choice, flag, interface, many, quiet, vip, vips};
use crate::error::{Mistake, Usage};
use crate::host::{ArpMethod, Encapsulation, Mode, NAT_HOLDER, RealServer, Spec};

const PREPARE: &str = "\
EXAMPLES
  Direct routing, with the virtual address on lo:
    ipvsadm rs prepare --mode dr --vip 192.0.2.80
  Two addresses on a dummy interface, prepared again at each boot:
    ipvsadm rs prepare --mode dr --vip 192.0.2.80,2001:db8::80 --dev ipvs0 --persist
  A GUE tunnel on port 6080, with TCP segments that fit into it:
    ipvsadm rs prepare --mode tun --tunnel gue:6080 --vip 192.0.2.80 --advmss 1400
  Masquerading, with replies routed through the director:
    ipvsadm rs prepare --mode nat --director 10.0.0.1
  Print a shell script for a host without this program:
    ipvsadm rs prepare --mode dr --vip 192.0.2.80 --dry-run";

const UNDO: &str = "\
EXAMPLES
  Remove one virtual address; keep what the other addresses need:
    ipvsadm rs undo --vip 192.0.2.80
  Undo everything; this also works after a crash:
    ipvsadm rs undo";

const STATUS: &str = "\
EXAMPLES
  Is everything still as prepared?
    ipvsadm rs status
  Is this host ready, no matter who prepared it?
    ipvsadm rs status --mode dr --vip 192.0.2.80
  In a script:
    ipvsadm rs status --quiet || logger 'this real server has a problem'";

pub(super) fn command() -> Command {
    Command::new("rs")
        .about("Prepare a host as a real server, undo that, or check its state")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .after_help(after(PREPARE))
        .subcommand(
            Command::new("prepare")
                .about("Prepare this host as a real server; a second run changes nothing")
                .args(spec_options())
                .mut_arg("mode", |arg| arg.required(true))
                .arg(flag(
                    "persist",
                    "Also prepare at each boot: write sysctl.d, modules-load.d and systemd files",
                ))
                .arg(flag("dry-run", "Change nothing; print the steps as a shell script"))
                .after_help(after(PREPARE)),
        )
        .subcommand(
            Command::new("undo")
                .about("Undo exactly what prepare changed, and nothing else")
                .arg(vip())
                .arg(choice(
                    "mode",
                    "MODE",
                    &["nat"],
                    "Undo only the changes of prepare --mode nat",
                ))
                .arg(flag("dry-run", "Change nothing; print what would be undone"))
                .after_help(after(UNDO)),
        )
        .subcommand(
            Command::new("status")
                .about("Check whether this host is still as prepared, or as the options describe")
                .args(
                    spec_options()
                        .into_iter()
                        .map(|arg| if arg.get_id() == "mode" { arg } else { arg.requires("mode") }),
                )
                .arg(quiet())
                .after_help(after(STATUS)),
        )
}

fn spec_options() -> Vec<Arg> {
    vec![
        choice(
            "mode",
            "MODE",
            &["dr", "tun", "nat"],
            "How the director forwards packets: dr (-g), tun (-i) or nat (-m)",
        ),
        vip(),
        interface(
            "dev",
            "Interface for the addresses [default: lo, or the tunnel]; dummy* and ipvs* are created",
        ),
        interface("iface", "Interfaces on which to suppress ARP [default: all]")
            .value_delimiter(',')
            .num_args(1..)
            .action(ArgAction::Append),
        choice("arp", "METHOD", &["sysctl", "nft", "arptables", "none"], "How to suppress ARP")
            .default_value("sysctl"),
        Arg::new("tunnel")
            .long("tunnel")
            .value_name("KIND")
            .value_parser(encapsulation)
            .help("With tun: ipip, gre, gre:csum, gue or gue:PORT [default: ipip; port 6080]"),
        Arg::new("rip").long("rip").value_name("ADDR").value_parser(value_parser!(IpAddr)).help(
            "With tun: the address of this host that the director sends to [default: the only one]",
        ),
        Arg::new("advmss")
            .long("advmss")
            .value_name("BYTES")
            .value_parser(value_parser!(u32).range(88..=65495))
            .help(
                "With dr or tun: maximum TCP segment size to advertise, set on the default route",
            ),
        Arg::new("director")
            .long("director")
            .value_name("ADDR")
            .value_delimiter(',')
            .action(ArgAction::Append)
            .value_parser(value_parser!(IpAddr))
            .help("With nat: the director that becomes the gateway of the default route"),
    ]
}

fn encapsulation(word: &str) -> Result<Encapsulation, String> {
    match word.split_once(':') {
        None if word == "ipip" => Ok(Encapsulation::Ipip),
        None if word == "gre" => Ok(Encapsulation::Gre { checksum: false }),
        None if word == "gue" => Ok(Encapsulation::Gue { port: 6080 }),
        Some(("gre", "csum")) => Ok(Encapsulation::Gre { checksum: true }),
        Some(("gue", port)) => match port.parse() {
            Ok(port) if port > 0 => Ok(Encapsulation::Gue { port }),
            _ => Err("the port must be 1 to 65535".to_owned()),
        },
        _ => Err("it must be ipip, gre, gre:csum, gue or gue:PORT".to_owned()),
    }
}

pub(super) fn read(matches: &ArgMatches) -> Result<HostVerb, Usage> {
    Ok(match matches.subcommand() {
        Some(("prepare", matches)) => HostVerb::Prepare {
            spec: Spec::RealServer(spec(matches)?),
            persist: matches.get_flag("persist"),
            dry_run: matches.get_flag("dry-run"),
            static_entry: false,
        },
        Some(("undo", matches)) => {
            let vips = many::<IpAddr>(matches, "vip").into_iter().map(|vip| vip.to_string());
            let nat = matches.contains_id("mode").then(|| NAT_HOLDER.to_owned());
            let holders: BTreeSet<String> = vips.chain(nat).collect();
            HostVerb::Undo {
                holders: (!holders.is_empty()).then_some(holders),
                dry_run: matches.get_flag("dry-run"),
            }
        }
        Some(("status", matches)) => HostVerb::Status {
            spec: if matches.contains_id("mode") {
                Some(Spec::RealServer(spec(matches)?))
            } else {
                None
            },
            quiet: matches.get_flag("quiet"),
        },
        _ => return Err(Usage::other("rs needs prepare, undo or status")),
    })
}

fn spec(matches: &ArgMatches) -> Result<RealServer, Usage> {
    let tunnel = matches.get_one::<Encapsulation>("tunnel").copied();
    let mode = match matches.get_one::<String>("mode").map(String::as_str) {
        Some("tun") => Mode::Tunnel(tunnel.unwrap_or(Encapsulation::Ipip)),
        Some("nat") => Mode::Nat,
        _ => Mode::Direct,
    };
    let arp = match matches.get_one::<String>("arp").map(String::as_str) {
        Some("nft") => ArpMethod::Nft,
        Some("arptables") => ArpMethod::Arptables,
        Some("none") => ArpMethod::None,
        _ => ArpMethod::Sysctl,
    };
    let spec = RealServer {
        mode,
        vips: vips(matches),
        device: matches.get_one::<String>("dev").cloned(),
        interfaces: many(matches, "iface"),
        arp,
        own: matches.get_one::<IpAddr>("rip").copied(),
        directors: many(matches, "director"),
        advmss: matches.get_one::<u32>("advmss").copied(),
    };
    let says_arp = matches.value_source("arp") == Some(ValueSource::CommandLine);
    let tunnelled = matches!(mode, Mode::Tunnel(_));
    let misfit = [
        ("--tunnel", tunnel.is_some() && !tunnelled, "tun"),
        ("--rip", spec.own.is_some() && !tunnelled, "tun"),
        ("--director", !spec.directors.is_empty() && mode != Mode::Nat, "nat"),
        ("--dev", spec.device.is_some() && mode == Mode::Nat, "dr or tun"),
        ("--advmss", spec.advmss.is_some() && mode == Mode::Nat, "dr or tun"),
        // With masquerading, the real server never receives packets to the virtual address.
        ("--vip", !spec.vips.is_empty() && mode == Mode::Nat, "dr or tun"),
        ("--iface", !spec.interfaces.is_empty() && mode == Mode::Nat, "dr or tun"),
        ("--arp", says_arp && mode == Mode::Nat, "dr or tun"),
    ];
    if let Some((option, _, mode)) = misfit.into_iter().find(|(_, misfit, _)| *misfit) {
        return Err(Mistake::OtherMode { option, mode }.into());
    }
    if [IpAddr::is_ipv4, IpAddr::is_ipv6]
        .iter()
        .any(|of| spec.directors.iter().filter(|it| of(it)).count() > 1)
    {
        return Err(Usage::other(
            "--director: give one address of each family, since a host has one default route of each",
        ));
    }
    if spec.vips.is_empty() && mode != Mode::Nat {
        return Err(Usage::other("--mode dr and --mode tun need --vip"));
    }
    Ok(spec)
}
