//! The parser of the whole classic language: the commands and options of ipvsadm 1.31.
//!
//! Checks have the old tool's order: values from left to right, then surplus words, then illegal
//! combinations. So the first mistake found is the one that the old tool reports.

use std::net::{IpAddr, SocketAddr};

use crate::error::Misuse;
use crate::model::field::{Field, Fields};
use crate::model::quote::shell_option;
use crate::model::{
    Change, Daemon, DaemonRole, Destination, DestinationKey, Forwarding, Granularity, Persistence,
    Service, ServiceKey, Timeouts,
};

use super::builder::ClassicBuilder;
use super::first_word::{first_word, meant};
use super::lexer::{Mistake, Token, What};
use super::options::{Command, Opt, SLOTS, Slot, Takes, option_named};
use super::scanner::{Scanner, Taken, Words};
use super::suggestion::suggestion;
use super::validate::{check_service, usual_notes};
use super::verb_names::is_verb;

/// A classic command with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Change the kernel's state.
    Change(Change),
    /// `-L`.
    List(List),
    /// `-L --json`.
    ListJson(List),
    /// `-S`.
    Save(Save),
    /// `-R`.
    Restore,
    /// `-h`.
    Help,
    /// `-v`.
    Version,
}

/// Objects to list, and their format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// Services with their real servers: all, or one.
    Services(Option<ServiceKey>, Listing),
    /// Entries of the connection table.
    Connections {
        /// Print addresses and ports as numbers.
        numeric: bool,
        /// Print the data of persistence engines.
        engine: bool,
    },
    /// Time-outs.
    Timeouts,
    /// Sync daemons.
    Daemons,
}

/// The columns of a listing of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Forwarding, weight, connections.
    Default,
    /// `--stats`
    Stats,
    /// `--rate`
    Rate,
    /// `--thresholds`
    Thresholds,
    /// `--persistent-conn`
    Persistent,
    /// `--tun-info`
    Tunnel,
}

/// Format of a listing of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The set of columns.
    pub layout: Layout,
    /// `--stats --rate`: JSON contains both; text contains only `layout`, as with the old tool.
    pub both_counters: bool,
    /// Print addresses and ports as numbers, without lookups.
    pub numeric: bool,
    /// Print all digits instead of the units K, M, G and T.
    pub exact: bool,
    /// Sort the services; otherwise use the kernel's order.
    pub sort: bool,
}

/// Format of a saved table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Save {
    /// Print addresses and ports as numbers, without lookups.
    pub numeric: bool,
    /// Also print time-outs and sync daemons.
    pub full: bool,
    /// Print JSON instead of rule lines.
    pub json: bool,
}

/// A classic command line after parsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classic {
    /// The command to execute.
    pub invocation: Invocation,
    /// Network namespace for the command, if not the current one.
    pub netns: Option<String>,
    /// Notes about unusual but valid options.
    pub notes: Vec<String>,
    /// For `-E` and `-e`: JSON names of the fields that the line does not mention, and that
    /// therefore get their defaults.
    pub unnamed: Vec<&'static str>,
}

impl From<Invocation> for Classic {
    fn from(invocation: Invocation) -> Self {
        Self { invocation, netns: None, notes: Vec::new(), unnamed: Vec::new() }
    }
}

/// Parses a command line; `program` is argument 0, for messages.
pub fn parse(scanner: &mut Scanner, program: &str, words: &[Token<'_>]) -> Result<Classic, Misuse> {
    if words.is_empty() {
        let listing = Listing {
            layout: Layout::Default,
            both_counters: false,
            numeric: false,
            exact: false,
            sort: true,
        };
        return Ok(Invocation::List(List::Services(None, listing)).into());
    }
    let first = first_word(words);
    let words = scanner.read(words);
    let (at, command, role) = first_command(program, first, &words)?;
    match command {
        Command::Help => return Ok(Invocation::Help.into()),
        Command::Version => return Ok(Invocation::Version.into()),
        _ => {}
    }
    let mut builder = ClassicBuilder::new(command, &words.taken, scanner.names);
    builder.take_role(role.as_deref())?;
    for (_, option) in words.taken.iter().enumerate().filter(|(index, _)| *index != at) {
        take(&mut builder, option)?;
    }
    if let Some(mistake) = words.mistake {
        return Err(mistaken(mistake));
    }
    take_loose(&mut builder, words.loose)?;
    builder.take_scheduler_flags()?;
    check_matrix(&builder)?;
    check_listing(&builder)?;
    build(builder)
}

/// The first option, which must be a command. Only `--netns` may precede it.
fn first_command(
    program: &str,
    first: &str,
    words: &Words<'_>,
) -> Result<(usize, Command, Option<String>), Misuse> {
    let netns = |option: &&Taken<'_>| option.what == What::Option(Opt::Netns);
    let at = words.taken.iter().take_while(netns).count();
    if let Some(Taken { what: What::Command(command), value, .. }) = words.taken.get(at)
        && (value.is_none() || command.row().takes != Takes::Nothing)
    {
        return Ok((at, *command, value.clone()));
    }
    if let Some(instead) = late_verb(words) {
        return Err(Misuse::LateVerb { program: program.to_owned(), instead });
    }
    let meant = meant(first).map(String::into_boxed_str);
    Err(Misuse::NoCommand { program: program.to_owned(), found: first.to_owned(), meant })
}

/// For a verb that follows an option, proposes the right order.
fn late_verb(words: &Words<'_>) -> Option<String> {
    let verb = words.loose.first().filter(|word| is_verb(word))?;
    let options = words.taken.iter().map_while(|option| match (option.what, &option.value) {
        (What::Option(Opt::Netns), Some(name)) => Some(shell_option("--netns", name)),
        (What::Option(Opt::Json), None) => Some("--json".to_owned()),
        _ => None,
    });
    let options = options.collect::<Vec<_>>().join(" ");
    (!options.is_empty()).then(|| format!("{verb} ... {options}"))
}

fn take(builder: &mut ClassicBuilder, taken: &Taken<'_>) -> Result<(), Misuse> {
    let word = || taken.last_word.to_owned();
    let has_value = taken.value.is_some();
    let option = match taken.what {
        What::Command(command) if command.row().takes == Takes::Nothing && has_value => {
            return Err(Misuse::UnwantedArgument { word: word() });
        }
        What::Command(_) => return Err(Misuse::SecondCommand { word: word() }),
        What::Option(option) => option,
    };
    if option.row().takes == Takes::Nothing && has_value {
        return Err(Misuse::UnwantedArgument { word: word() });
    }
    builder.take(option, taken.value.as_deref())
}

fn mistaken(Mistake { word, lacks_value }: Mistake<'_>) -> Misuse {
    let word = word.to_owned();
    match lacks_value {
        Some(what) => Misuse::MissingArgument { takes: what.value(), word },
        None => Misuse::UnknownOption { suggestion: suggestion(&word), word },
    }
}

fn take_loose(builder: &mut ClassicBuilder, loose: Vec<String>) -> Result<(), Misuse> {
    let mut loose = loose.into_iter();
    if builder.command == Command::Set {
        let values: Vec<String> = loose.by_ref().take(3).collect();
        builder.take_timeouts(&values)?;
    }
    match loose.next() {
        Some(word) => Err(Misuse::UnexpectedArgument { word, command: builder.command.row().name }),
        None => Ok(()),
    }
}

fn check_matrix(builder: &ClassicBuilder) -> Result<(), Misuse> {
    let command = builder.command;
    for slot in SLOTS {
        let name = slot.name;
        let required = slot.required.contains(&command);
        let given = builder.has(slot.slot);
        if required && !given {
            return Err(Misuse::Missing { name, command: command.row().name });
        }
        if given && !required && !slot.allowed.contains(&command) {
            let instead = connection_filter(builder);
            return Err(Misuse::Illegal { name, command: command.row().name, instead });
        }
    }
    Ok(())
}

fn check_listing(builder: &ClassicBuilder) -> Result<(), Misuse> {
    if builder.command != Command::List {
        return Ok(());
    }
    listing_conflict(|slot| builder.has(slot)).map_err(|mistake| match mistake {
        Misuse::Conflict { later, earlier, .. } => {
            Misuse::Conflict { later, earlier, instead: connection_filter(builder) }
        }
        other => other,
    })
}

/// The command that lists the connections of the service and the real server of a `-L -c`, which
/// takes neither.
fn connection_filter(builder: &ClassicBuilder) -> Option<Box<str>> {
    if builder.command != Command::List || !builder.has(Slot::Connection) {
        return None;
    }
    // Port 0 stands for every port, as an address without a port does.
    let endpoint = |address: IpAddr, port: u16| match port {
        0 => address.to_string(),
        _ => SocketAddr::new(address, port).to_string(),
    };
    let mut words = String::new();
    if let Some(key) = &builder.service {
        // A connection does not show the mark of its service.
        let address = key.address().map(|address| endpoint(address, key.port()));
        let only_mark = builder.real_server.is_none();
        words += &address.map_or_else(
            || if only_mark { " --help".to_owned() } else { String::new() },
            |service| format!(" --service {service} --protocol {}", key.protocol()),
        );
    }
    if let Some((address, port)) = builder.real_server {
        words += &format!(" --server {}", endpoint(address, port.unwrap_or(0)));
    }
    let netns = builder.netns.as_ref().map(|name| format!(" {}", shell_option("--netns", name)));
    (!words.is_empty()).then(|| format!("ipvsadm conns{words}{}", netns.unwrap_or_default()).into())
}

/// Checks that the options of a listing can be combined.
pub(crate) fn listing_conflict(has: impl Fn(Slot) -> bool) -> Result<(), Misuse> {
    let selectors = [Slot::Connection, Slot::Service, Slot::Timeout, Slot::Daemon];
    let mut given = selectors.into_iter().filter(|slot| has(*slot));
    if let (Some(earlier), Some(later)) = (given.next(), given.next()) {
        let (later, earlier) = (later.row().name, earlier.row().name);
        return Err(Misuse::Conflict { later, earlier, instead: None });
    }
    let any = |slots: &[Slot]| slots.iter().any(|slot| has(*slot));
    let counters = any(&[Slot::Stats, Slot::Rate, Slot::Thresholds]);
    let other = any(&[Slot::Connection, Slot::Timeout, Slot::Daemon]);
    if other && counters || any(&[Slot::Timeout, Slot::Daemon]) && has(Slot::PersistentConn) {
        return Err(Misuse::ListConflict);
    }
    Ok(())
}

fn build(mut builder: ClassicBuilder) -> Result<Classic, Misuse> {
    let mut notes = Vec::new();
    let invocation = match builder.command {
        Command::AddService => {
            Invocation::Change(Change::AddService(service(&mut builder, &mut notes)?))
        }
        Command::EditService => {
            Invocation::Change(Change::UpdateService(service(&mut builder, &mut notes)?))
        }
        Command::DeleteService => Invocation::Change(Change::DeleteService(key(&builder)?)),
        Command::AddServer => {
            let destination = destination(&builder, &mut notes)?;
            Invocation::Change(Change::AddDestination(key(&builder)?, destination))
        }
        Command::EditServer => {
            let destination = destination(&builder, &mut notes)?;
            Invocation::Change(Change::UpdateDestination(key(&builder)?, destination))
        }
        Command::DeleteServer => {
            Invocation::Change(Change::DeleteDestination(key(&builder)?, real_server(&builder)?))
        }
        Command::Clear => Invocation::Change(Change::Flush),
        Command::Zero => Invocation::Change(Change::Zero(builder.service)),
        Command::Set => Invocation::Change(Change::SetTimeouts(timeouts(&builder))),
        Command::StartDaemon => Invocation::Change(Change::StartDaemon(daemon(&mut builder)?)),
        Command::StopDaemon => Invocation::Change(Change::StopDaemon(role(&builder)?)),
        Command::List if builder.has(Slot::Json) => Invocation::ListJson(list(&builder)),
        Command::List => Invocation::List(list(&builder)),
        Command::Save => Invocation::Save(Save {
            numeric: builder.has(Slot::Numeric),
            full: builder.has(Slot::Full),
            json: builder.has(Slot::Json),
        }),
        Command::Restore => Invocation::Restore,
        Command::Help => Invocation::Help,
        Command::Version => Invocation::Version,
    };
    if let Invocation::Change(change) = &invocation {
        notes.extend(usual_notes(change));
    }
    let unnamed = unnamed(builder.command, |slot| builder.has(slot));
    Ok(Classic { invocation, netns: builder.netns, notes, unnamed })
}

/// Fields that an editing command resets because their option is missing.
pub(crate) fn unnamed(command: Command, has: impl Fn(Slot) -> bool) -> Vec<&'static str> {
    match command {
        Command::EditService => unnamed_of::<Service>(has),
        Command::EditServer => unnamed_of::<Destination>(has),
        _ => Vec::new(),
    }
}

fn unnamed_of<T: Fields>(has: impl Fn(Slot) -> bool) -> Vec<&'static str> {
    let slot = |long: &str| option_named(long)?.slot;
    let is_named = |field: &&Field<T>| {
        let mut slots = field.options.iter().filter_map(|option| slot(option.long));
        slots.any(&has)
    };
    T::fields().iter().filter(|field| !is_named(field)).map(|field| field.name).collect()
}

fn missing(slot: Slot, builder: &ClassicBuilder) -> Misuse {
    Misuse::Missing { name: slot.row().name, command: builder.command.row().name }
}

fn key(builder: &ClassicBuilder) -> Result<ServiceKey, Misuse> {
    builder.service.ok_or_else(|| missing(Slot::Service, builder))
}

fn role(builder: &ClassicBuilder) -> Result<DaemonRole, Misuse> {
    builder.role.ok_or_else(|| missing(Slot::Daemon, builder))
}

fn timeouts(builder: &ClassicBuilder) -> Timeouts {
    builder.timeouts.unwrap_or(Timeouts::KEPT)
}

fn service(builder: &mut ClassicBuilder, notes: &mut Vec<String>) -> Result<Service, Misuse> {
    let key = key(builder)?;
    let granularity = builder.granularity.unwrap_or_else(|| Granularity::host(key.family()));
    let mut service = Service {
        flags: builder.flags,
        persistence: builder.persistent.map(|timeout| Persistence { timeout, granularity }),
        engine: builder.engine.take(),
        ..Service::new(key, builder.take_scheduler())
    };
    for field in Service::fields() {
        let row = field.switch().and_then(option_named);
        if row.and_then(|row| row.slot).is_some_and(|slot| builder.has(slot)) {
            field.turn_on(&mut service);
        }
    }
    check_service(&service)?;
    if builder.has(Slot::Netmask) && service.persistence.is_none() {
        notes.push("-M has no effect without -p".to_owned());
    }
    Ok(service)
}

/// The key of the real server. Without a port, it has the port of the service.
fn real_server(builder: &ClassicBuilder) -> Result<DestinationKey, Misuse> {
    let service = key(builder)?;
    let (address, port) = builder.real_server.ok_or_else(|| missing(Slot::RealServer, builder))?;
    Ok(DestinationKey { address, port: port.unwrap_or(service.port()) })
}

fn destination(builder: &ClassicBuilder, notes: &mut Vec<String>) -> Result<Destination, Misuse> {
    let service = key(builder)?;
    let mut key = real_server(builder)?;
    if key.is_of_other_family(&service) && !builder.is_tunnelled() {
        return Err(Misuse::MixedFamily);
    }
    let forwarding = builder.forwarding()?;
    let by_address = matches!(service, ServiceKey::Address { .. });
    if by_address && forwarding != Forwarding::Masquerade && key.port != service.port() {
        notes.push(format!(
            "only -m can change the port: {} is used instead of {}",
            service.port(),
            key.port
        ));
        key.port = service.port();
    }
    Ok(Destination {
        key,
        forwarding,
        weight: builder.weight.unwrap_or(1),
        upper_threshold: builder.upper_threshold.unwrap_or(0),
        lower_threshold: builder.lower_threshold.unwrap_or(0),
    })
}

fn daemon(builder: &mut ClassicBuilder) -> Result<Daemon, Misuse> {
    Ok(Daemon {
        role: role(builder)?,
        interface: builder.take_interface(),
        sync_id: builder.sync_id.unwrap_or(0),
        max_length: builder.max_length,
        group: builder.group,
        port: builder.port,
        ttl: builder.ttl,
    })
}

fn list(builder: &ClassicBuilder) -> List {
    let numeric = builder.has(Slot::Numeric);
    if builder.has(Slot::Connection) {
        return List::Connections { numeric, engine: builder.has(Slot::PersistentConn) };
    }
    if builder.has(Slot::Timeout) {
        return List::Timeouts;
    }
    if builder.has(Slot::Daemon) {
        return List::Daemons;
    }
    // If several are given, the old tool uses the first one in this list.
    let slots = [
        (Slot::Stats, Layout::Stats),
        (Slot::Rate, Layout::Rate),
        (Slot::Thresholds, Layout::Thresholds),
        (Slot::PersistentConn, Layout::Persistent),
        (Slot::TunInfo, Layout::Tunnel),
    ];
    let chosen = slots.into_iter().find(|(slot, _)| builder.has(*slot));
    let listing = Listing {
        layout: chosen.map_or(Layout::Default, |(_, layout)| layout),
        both_counters: builder.has(Slot::Stats) && builder.has(Slot::Rate),
        numeric,
        exact: builder.has(Slot::Exact),
        sort: !builder.has(Slot::Nosort),
    };
    List::Services(builder.service, listing)
}
