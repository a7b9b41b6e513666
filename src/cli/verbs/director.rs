//! Arguments of `ipvsadm director`: prepare a director, undo that, show its status.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::arguments::{HostVerb, after, choice, flag, interface, many, quiet, vip, vips};
use crate::error::Usage;
use crate::host::{Director, Spec, check_parameter};
use crate::model::SchedulerName;

const PREPARE: &str = "\
EXAMPLES
  Add the virtual address to the front interface and announce it:
    ipvsadm director prepare --vip 192.0.2.80 --iface eth0
  Masquerading; connections of removed real servers end at once:
    ipvsadm director prepare --vip 192.0.2.80 --iface eth0 --mode nat \\
      --set expire_nodest_conn=1 --scheduler wlc
  If real servers cannot suppress ARP, print the static entry for the gateway:
    ipvsadm director prepare --vip 192.0.2.80 --iface eth0 --static-arp";

const UNDO: &str = "\
EXAMPLES
  Remove one virtual address:
    ipvsadm director undo --vip 192.0.2.80
  Undo everything; this also works after a crash:
    ipvsadm director undo";

const STATUS: &str = "\
EXAMPLES
  Is everything still as prepared?
    ipvsadm director status
  Is this host ready, no matter who prepared it?
    ipvsadm director status --vip 192.0.2.80 --iface eth0 --mode nat
  In a script:
    ipvsadm director status --quiet || logger 'this director has a problem'";

pub(super) fn command() -> Command {
    Command::new("director")
        .about("Prepare a host as a director, undo that, or check its state")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .after_help(after(PREPARE))
        .subcommand(
            Command::new("prepare")
                .about("Prepare this host as a director; a second run changes nothing")
                .args(spec_options())
                .mut_arg("vip", |arg| arg.required(true))
                .mut_arg("iface", |arg| arg.required(true))
                .arg(flag("takeover", "Add an address even if another host answers for it"))
                .arg(flag("static-arp", "Print the static ARP entry that the front gateway needs"))
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
                .arg(flag("dry-run", "Change nothing; print what would be undone"))
                .after_help(after(UNDO)),
        )
        .subcommand(
            Command::new("status")
                .about("Check whether this host is still as prepared, or as the options describe")
                .args(spec_options().into_iter().map(|arg| {
                    let other = if arg.get_id() == "vip" { "iface" } else { "vip" };
                    arg.requires(other)
                }))
                .arg(quiet())
                .after_help(after(STATUS)),
        )
}

fn spec_options() -> Vec<Arg> {
    vec![
        vip(),
        interface("iface", "The interface towards the clients"),
        choice(
            "mode",
            "MODE",
            &["dr", "tun", "nat"],
            "How IPVS forwards packets; nat also needs IP forwarding, and ICMP redirects off",
        ),
        Arg::new("set")
            .long("set")
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .value_parser(parameter)
            .help("Value of the parameter net.ipv4.vs.NAME; may be repeated"),
        Arg::new("scheduler")
            .long("scheduler")
            .value_name("NAME")
            .value_delimiter(',')
            .action(ArgAction::Append)
            .value_parser(|name: &str| SchedulerName::new(name).map(|name| name.to_string()))
            .help("A scheduler whose module must be loaded"),
    ]
}

fn parameter(word: &str) -> Result<(String, String), String> {
    let (name, value) = word.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), check_parameter(name, value)?))
}

pub(super) fn read(matches: &ArgMatches) -> Result<HostVerb, Usage> {
    Ok(match matches.subcommand() {
        Some(("prepare", matches)) => HostVerb::Prepare {
            spec: spec(matches, matches.get_flag("takeover")),
            persist: matches.get_flag("persist"),
            dry_run: matches.get_flag("dry-run"),
            static_entry: matches.get_flag("static-arp"),
        },
        Some(("undo", matches)) => {
            let holders = vips(matches).iter().map(ToString::to_string).collect();
            HostVerb::Undo {
                holders: matches.contains_id("vip").then_some(holders),
                dry_run: matches.get_flag("dry-run"),
            }
        }
        Some(("status", matches)) => HostVerb::Status {
            spec: matches.contains_id("vip").then(|| spec(matches, false)),
            quiet: matches.get_flag("quiet"),
        },
        _ => return Err(Usage::other("director needs prepare, undo or status")),
    })
}

fn spec(matches: &ArgMatches, takeover: bool) -> Spec {
    let parameters: Vec<(String, String)> = many(matches, "set");
    Spec::Director(Director {
        vips: vips(matches),
        interface: matches.get_one::<String>("iface").cloned().unwrap_or_default(),
        nat: matches.get_one::<String>("mode").is_some_and(|mode| mode == "nat"),
        parameters: BTreeMap::from_iter(parameters),
        schedulers: many(matches, "scheduler"),
        takeover,
    })
}
