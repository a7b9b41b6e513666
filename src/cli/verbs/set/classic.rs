//! The options of the classic language that name a field, as `set` takes them.

use clap::{Arg, ArgAction, ArgMatches};

use crate::json::Assignment;

/// The names of these options in clap.
pub(super) const IDS: [&str; 17] = [
    "scheduler",
    "persistent",
    "netmask",
    "engine",
    "sched-flags",
    "ops",
    "weight",
    "u-threshold",
    "l-threshold",
    "gatewaying",
    "ipip",
    "masquerading",
    "tun-type",
    "tun-port",
    "tun-nocsum",
    "tun-csum",
    "tun-remcsum",
];

const HEADING: &str = "Fields, as in the classic language";

/// Options of a service, then those of a real server.
pub(super) fn options() -> Vec<Arg> {
    let service = [
        value("scheduler", Some('s'), "NAME", "scheduler=NAME"),
        value("persistent", Some('p'), "SECONDS", "persistence=SECONDS; 300 without a value")
            .num_args(0..=1)
            .allow_hyphen_values(false)
            .default_missing_value("300"),
        value("netmask", Some('M'), "MASK", "netmask=MASK"),
        value("engine", None, "NAME", "engine=NAME").long("pe"),
        value("sched-flags", Some('b'), "FLAGS", "flags=FLAGS"),
        switch("ops", Some('o'), "one_packet=true"),
    ];
    let server = [
        value("weight", Some('w'), "N", "weight=N"),
        value("u-threshold", Some('x'), "N", "upper_threshold=N"),
        value("l-threshold", Some('y'), "N", "lower_threshold=N"),
        switch("gatewaying", Some('g'), "forwarding=route"),
        switch("ipip", Some('i'), "forwarding=tunnel"),
        switch("masquerading", Some('m'), "forwarding=masquerade"),
        value("tun-type", None, "TYPE", "tunnel=TYPE").value_parser(["ipip", "gue", "gre"]),
        value("tun-port", None, "PORT", "tunnel_port=PORT"),
        switch("tun-nocsum", None, "tunnel_checksum=none"),
        switch("tun-csum", None, "tunnel_checksum=full"),
        switch("tun-remcsum", None, "tunnel_checksum=remote"),
    ];
    let service = service.into_iter().map(|arg| arg.conflicts_with("server"));
    let server = server.into_iter().map(|arg| arg.requires("server"));
    service.chain(server).collect()
}

fn named(name: &'static str, short: Option<char>, help: &'static str) -> Arg {
    Arg::new(name).long(name).short(short).help(help).help_heading(HEADING)
}

fn value(name: &'static str, short: Option<char>, what: &'static str, help: &'static str) -> Arg {
    named(name, short, help).value_name(what).allow_hyphen_values(true)
}

fn switch(name: &'static str, short: Option<char>, help: &'static str) -> Arg {
    named(name, short, help).action(ArgAction::SetTrue)
}

/// What the options set.
pub(super) fn assignments(matches: &ArgMatches) -> Vec<Assignment> {
    let values = [
        ("scheduler", "scheduler"),
        ("persistent", "persistence"),
        ("netmask", "netmask"),
        ("engine", "engine"),
        ("sched-flags", "flags"),
        ("weight", "weight"),
        ("u-threshold", "upper_threshold"),
        ("l-threshold", "lower_threshold"),
        ("tun-type", "tunnel"),
        ("tun-port", "tunnel_port"),
    ];
    let values = values.into_iter().filter_map(|(id, key)| {
        let value = matches.get_one::<String>(id)?;
        Some(Assignment { key: key.to_owned(), value: value.clone() })
    });
    let switches = [
        ("ops", "one_packet", "true"),
        ("gatewaying", "forwarding", "route"),
        ("ipip", "forwarding", "tunnel"),
        ("masquerading", "forwarding", "masquerade"),
        ("tun-nocsum", "tunnel_checksum", "none"),
        ("tun-csum", "tunnel_checksum", "full"),
        ("tun-remcsum", "tunnel_checksum", "remote"),
    ];
    let switches = switches.into_iter().filter(|(id, ..)| matches.get_flag(id));
    let switches =
        switches.map(|(_, key, value)| Assignment { key: key.to_owned(), value: value.to_owned() });
    values.chain(switches).collect()
}
