//! [`Rejection`]: reasons why a valid input is not carried out.

use super::UNCHANGED;
use super::excerpt::{HINT, excerpt};
use super::kernel;
use crate::error::{DrainRefusal, Errno};
use crate::model::Operation;

/// Reason why a valid input is not carried out. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// A command in a rule file that does not describe a part of a table.
    #[error("line {line} does not describe a table")]
    NoRule {
        /// Line number, counted from 1.
        line: u32,
    },
    /// A line that would fail even on an empty table.
    #[error("{}", kernel::text(*.operation, *.errno))]
    Contradiction {
        /// Line number or place in JSON; `None` if `object` tells it.
        place: Option<String>,
        /// Kind of the request.
        operation: Operation,
        /// Error number with which the kernel would refuse it.
        errno: Errno,
        /// The service or real server, in the words of a rule line.
        object: String,
        /// Place that adds the same object earlier, if that is the reason.
        earlier: Option<String>,
    },
    /// The input is longer than any table, or never ends.
    #[error("the input has more than 64 MiB or a million commands")]
    LongFile,
    /// The kernel lacks the scheduler or persistence engine of a service.
    #[error("{}", kernel::text(Operation::AddService, Errno::ENOENT))]
    NotOffered {
        /// The missing module.
        module: Module,
        /// Place of the service in the file, and the service in the words of a rule line.
        place: String,
    },
    /// The JSON does not describe a table.
    #[error("the JSON is not a table: {0}")]
    Json(String),
    /// A line of a copy of `/proc/net/ip_vs_conn` that has no connection.
    #[error("line {line} does not describe a connection")]
    NoConnection {
        /// Line number, counted from 1.
        line: u32,
        /// Text of the line.
        text: String,
    },
    /// The input of `conns compare` has no list of connections.
    #[error("the JSON is not a list of connections: {0}")]
    NoConnections(String),
    /// An invalid value of a JSON key, or an unknown key.
    #[error("{text}")]
    Field {
        /// The field, the value and the reason.
        text: String,
        /// What was probably pasted.
        pasted: Option<String>,
    },
    /// `set` names an unknown field.
    #[error("there is no field `{name}' to set")]
    NoField {
        /// Name as given.
        name: String,
        /// The field that was probably meant, and the valid names, one for each line.
        proposals: Vec<String>,
    },
    /// The service does not have the real server.
    #[error("No such destination")]
    NoDestination {
        /// The real server in the words of a rule line.
        object: String,
        /// Ports of real servers with the same address.
        ports: Vec<u16>,
    },
    /// The input defines no services, so that all existing ones would be deleted.
    #[error("{}", empty(*.existing, *.is_scoped))]
    Empty {
        /// Number of services that would be deleted.
        existing: usize,
        /// The scope of the run does not cover the whole table.
        is_scoped: bool,
    },
    /// Another run holds the lock.
    #[error("another ipvsadm is changing this table")]
    Busy,
    /// An apply or restore was killed, and its journal still exists.
    #[error("an earlier apply or ipvsadm-restore was killed half way")]
    Unfinished,
    /// There is no journal to recover from.
    #[error("no apply or ipvsadm-restore was killed half way: there is nothing to recover")]
    NothingToRecover,
    /// No apply waits for a confirmation.
    #[error("no apply is waiting for confirmation")]
    NothingToAccept,
    /// The history has no record of that number, or none at all.
    #[error("{}", no_record(*.number))]
    NoRecord {
        /// Number as given; `None`: the newest record.
        number: Option<u64>,
        /// Numbers of the records, the newest first.
        known: Vec<u64>,
    },
    /// A real server is not drained, or does not get its weight back.
    #[error(transparent)]
    Drain(#[from] DrainRefusal),
}

/// A module that a service needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Module {
    /// Name of a scheduler.
    Scheduler(String),
    /// Name of a persistence engine.
    Engine(String),
}

impl Module {
    fn hints(&self) -> impl Iterator<Item = String> {
        let (module, meant) = match self {
            Self::Scheduler(name) => (kernel::scheduler_module(name), kernel::meant(name)),
            Self::Engine(name) => (kernel::engine_module(name), None),
        };
        kernel::no_module(&[module]).into_iter().chain(meant)
    }
}

fn empty(existing: usize, is_scoped: bool) -> String {
    let ones = match existing {
        1 => "the existing one".to_owned(),
        many => format!("all {many} existing ones"),
    };
    if is_scoped {
        format!("the input defines no services of the scope; refusing to delete {ones}")
    } else {
        format!("the input defines no services; refusing to delete {ones}")
    }
}

/// The verbs that have `--wait`, in alphabetical order.
pub(crate) const WAITING_VERBS: [&str; 5] = ["apply", "drain", "rollback", "set", "undrain"];

/// Hint for a table that another run is changing.
fn busy() -> String {
    let [verbs @ .., last] = WAITING_VERBS;
    let verbs = verbs.join(", ");
    format!(
        "try again when the other run has finished; with --wait SECONDS, {verbs} and {last} wait \
         for it"
    )
}

fn no_record(number: Option<u64>) -> String {
    match number {
        Some(number) => format!("the history has no record {number}"),
        None => "the history has no records".to_owned(),
    }
}

/// Hint that names the place which adds the same object earlier.
pub(crate) fn made_before(place: &str) -> String {
    format!("{place} already defines this object: remove one of the two")
}

/// Hint that names the ports of real servers with the same address.
pub(crate) fn other_ports(ports: &[u16]) -> Option<String> {
    let list: Vec<String> = ports.iter().map(u16::to_string).collect();
    let noun = if ports.len() == 1 { "port" } else { "ports" };
    (!ports.is_empty())
        .then(|| format!("the service has this address with {noun} {}", list.join(", ")))
}

impl Rejection {
    /// Place of the mistake, without an excerpt.
    pub(super) fn place(&self) -> Option<String> {
        match self {
            Self::NoRule { line } | Self::NoConnection { line, .. } => Some(format!("line {line}")),
            Self::Contradiction { place, .. } => place.clone(),
            _ => None,
        }
    }

    pub(super) fn hints(&self) -> Vec<String> {
        let mut hints = match self {
            Self::NoRule { .. } => vec![
                "a rule file has -A, -a and the other commands that change the table, except -Z"
                    .to_owned(),
            ],
            Self::Contradiction { place, operation, errno, object, earlier } => {
                let place = match place {
                    Some(place) => format!("{place}: {object}"),
                    None => object.clone(),
                };
                match earlier {
                    Some(earlier) => vec![place, made_before(earlier)],
                    None => kernel::hints(*operation, *errno, &place),
                }
            }
            Self::NoConnection { text, .. } => {
                let expected = [
                    "expected lines of /proc/net/ip_vs_conn",
                    "to copy the connections: cat /proc/net/ip_vs_conn > FILE",
                ];
                let quoted = (!text.is_empty()).then(|| excerpt(text, HINT));
                quoted.into_iter().chain(expected.map(str::to_owned)).collect()
            }
            Self::NoConnections(_) => {
                vec![
                    "to save the connections of a director: ipvsadm conns --json > FILE".to_owned(),
                ]
            }
            Self::LongFile => vec![
                "check that this is the right file; input from a device or a pipe may never end"
                    .to_owned(),
            ],
            Self::NotOffered { module, place } => {
                [place.clone()].into_iter().chain(module.hints()).collect()
            }
            Self::NoDestination { object, ports } => {
                [object.clone()].into_iter().chain(other_ports(ports)).collect()
            }
            Self::NoField { proposals, .. } => proposals.clone(),
            Self::Drain(refusal) => refusal.hints(),
            Self::Empty { .. } => vec!["to delete the services, give --allow-empty".to_owned()],
            Self::Busy => vec![busy()],
            Self::NoRecord { known, .. } => match &known[..] {
                [] => vec![
                    "apply, set, drain, undrain and ipvsadm-restore record the changes that they \
                     make"
                        .to_owned(),
                ],
                [newest, ..] => {
                    let oldest = known.last().unwrap_or(newest);
                    vec![format!(
                        "the records are {oldest} to {newest}; ipvsadm history lists them"
                    )]
                }
            },
            Self::Unfinished => {
                vec!["to restore the former table: ipvsadm apply --recover".to_owned()]
            }
            Self::Field { pasted, .. } => pasted.clone().into_iter().collect(),
            Self::Json(_) | Self::NothingToRecover | Self::NothingToAccept => Vec::new(),
        };
        if !matches!(self, Self::NothingToRecover | Self::NothingToAccept) {
            hints.push(UNCHANGED.to_owned());
        }
        hints
    }
}
