//! The parser of the whole classic language: the commands and options of ipvsadm 1.31.
//!
//! Checks have the old tool's order: values from left to right, then surplus words, then illegal
//! combinations. So the first mistake found is the one that the old tool reports.

use crate::error::Misuse;
use crate::model::field::{Field, Fields};
use crate::model::quote::shell_option;
use crate::model::{
    Change, Daemon, DaemonRole, Destination, DestinationKey, Forwarding, Granularity, Persistence,
    Service, ServiceKey, Timeouts,
};

use super::builder::Draft;
use super::first_word::{first_word, meant};
use super::lexer::{Mistake, Token, What};
use super::options::{COLUMNS, Column, Command, Opt, Takes, option_named};
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
    let mut draft = Draft::new(command, &words.taken, scanner.names);
    draft.take_role(role.as_deref())?;
    for (_, option) in words.taken.iter().enumerate().filter(|(index, _)| *index != at) {
        take(&mut draft, option)?;
    }
    if let Some(mistake) = words.mistake {
        return Err(mistaken(mistake));
    }
    take_loose(&mut draft, words.loose)?;
    draft.take_scheduler_flags()?;
    check_matrix(&draft)?;
    check_listing(&draft)?;
    build(draft)
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

fn take(draft: &mut Draft, taken: &Taken<'_>) -> Result<(), Misuse> {
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
    draft.take(option, taken.value.as_deref())
}

fn mistaken(Mistake { word, lacks_value }: Mistake<'_>) -> Misuse {
    let word = word.to_owned();
    match lacks_value {
        Some(what) => Misuse::MissingArgument { takes: what.value(), word },
        None => Misuse::UnknownOption { suggestion: suggestion(&word), word },
    }
}

fn take_loose(draft: &mut Draft, loose: Vec<String>) -> Result<(), Misuse> {
    let mut loose = loose.into_iter();
    if draft.command == Command::Set {
        let values: Vec<String> = loose.by_ref().take(3).collect();
        draft.take_timeouts(&values)?;
    }
    match loose.next() {
        Some(word) => Err(Misuse::UnexpectedArgument { word, command: draft.command.row().name }),
        None => Ok(()),
    }
}

fn check_matrix(draft: &Draft) -> Result<(), Misuse> {
    let command = draft.command;
    for column in COLUMNS {
        let name = column.name;
        let required = column.required.contains(&command);
        let given = draft.has(column.column);
        if required && !given {
            return Err(Misuse::Missing { name, command: command.row().name });
        }
        if given && !required && !column.allowed.contains(&command) {
            return Err(Misuse::Illegal { name, command: command.row().name });
        }
    }
    Ok(())
}

fn check_listing(draft: &Draft) -> Result<(), Misuse> {
    if draft.command != Command::List {
        return Ok(());
    }
    listing_conflict(|column| draft.has(column))
}

/// Checks that the options of a listing can be combined.
pub(crate) fn listing_conflict(has: impl Fn(Column) -> bool) -> Result<(), Misuse> {
    let selectors = [Column::Connection, Column::Service, Column::Timeout, Column::Daemon];
    let mut given = selectors.into_iter().filter(|column| has(*column));
    if let (Some(earlier), Some(later)) = (given.next(), given.next()) {
        return Err(Misuse::Conflict { later: later.row().name, earlier: earlier.row().name });
    }
    let any = |columns: &[Column]| columns.iter().any(|column| has(*column));
    let counters = any(&[Column::Stats, Column::Rate, Column::Thresholds]);
    let other = any(&[Column::Connection, Column::Timeout, Column::Daemon]);
    if other && counters || any(&[Column::Timeout, Column::Daemon]) && has(Column::PersistentConn) {
        return Err(Misuse::ListConflict);
    }
    Ok(())
}

fn build(mut draft: Draft) -> Result<Classic, Misuse> {
    let mut notes = Vec::new();
    let invocation = match draft.command {
        Command::AddService => {
            Invocation::Change(Change::AddService(service(&mut draft, &mut notes)?))
        }
        Command::EditService => {
            Invocation::Change(Change::UpdateService(service(&mut draft, &mut notes)?))
        }
        Command::DeleteService => Invocation::Change(Change::DeleteService(key(&draft)?)),
        Command::AddServer => {
            let destination = destination(&draft, &mut notes)?;
            Invocation::Change(Change::AddDestination(key(&draft)?, destination))
        }
        Command::EditServer => {
            let destination = destination(&draft, &mut notes)?;
            Invocation::Change(Change::UpdateDestination(key(&draft)?, destination))
        }
        Command::DeleteServer => {
            Invocation::Change(Change::DeleteDestination(key(&draft)?, real_server(&draft)?))
        }
        Command::Clear => Invocation::Change(Change::Flush),
        Command::Zero => Invocation::Change(Change::Zero(draft.service)),
        Command::Set => Invocation::Change(Change::SetTimeouts(timeouts(&draft))),
        Command::StartDaemon => Invocation::Change(Change::StartDaemon(daemon(&mut draft)?)),
        Command::StopDaemon => Invocation::Change(Change::StopDaemon(role(&draft)?)),
        Command::List if draft.has(Column::Json) => Invocation::ListJson(list(&draft)),
        Command::List => Invocation::List(list(&draft)),
        Command::Save => Invocation::Save(Save {
            numeric: draft.has(Column::Numeric),
            full: draft.has(Column::Full),
            json: draft.has(Column::Json),
        }),
        Command::Restore => Invocation::Restore,
        Command::Help => Invocation::Help,
        Command::Version => Invocation::Version,
    };
    if let Invocation::Change(change) = &invocation {
        notes.extend(usual_notes(change));
    }
    let unnamed = unnamed(draft.command, |column| draft.has(column));
    Ok(Classic { invocation, netns: draft.netns, notes, unnamed })
}

/// Fields that an editing command resets because their option is missing.
pub(crate) fn unnamed(command: Command, has: impl Fn(Column) -> bool) -> Vec<&'static str> {
    match command {
        Command::EditService => unnamed_of::<Service>(has),
        Command::EditServer => unnamed_of::<Destination>(has),
        _ => Vec::new(),
    }
}

fn unnamed_of<T: Fields>(has: impl Fn(Column) -> bool) -> Vec<&'static str> {
    let column = |long: &str| option_named(long)?.column;
    let is_named = |field: &&Field<T>| {
        let mut columns = field.options.iter().filter_map(|option| column(option.long));
        columns.any(&has)
    };
    T::fields().iter().filter(|field| !is_named(field)).map(|field| field.name).collect()
}

fn missing(column: Column, draft: &Draft) -> Misuse {
    Misuse::Missing { name: column.row().name, command: draft.command.row().name }
}

fn key(draft: &Draft) -> Result<ServiceKey, Misuse> {
    draft.service.ok_or_else(|| missing(Column::Service, draft))
}

fn role(draft: &Draft) -> Result<DaemonRole, Misuse> {
    draft.role.ok_or_else(|| missing(Column::Daemon, draft))
}

fn timeouts(draft: &Draft) -> Timeouts {
    draft.timeouts.unwrap_or(Timeouts::KEPT)
}

fn service(draft: &mut Draft, notes: &mut Vec<String>) -> Result<Service, Misuse> {
    let key = key(draft)?;
    let granularity = draft.granularity.unwrap_or_else(|| Granularity::host(key.family()));
    let mut service = Service {
        flags: draft.flags,
        persistence: draft.persistent.map(|timeout| Persistence { timeout, granularity }),
        engine: draft.engine.take(),
        ..Service::new(key, draft.take_scheduler())
    };
    for field in Service::fields() {
        let row = field.switch().and_then(option_named);
        if row.and_then(|row| row.column).is_some_and(|column| draft.has(column)) {
            field.turn_on(&mut service);
        }
    }
    check_service(&service)?;
    if draft.has(Column::Netmask) && service.persistence.is_none() {
        notes.push("-M has no effect without -p".to_owned());
    }
    Ok(service)
}

/// The key of the real server. Without a port, it has the port of the service.
fn real_server(draft: &Draft) -> Result<DestinationKey, Misuse> {
    let service = key(draft)?;
    let (address, port) = draft.real_server.ok_or_else(|| missing(Column::RealServer, draft))?;
    Ok(DestinationKey { address, port: port.unwrap_or(service.port()) })
}

fn destination(draft: &Draft, notes: &mut Vec<String>) -> Result<Destination, Misuse> {
    let service = key(draft)?;
    let mut key = real_server(draft)?;
    if key.is_of_other_family(&service) && !draft.is_tunnelled() {
        return Err(Misuse::MixedFamily);
    }
    let forwarding = draft.forwarding()?;
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
        weight: draft.weight.unwrap_or(1),
        upper_threshold: draft.upper_threshold.unwrap_or(0),
        lower_threshold: draft.lower_threshold.unwrap_or(0),
    })
}

fn daemon(draft: &mut Draft) -> Result<Daemon, Misuse> {
    Ok(Daemon {
        role: role(draft)?,
        interface: draft.take_interface(),
        sync_id: draft.sync_id.unwrap_or(0),
        max_length: draft.max_length,
        group: draft.group,
        port: draft.port,
        ttl: draft.ttl,
    })
}

fn list(draft: &Draft) -> List {
    let numeric = draft.has(Column::Numeric);
    if draft.has(Column::Connection) {
        return List::Connections { numeric, engine: draft.has(Column::PersistentConn) };
    }
    if draft.has(Column::Timeout) {
        return List::Timeouts;
    }
    if draft.has(Column::Daemon) {
        return List::Daemons;
    }
    // If several are given, the old tool uses the first one in this list.
    let columns = [
        (Column::Stats, Layout::Stats),
        (Column::Rate, Layout::Rate),
        (Column::Thresholds, Layout::Thresholds),
        (Column::PersistentConn, Layout::Persistent),
        (Column::TunInfo, Layout::Tunnel),
    ];
    let chosen = columns.into_iter().find(|(column, _)| draft.has(*column));
    let listing = Listing {
        layout: chosen.map_or(Layout::Default, |(_, layout)| layout),
        both_counters: draft.has(Column::Stats) && draft.has(Column::Rate),
        numeric,
        exact: draft.has(Column::Exact),
        sort: !draft.has(Column::Nosort),
    };
    List::Services(draft.service, listing)
}
