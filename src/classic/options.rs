//! The classic language as one table: every command, every option, and their combinations.
//!
//! The parser, the help text, completions and tests use these rows. The order of [`Slot`] is the
//! order in which ipvsadm 1.31 checks legality, and the first mistake is reported.

use crate::model::{SCHEDULERS, SchedulerFlags};

#[cfg(feature = "internals")] // only the manual needs these sentences
mod details;

/// Persistence timeout in seconds for `-p` without a value. The old manual said 300, but the old
/// program used 360.
pub(crate) const DEFAULT_PERSISTENCE: u32 = 360;

/// A command of the classic language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// `-A`
    AddService,
    /// `-E`
    EditService,
    /// `-D`
    DeleteService,
    /// `-C`
    Clear,
    /// `-R`
    Restore,
    /// `-S`
    Save,
    /// `-a`
    AddServer,
    /// `-e`
    EditServer,
    /// `-d`
    DeleteServer,
    /// `-L`
    List,
    /// `-Z`
    Zero,
    /// `--set`
    Set,
    /// `--start-daemon`
    StartDaemon,
    /// `--stop-daemon`
    StopDaemon,
    /// `-h`
    Help,
    /// `-v`
    Version,
}

/// Whether an option or a command takes a value, and the value's name in the help text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// No value.
    Nothing,
    /// A value: glued, after `=`, or as the next word, even if that begins with `-`.
    Value(&'static str),
    /// An optional value: glued, after `=`, or as the next word unless that begins with `-`.
    Perhaps(&'static str),
}

/// Subject of an option, for headings in the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Selects a service.
    Service,
    /// Scheduling of a service.
    Scheduling,
    /// Properties of a real server.
    Server,
    /// Properties of a sync daemon.
    Daemon,
    /// Listing and saving.
    Listing,
    /// Valid with every command.
    Everywhere,
}

/// A row of the table of commands.
pub struct CommandRow {
    /// Command of the row, whose place in the table is its discriminant.
    pub command: Command,
    /// Letters; the first one is the usual one.
    pub short: &'static [char],
    /// Long name, without its dashes.
    pub long: &'static str,
    /// Whether the command takes a value.
    pub takes: Takes,
    /// Name in messages.
    pub name: &'static str,
    /// Description in the help text.
    pub help: &'static str,
}

/// A row of the table of options.
pub struct OptionRow {
    /// Option of the row, whose place in the table is its discriminant.
    pub option: Opt,
    /// Letter, if it has one.
    pub short: Option<char>,
    /// Long name, without its dashes.
    pub long: &'static str,
    /// Whether the option takes a value.
    pub takes: Takes,
    /// Slot in the matrix of legality. Options of one slot exclude each other. An option
    /// without a slot is legal with every command and may be repeated.
    pub slot: Option<Slot>,
    /// Description in the help text; `{schedulers}` and `{flags}` stand for these lists.
    help: &'static str,
}

/// A slot of a command line, which at most one option fills. The slots are the columns of the matrix
/// of legality.
pub struct SlotRow {
    /// Slot of the row, whose place in the table is its discriminant.
    pub slot: Slot,
    /// Name in messages.
    pub name: &'static str,
    /// Commands that require an option of this slot.
    pub required: &'static [Command],
    /// Commands that permit an option of this slot.
    pub allowed: &'static [Command],
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident: $($variant:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // documented by the tables below
        pub enum $name { $($variant),* }
    };
}

names! {
    /// An option of the classic language.
    Opt:
    Tcp Udp Sctp Fwmark Ipv6 Scheduler Persistent Netmask RealServer Gatewaying Ipip Masquerading
    TunType TunPort TunNocsum TunCsum TunRemcsum Weight UpperThreshold LowerThreshold
    Interface SyncId MaxLength Group Port Ttl Connection Timeout Daemon Stats Rate Exact Thresholds
    PersistentConn TunInfo Nosort Sort Ops Engine SchedFlags Numeric Json Full Netns
}

names! {
    /// Columns of the matrix of legality. `-t`, `-u`, `--sctp-service` and `-f` share one.
    Slot:
    Numeric Connection Service Scheduler Persistent Netmask RealServer Forwarding Weight
    UpperThreshold LowerThreshold Interface Timeout Daemon Stats Rate Thresholds PersistentConn
    Nosort SyncId Exact Ops Engine SchedFlags Group Port Ttl MaxLength TunInfo TunType TunPort
    TunNocsum TunCsum TunRemcsum Json Full Netns
}

impl Command {
    /// Looks up the row in the table.
    pub fn row(self) -> &'static CommandRow {
        &COMMANDS[self as usize]
    }
}

impl OptionRow {
    /// Description in the help text, with all lists filled in.
    pub fn help(&self) -> String {
        let schedulers = || SCHEDULERS.map(|kind| kind.name).join(" ");
        let flags = || SchedulerFlags::every().collect::<Vec<_>>().join(", ");
        match self.option {
            Opt::Scheduler => self.help.replace("{schedulers}", &schedulers()),
            Opt::SchedFlags => self.help.replace("{flags}", &flags()),
            _ => self.help.to_owned(),
        }
    }
}

impl Opt {
    /// Looks up the row in the table.
    pub fn row(self) -> &'static OptionRow {
        &OPTIONS[self as usize]
    }

    /// Subject of the option, derived from the commands that permit it.
    pub fn group(self) -> Group {
        let allowed = self.row().slot.map_or(NONE, |slot| slot.row().allowed);
        match self.row().slot {
            Some(Slot::Service) => Group::Service,
            Some(Slot::RealServer) => Group::Server,
            None if self == Self::Ipv6 => Group::Service,
            _ if allowed == SERVICE => Group::Scheduling,
            _ if allowed == SERVER => Group::Server,
            _ if allowed.contains(&Command::StartDaemon) && allowed != EVERY => Group::Daemon,
            _ if allowed == EVERY => Group::Everywhere,
            _ => Group::Listing,
        }
    }
}

impl Slot {
    /// Whether ipvsadm 1.31 lacks the option.
    #[cfg(feature = "internals")] // used by comparisons with the old tool
    pub fn is_new(self) -> bool {
        matches!(self, Self::Netns | Self::Json | Self::Full)
    }

    /// Looks up the row in the table.
    pub fn row(self) -> &'static SlotRow {
        &SLOTS[self as usize]
    }
}

/// The option of this long name.
pub fn option_named(long: &str) -> Option<&'static OptionRow> {
    OPTIONS.iter().find(|row| row.long == long)
}

const fn command(
    command: Command,
    short: &'static [char],
    long: &'static str,
    takes: Takes,
    name: &'static str,
    help: &'static str,
) -> CommandRow {
    CommandRow { command, short, long, takes, name, help }
}

const fn option(
    option: Opt,
    short: &'static [char],
    long: &'static str,
    takes: Takes,
    slot: Option<Slot>,
    help: &'static str,
) -> OptionRow {
    let short = if short.is_empty() { None } else { Some(short[0]) };
    OptionRow { option, short, long, takes, slot, help }
}

const fn slot(
    slot: Slot,
    name: &'static str,
    required: &'static [Command],
    allowed: &'static [Command],
) -> SlotRow {
    SlotRow { slot, name, required, allowed }
}

use Command as C;
use Takes::{Nothing, Perhaps, Value};

/// All commands, in the order of [`Command`].
#[rustfmt::skip] // one line for each row
pub static COMMANDS: &[CommandRow] = &[
    command(C::AddService, &['A'], "add-service", Nothing, "add-service", "add a virtual service"),
    command(C::EditService, &['E'], "edit-service", Nothing, "edit-service", "change a virtual service; options not given return to their defaults"),
    command(C::DeleteService, &['D'], "delete-service", Nothing, "delete-service", "delete a virtual service and its real servers"),
    command(C::Clear, &['C'], "clear", Nothing, "flush", "delete every virtual service"),
    command(C::Restore, &['R'], "restore", Nothing, "restore", "read commands from standard input and run them"),
    command(C::Save, &['S'], "save", Nothing, "save", "print the commands that rebuild the current table"),
    command(C::AddServer, &['a'], "add-server", Nothing, "add-server", "add a real server to a service"),
    command(C::EditServer, &['e'], "edit-server", Nothing, "edit-server", "change a real server; options not given return to their defaults"),
    command(C::DeleteServer, &['d'], "delete-server", Nothing, "delete-server", "remove a real server from a service"),
    command(C::List, &['L', 'l'], "list", Nothing, "list", "list services, connections, time-outs or sync daemons"),
    command(C::Zero, &['Z'], "zero", Nothing, "zero", "reset the counters of one service, or of all services"),
    command(C::Set, &[], "set", Nothing, "set", "set the TCP, TCPFIN and UDP time-outs in seconds; 0 keeps the current value"),
    command(C::StartDaemon, &[], "start-daemon", Value("master|backup"), "start-daemon", "start a connection synchronisation daemon"),
    command(C::StopDaemon, &[], "stop-daemon", Value("master|backup"), "stop-daemon", "stop a connection synchronisation daemon"),
    command(C::Help, &['h'], "help", Nothing, "help", "print a short help text"),
    command(C::Version, &['v'], "version", Nothing, "version", "print the version"),
];

/// All options, in the order of [`Opt`].
#[rustfmt::skip] // one line for each row
pub static OPTIONS: &[OptionRow] = &[
    option(Opt::Tcp, &['t'], "tcp-service", Value("VIP[:PORT]"), Some(Slot::Service), "a TCP service"),
    option(Opt::Udp, &['u'], "udp-service", Value("VIP[:PORT]"), Some(Slot::Service), "a UDP service"),
    option(Opt::Sctp, &[], "sctp-service", Value("VIP[:PORT]"), Some(Slot::Service), "an SCTP service"),
    option(Opt::Fwmark, &['f'], "fwmark-service", Value("MARK"), Some(Slot::Service), "a service for packets with this firewall mark, 1 to 4294967295"),
    option(Opt::Ipv6, &['6'], "ipv6", Nothing, None, "the preceding firewall mark is for IPv6 packets"),
    option(Opt::Scheduler, &['s'], "scheduler", Value("NAME"), Some(Slot::Scheduler), "one of {schedulers}; default wlc"),
    option(Opt::Persistent, &['p'], "persistent", Perhaps("SECONDS"), Some(Slot::Persistent), "keep each client on one real server for SECONDS; default 360"),
    option(Opt::Netmask, &['M'], "netmask", Value("MASK"), Some(Slot::Netmask), "treat each network as one client for persistence: IPv4 mask or IPv6 prefix length"),
    option(Opt::RealServer, &['r'], "real-server", Value("RIP[:PORT]"), Some(Slot::RealServer), "the real server; the default port is the service's port"),
    option(Opt::Gatewaying, &['g'], "gatewaying", Nothing, Some(Slot::Forwarding), "direct routing (default)"),
    option(Opt::Ipip, &['i'], "ipip", Nothing, Some(Slot::Forwarding), "tunnelling"),
    option(Opt::Masquerading, &['m'], "masquerading", Nothing, Some(Slot::Forwarding), "masquerading (NAT)"),
    option(Opt::TunType, &[], "tun-type", Value("TYPE"), Some(Slot::TunType), "with -i: ipip (default), gue or gre"),
    option(Opt::TunPort, &[], "tun-port", Value("PORT"), Some(Slot::TunPort), "with --tun-type gue: UDP port of the real server"),
    option(Opt::TunNocsum, &[], "tun-nocsum", Nothing, Some(Slot::TunNocsum), "no tunnel checksum (default)"),
    option(Opt::TunCsum, &[], "tun-csum", Nothing, Some(Slot::TunCsum), "tunnel checksum (gue, gre)"),
    option(Opt::TunRemcsum, &[], "tun-remcsum", Nothing, Some(Slot::TunRemcsum), "remote checksum offload (gue)"),
    option(Opt::Weight, &['w'], "weight", Value("N"), Some(Slot::Weight), "relative share of new connections, 0 to 2147483647; default 1; 0 means no new connections"),
    option(Opt::UpperThreshold, &['x'], "u-threshold", Value("N"), Some(Slot::UpperThreshold), "number of connections at which new ones stop; default 0, no limit"),
    option(Opt::LowerThreshold, &['y'], "l-threshold", Value("N"), Some(Slot::LowerThreshold), "number of connections below which new ones resume; default 0"),
    option(Opt::Interface, &[], "mcast-interface", Value("IFACE"), Some(Slot::Interface), "interface for sync messages; default eth0"),
    option(Opt::SyncId, &[], "syncid", Value("N"), Some(Slot::SyncId), "sync ID, 0 to 255; default 0"),
    option(Opt::MaxLength, &[], "sync-maxlen", Value("BYTES"), Some(Slot::MaxLength), "maximum length of a sync message, 1 to 65507; the default depends on the MTU"),
    option(Opt::Group, &[], "mcast-group", Value("ADDRESS"), Some(Slot::Group), "multicast group for sync messages; default 224.0.0.81"),
    option(Opt::Port, &[], "mcast-port", Value("PORT"), Some(Slot::Port), "UDP port for sync messages; default 8848"),
    option(Opt::Ttl, &[], "mcast-ttl", Value("N"), Some(Slot::Ttl), "time to live of sync messages, 1 to 255; default 1"),
    option(Opt::Connection, &['c'], "connection", Nothing, Some(Slot::Connection), "list connections"),
    option(Opt::Timeout, &[], "timeout", Nothing, Some(Slot::Timeout), "list time-outs"),
    option(Opt::Daemon, &[], "daemon", Nothing, Some(Slot::Daemon), "list sync daemons"),
    option(Opt::Stats, &[], "stats", Nothing, Some(Slot::Stats), "list total connections, packets and bytes"),
    option(Opt::Rate, &[], "rate", Nothing, Some(Slot::Rate), "list connections, packets and bytes per second"),
    option(Opt::Exact, &['X'], "exact", Nothing, Some(Slot::Exact), "print exact numbers, without the suffixes K, M, G, T"),
    option(Opt::Thresholds, &[], "thresholds", Nothing, Some(Slot::Thresholds), "list upper and lower thresholds"),
    option(Opt::PersistentConn, &[], "persistent-conn", Nothing, Some(Slot::PersistentConn), "list persistent connections"),
    option(Opt::TunInfo, &[], "tun-info", Nothing, Some(Slot::TunInfo), "list tunnel types, ports and checksums"),
    option(Opt::Nosort, &[], "nosort", Nothing, Some(Slot::Nosort), "print in the order of the kernel"),
    option(Opt::Sort, &[], "sort", Nothing, None, "sort (default)"),
    option(Opt::Ops, &['o'], "ops", Nothing, Some(Slot::Ops), "one-packet scheduling (UDP)"),
    option(Opt::Engine, &[], "pe", Value("NAME"), Some(Slot::Engine), "persistence engine, for example sip"),
    option(Opt::SchedFlags, &['b'], "sched-flags", Value("FLAGS"), Some(Slot::SchedFlags), "comma-separated list of {flags}"),
    option(Opt::Numeric, &['n'], "numeric", Nothing, Some(Slot::Numeric), "print numeric addresses and ports; look up no names"),
    option(Opt::Json, &[], "json", Nothing, Some(Slot::Json), "print one JSON object; addresses and ports are always numeric"),
    option(Opt::Full, &[], "full", Nothing, Some(Slot::Full), "also save time-outs and sync daemons"),
    option(Opt::Netns, &[], "netns", Value("NAME|PID"), Some(Slot::Netns), "work in this network namespace"),
];

const EVERY: &[Command] = &[
    C::AddService,
    C::EditService,
    C::DeleteService,
    C::Clear,
    C::Restore,
    C::Save,
    C::AddServer,
    C::EditServer,
    C::DeleteServer,
    C::List,
    C::Zero,
    C::Set,
    C::StartDaemon,
    C::StopDaemon,
];
const SERVICE: &[Command] = &[C::AddService, C::EditService];
const SERVER: &[Command] = &[C::AddServer, C::EditServer];
const LIST: &[Command] = &[C::List];
const START: &[Command] = &[C::StartDaemon];
const NONE: &[Command] = &[];

/// All slots, in the order of [`Slot`].
#[rustfmt::skip] // one line for each row
pub static SLOTS: &[SlotRow] = &[
    slot(Slot::Numeric, "numeric", NONE, &[C::List, C::Save]),
    slot(Slot::Connection, "connection", NONE, LIST),
    slot(
        Slot::Service,
        "service-address",
        &[C::AddService, C::EditService, C::DeleteService, C::AddServer, C::EditServer, C::DeleteServer],
        &[C::List, C::Zero],
    ),
    slot(Slot::Scheduler, "scheduler", NONE, SERVICE),
    slot(Slot::Persistent, "persistent", NONE, SERVICE),
    slot(Slot::Netmask, "netmask", NONE, SERVICE),
    slot(Slot::RealServer, "real-server", &[C::AddServer, C::EditServer, C::DeleteServer], NONE),
    slot(Slot::Forwarding, "forwarding-method", NONE, SERVER),
    slot(Slot::Weight, "weight", NONE, SERVER),
    slot(Slot::UpperThreshold, "u-threshold", NONE, SERVER),
    slot(Slot::LowerThreshold, "l-threshold", NONE, SERVER),
    slot(Slot::Interface, "mcast-interface", NONE, START),
    slot(Slot::Timeout, "timeout", NONE, LIST),
    slot(Slot::Daemon, "daemon", NONE, LIST),
    slot(Slot::Stats, "stats", NONE, LIST),
    slot(Slot::Rate, "rate", NONE, LIST),
    slot(Slot::Thresholds, "thresholds", NONE, LIST),
    slot(Slot::PersistentConn, "persistent-conn", NONE, LIST),
    slot(Slot::Nosort, "nosort", NONE, LIST),
    // The old tool also accepts it with -L, and ignores it.
    slot(Slot::SyncId, "syncid", NONE, &[C::StartDaemon, C::StopDaemon, C::List]),
    slot(Slot::Exact, "exact", NONE, LIST),
    slot(Slot::Ops, "ops", NONE, SERVICE),
    slot(Slot::Engine, "pe", NONE, SERVICE),
    slot(Slot::SchedFlags, "sched-flags", NONE, SERVICE),
    slot(Slot::Group, "mcast-group", NONE, START),
    slot(Slot::Port, "mcast-port", NONE, START),
    slot(Slot::Ttl, "mcast-ttl", NONE, START),
    slot(Slot::MaxLength, "sync-maxlen", NONE, START),
    slot(Slot::TunInfo, "tun-info", NONE, LIST),
    slot(Slot::TunType, "tun-type", NONE, SERVER),
    slot(Slot::TunPort, "tun-port", NONE, SERVER),
    slot(Slot::TunNocsum, "tun-nocsum", NONE, SERVER),
    slot(Slot::TunCsum, "tun-csum", NONE, SERVER),
    slot(Slot::TunRemcsum, "tun-remcsum", NONE, SERVER),
    slot(Slot::Json, "json", NONE, &[C::List, C::Save]),
    slot(Slot::Full, "full", NONE, &[C::Save]),
    slot(Slot::Netns, "netns", NONE, EVERY),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_order_of_their_enums() {
        assert!(COMMANDS.iter().enumerate().all(|(at, row)| row.command as usize == at));
        assert!(OPTIONS.iter().enumerate().all(|(at, row)| row.option as usize == at));
        assert!(SLOTS.iter().enumerate().all(|(at, row)| row.slot as usize == at));
        assert_eq!(COMMANDS.len(), Command::Version as usize + 1);
        assert_eq!(OPTIONS.len(), Opt::Netns as usize + 1);
        assert_eq!(SLOTS.len(), Slot::Netns as usize + 1);
    }

    #[test]
    fn letters_and_names_are_unique() {
        let mut names: Vec<String> = COMMANDS.iter().map(|row| row.long.to_owned()).collect();
        names.extend(OPTIONS.iter().map(|row| row.long.to_owned()));
        names.extend(COMMANDS.iter().flat_map(|row| row.short).map(char::to_string));
        names.extend(OPTIONS.iter().filter_map(|row| row.short).map(String::from));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
