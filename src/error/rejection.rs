//! Why a wish is not carried out.

use super::kernel;
use crate::error::Errno;
use crate::model::Operation;

/// Why a wish is not carried out. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// A command of a rule file that says nothing about a table.
    #[error("line {line} does not describe a table")]
    NoRule {
        /// Counted from 1.
        line: u32,
    },
    /// A line that would fail on an empty table.
    #[error("{}", kernel::text(*.operation, *.errno))]
    Contradiction {
        /// The line, or the place in JSON; `None` where the object says it.
        place: Option<String>,
        /// What it asks for.
        operation: Operation,
        /// What the kernel would say.
        errno: Errno,
        /// Of which service or real server, in rule words.
        object: String,
        /// Where the same is made before, if that is the reason.
        earlier: Option<String>,
    },
    /// Input that is longer than any table, or has no end.
    #[error("the input has more than 64 MiB or a million commands")]
    LongFile,
    /// A service whose scheduler or persistence engine the kernel does not have.
    #[error("{}", kernel::text(Operation::AddService, Errno::ENOENT))]
    NotOffered {
        /// What it lacks.
        module: Module,
        /// Where the service stands, and the service in rule words.
        place: String,
    },
    /// JSON that is no table.
    #[error("the JSON is not a table: {0}")]
    Json(String),
    /// A value that a key cannot have, or a key that does not exist.
    #[error("{0}")]
    Field(String),
    /// `set` names a field that does not exist.
    #[error("there is no field `{name}' to set")]
    NoField {
        /// As given.
        name: String,
        /// The field that was probably meant, and the legal names; a line each.
        proposals: Vec<String>,
    },
    /// The real server is not in the table.
    #[error("No such destination")]
    NoDestination {
        /// In rule words.
        object: String,
        /// The ports that the service has of this address.
        ports: Vec<u16>,
    },
    /// An input without services, which would delete everything.
    #[error("{}", empty(*.existing, *.is_scoped))]
    Empty {
        /// How many services would be deleted.
        existing: usize,
        /// Only the services of a scope are meant.
        is_scoped: bool,
    },
    /// Another of our writers is at work.
    #[error("another ipvsadm is changing this table")]
    Busy,
    /// An apply or restore was killed, and its journal is still there.
    #[error("an earlier apply or ipvsadm-restore was killed half way")]
    Unfinished,
    /// There is no journal.
    #[error("no apply or ipvsadm-restore was killed half way: there is nothing to recover")]
    NothingToRecover,
    /// No apply waits to be accepted.
    #[error("no apply is waiting for confirmation")]
    NothingToAccept,
}

/// What the kernel loads for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Module {
    /// The scheduler of this name.
    Scheduler(String),
    /// The persistence engine of this name.
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

/// Says where a file defines the same before.
pub(crate) fn made_before(place: &str) -> String {
    format!("{place} already defines it: remove one of the two")
}

/// Says with which ports a real server is there.
pub(crate) fn other_ports(ports: &[u16]) -> Option<String> {
    let list: Vec<String> = ports.iter().map(u16::to_string).collect();
    let noun = if ports.len() == 1 { "port" } else { "ports" };
    (!ports.is_empty())
        .then(|| format!("the service has this address with {noun} {}", list.join(", ")))
}

impl Rejection {
    /// Where the mistake is, without what is written there.
    pub(super) fn place(&self) -> Option<String> {
        match self {
            Self::NoRule { line } => Some(format!("line {line}")),
            Self::Contradiction { place, .. } => place.clone(),
            _ => None,
        }
    }

    pub(super) fn hints(&self) -> Vec<String> {
        let mut hints = match self {
            Self::NoRule { .. } => vec![
                "such a file has -A, -a and the other commands that change the table, except -Z"
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
            Self::LongFile => vec!["is it the right file, and does it end?".to_owned()],
            Self::NotOffered { module, place } => {
                [place.clone()].into_iter().chain(module.hints()).collect()
            }
            Self::NoDestination { object, ports } => {
                [object.clone()].into_iter().chain(other_ports(ports)).collect()
            }
            Self::NoField { proposals, .. } => proposals.clone(),
            Self::Empty { .. } => vec!["to delete them, give --allow-empty".to_owned()],
            Self::Busy => vec![
                "try again when it has finished; with --wait SECONDS, apply and set wait for \
                 it"
                .to_owned(),
            ],
            Self::Unfinished => {
                vec!["to restore the former table: ipvsadm apply --recover".to_owned()]
            }
            Self::Json(_) | Self::Field(_) | Self::NothingToRecover | Self::NothingToAccept => {
                Vec::new()
            }
        };
        if !matches!(self, Self::NothingToRecover | Self::NothingToAccept) {
            hints.push(super::UNCHANGED.to_owned());
        }
        hints
    }
}
