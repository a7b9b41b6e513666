//! The classic language as one table: every command, every option, and their combinations.
//!
//! The parser, the help text, completions and tests use these rows. The order of [`Column`] is the
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
    /// Column in the matrix of legality. Options of one column exclude each other. An option
    /// without a column is legal with every command and may be repeated.
    pub column: Option<Column>,
    /// Description in the help text; `{schedulers}` and `{flags}` stand for these lists.
    help: &'static str,
}

/// A column of the matrix of legality.
pub struct ColumnRow {
    /// Column of the row, whose place in the table is its discriminant.
    pub column: Column,
    /// Name in messages.
    pub name: &'static str,
    /// Commands that require an option of this column.
    pub required: &'static [Command],
    /// Commands that permit an option of this column.
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
    Column:
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
        let allowed = self.row().column.map_or(NONE, |column| column.row().allowed);
        match self.row().column {
            Some(Column::Service) => Group::Service,
            Some(Column::RealServer) => Group::Server,
            None if self == Self::Ipv6 => Group::Service,
            _ if allowed == SERVICE => Group::Scheduling,
            _ if allowed == SERVER => Group::Server,
            _ if allowed.contains(&Command::StartDaemon) && allowed != EVERY => Group::Daemon,
            _ if allowed == EVERY => Group::Everywhere,
            _ => Group::Listing,
        }
    }
}

impl Column {
    /// Whether ipvsadm 1.31 lacks the option.
    #[cfg(feature = "internals")] // used by comparisons with the old tool
    pub fn is_new(self) -> bool {
        matches!(self, Self::Netns | Self::Json | Self::Full)
    }

    /// Looks up the row in the table.
    pub fn row(self) -> &'static ColumnRow {
        &COLUMNS[self as usize]
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
    column: Option<Column>,
    help: &'static str,
) -> OptionRow {
    let short = if short.is_empty() { None } else { Some(short[0]) };
    OptionRow { option, short, long, takes, column, help }
}

const fn column(
    column: Column,
    name: &'static str,
    required: &'static [Command],
    allowed: &'static [Command],
) -> ColumnRow {
    ColumnRow { column, name, required, allowed }
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
    option(Opt::Tcp, &['t'], "tcp-service", Value("VIP[:PORT]"), Some(Column::Service), "a TCP service"),
    option(Opt::Udp, &['u'], "udp-service", Value("VIP[:PORT]"), Some(Column::Service), "a UDP service"),
    option(Opt::Sctp, &[], "sctp-service", Value("VIP[:PORT]"), Some(Column::Service), "an SCTP service"),
    option(Opt::Fwmark, &['f'], "fwmark-service", Value("MARK"), Some(Column::Service), "a service for packets with this firewall mark, 1 to 4294967295"),
    option(Opt::Ipv6, &['6'], "ipv6", Nothing, None, "the preceding firewall mark is for IPv6 packets"),
    option(Opt::Scheduler, &['s'], "scheduler", Value("NAME"), Some(Column::Scheduler), "one of {schedulers}; default wlc"),
    option(Opt::Persistent, &['p'], "persistent", Perhaps("SECONDS"), Some(Column::Persistent), "keep each client on one real server for SECONDS; default 360"),
    option(Opt::Netmask, &['M'], "netmask", Value("MASK"), Some(Column::Netmask), "treat each network as one client for persistence: IPv4 mask or IPv6 prefix length"),
    option(Opt::RealServer, &['r'], "real-server", Value("RIP[:PORT]"), Some(Column::RealServer), "the real server; the default port is the service's port"),
    option(Opt::Gatewaying, &['g'], "gatewaying", Nothing, Some(Column::Forwarding), "direct routing (default)"),
    option(Opt::Ipip, &['i'], "ipip", Nothing, Some(Column::Forwarding), "tunnelling"),
    option(Opt::Masquerading, &['m'], "masquerading", Nothing, Some(Column::Forwarding), "masquerading (NAT)"),
    option(Opt::TunType, &[], "tun-type", Value("TYPE"), Some(Column::TunType), "with -i: ipip (default), gue or gre"),
    option(Opt::TunPort, &[], "tun-port", Value("PORT"), Some(Column::TunPort), "with --tun-type gue: UDP port of the real server"),
    option(Opt::TunNocsum, &[], "tun-nocsum", Nothing, Some(Column::TunNocsum), "no tunnel checksum (default)"),
    option(Opt::TunCsum, &[], "tun-csum", Nothing, Some(Column::TunCsum), "tunnel checksum (gue, gre)"),
    option(Opt::TunRemcsum, &[], "tun-remcsum", Nothing, Some(Column::TunRemcsum), "remote checksum offload (gue)"),
    option(Opt::Weight, &['w'], "weight", Value("N"), Some(Column::Weight), "relative share of new connections, 0 to 2147483647; default 1; 0 means no new connections"),
    option(Opt::UpperThreshold, &['x'], "u-threshold", Value("N"), Some(Column::UpperThreshold), "number of connections at which new ones stop; default 0, no limit"),
    option(Opt::LowerThreshold, &['y'], "l-threshold", Value("N"), Some(Column::LowerThreshold), "number of connections below which new ones resume; default 0"),
    option(Opt::Interface, &[], "mcast-interface", Value("IFACE"), Some(Column::Interface), "interface for sync messages; default eth0"),
    option(Opt::SyncId, &[], "syncid", Value("N"), Some(Column::SyncId), "sync ID, 0 to 255; default 0"),
    option(Opt::MaxLength, &[], "sync-maxlen", Value("BYTES"), Some(Column::MaxLength), "maximum length of a sync message, 1 to 65507; the default depends on the MTU"),
    option(Opt::Group, &[], "mcast-group", Value("ADDRESS"), Some(Column::Group), "multicast group for sync messages; default 224.0.0.81"),
    option(Opt::Port, &[], "mcast-port", Value("PORT"), Some(Column::Port), "UDP port for sync messages; default 8848"),
    option(Opt::Ttl, &[], "mcast-ttl", Value("N"), Some(Column::Ttl), "time to live of sync messages, 1 to 255; default 1"),
    option(Opt::Connection, &['c'], "connection", Nothing, Some(Column::Connection), "list connections"),
    option(Opt::Timeout, &[], "timeout", Nothing, Some(Column::Timeout), "list time-outs"),
    option(Opt::Daemon, &[], "daemon", Nothing, Some(Column::Daemon), "list sync daemons"),
    option(Opt::Stats, &[], "stats", Nothing, Some(Column::Stats), "list total connections, packets and bytes"),
    option(Opt::Rate, &[], "rate", Nothing, Some(Column::Rate), "list connections, packets and bytes per second"),
    option(Opt::Exact, &['X'], "exact", Nothing, Some(Column::Exact), "print exact numbers, without the suffixes K, M, G, T"),
    option(Opt::Thresholds, &[], "thresholds", Nothing, Some(Column::Thresholds), "list upper and lower thresholds"),
    option(Opt::PersistentConn, &[], "persistent-conn", Nothing, Some(Column::PersistentConn), "list persistent connections"),
    option(Opt::TunInfo, &[], "tun-info", Nothing, Some(Column::TunInfo), "list tunnel types, ports and checksums"),
    option(Opt::Nosort, &[], "nosort", Nothing, Some(Column::Nosort), "print in the order of the kernel"),
    option(Opt::Sort, &[], "sort", Nothing, None, "sort (default)"),
    option(Opt::Ops, &['o'], "ops", Nothing, Some(Column::Ops), "one-packet scheduling (UDP)"),
    option(Opt::Engine, &[], "pe", Value("NAME"), Some(Column::Engine), "persistence engine, for example sip"),
    option(Opt::SchedFlags, &['b'], "sched-flags", Value("FLAGS"), Some(Column::SchedFlags), "comma-separated list of {flags}"),
    option(Opt::Numeric, &['n'], "numeric", Nothing, Some(Column::Numeric), "print numeric addresses and ports; look up no names"),
    option(Opt::Json, &[], "json", Nothing, Some(Column::Json), "print one JSON object; addresses and ports are always numeric"),
    option(Opt::Full, &[], "full", Nothing, Some(Column::Full), "also save time-outs and sync daemons"),
    option(Opt::Netns, &[], "netns", Value("NAME|PID"), Some(Column::Netns), "work in this network namespace"),
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

/// All columns, in the order of [`Column`].
#[rustfmt::skip] // one line for each row
pub static COLUMNS: &[ColumnRow] = &[
    column(Column::Numeric, "numeric", NONE, &[C::List, C::Save]),
    column(Column::Connection, "connection", NONE, LIST),
    column(
        Column::Service,
        "service-address",
        &[C::AddService, C::EditService, C::DeleteService, C::AddServer, C::EditServer, C::DeleteServer],
        &[C::List, C::Zero],
    ),
    column(Column::Scheduler, "scheduler", NONE, SERVICE),
    column(Column::Persistent, "persistent", NONE, SERVICE),
    column(Column::Netmask, "netmask", NONE, SERVICE),
    column(Column::RealServer, "real-server", &[C::AddServer, C::EditServer, C::DeleteServer], NONE),
    column(Column::Forwarding, "forwarding-method", NONE, SERVER),
    column(Column::Weight, "weight", NONE, SERVER),
    column(Column::UpperThreshold, "u-threshold", NONE, SERVER),
    column(Column::LowerThreshold, "l-threshold", NONE, SERVER),
    column(Column::Interface, "mcast-interface", NONE, START),
    column(Column::Timeout, "timeout", NONE, LIST),
    column(Column::Daemon, "daemon", NONE, LIST),
    column(Column::Stats, "stats", NONE, LIST),
    column(Column::Rate, "rate", NONE, LIST),
    column(Column::Thresholds, "thresholds", NONE, LIST),
    column(Column::PersistentConn, "persistent-conn", NONE, LIST),
    column(Column::Nosort, "nosort", NONE, LIST),
    // The old tool also accepts it with -L, and ignores it.
    column(Column::SyncId, "syncid", NONE, &[C::StartDaemon, C::StopDaemon, C::List]),
    column(Column::Exact, "exact", NONE, LIST),
    column(Column::Ops, "ops", NONE, SERVICE),
    column(Column::Engine, "pe", NONE, SERVICE),
    column(Column::SchedFlags, "sched-flags", NONE, SERVICE),
    column(Column::Group, "mcast-group", NONE, START),
    column(Column::Port, "mcast-port", NONE, START),
    column(Column::Ttl, "mcast-ttl", NONE, START),
    column(Column::MaxLength, "sync-maxlen", NONE, START),
    column(Column::TunInfo, "tun-info", NONE, LIST),
    column(Column::TunType, "tun-type", NONE, SERVER),
    column(Column::TunPort, "tun-port", NONE, SERVER),
    column(Column::TunNocsum, "tun-nocsum", NONE, SERVER),
    column(Column::TunCsum, "tun-csum", NONE, SERVER),
    column(Column::TunRemcsum, "tun-remcsum", NONE, SERVER),
    column(Column::Json, "json", NONE, &[C::List, C::Save]),
    column(Column::Full, "full", NONE, &[C::Save]),
    column(Column::Netns, "netns", NONE, EVERY),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_order_of_their_enums() {
        assert!(COMMANDS.iter().enumerate().all(|(at, row)| row.command as usize == at));
        assert!(OPTIONS.iter().enumerate().all(|(at, row)| row.option as usize == at));
        assert!(COLUMNS.iter().enumerate().all(|(at, row)| row.column as usize == at));
        assert_eq!(COMMANDS.len(), Command::Version as usize + 1);
        assert_eq!(OPTIONS.len(), Opt::Netns as usize + 1);
        assert_eq!(COLUMNS.len(), Column::Netns as usize + 1);
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
