//! The errors of the library and the program, with exit statuses and hints.
//!
//! If ipvsadm 1.31 has a message for an error, the first line of ours equals it, because scripts
//! know these lines. [`Error::hints`] then explains the error in plain words.

mod drain_refusal;
mod excerpt;
mod kernel;
pub(crate) mod mistakes;
mod misuse;
mod obstacle;
mod owner;
pub(crate) mod pasted;
mod rejection;
mod unchanged;
mod usage;

use std::io;

pub use drain_refusal::DrainRefusal;
pub use kernel::Errno;
pub use misuse::{Misuse, ValueKind};
pub use obstacle::Obstacle;
pub use owner::Owner;
#[cfg(test)]
pub(crate) use rejection::WAITING_VERBS;
pub use rejection::{Module, Rejection};
pub(crate) use rejection::{made_before, other_ports};
pub(crate) use unchanged::UNCHANGED;
pub use usage::{Mistake, Usage};

use crate::model::{Operation, quote};

/// Any failure of the library and the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Invalid words on a classic command line or in a rule file.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// Invalid arguments of a verb.
    #[error(transparent)]
    Usage(Box<Usage>),
    /// A rule file with a mistake in one line; nothing was changed.
    #[error("{source}")]
    RuleFile {
        /// Line number, counted from 1.
        line: u32,
        /// Text of the line.
        text: String,
        /// The mistake in the line.
        source: Misuse,
    },
    /// Several mistakes of one file; nothing was changed.
    #[error("{}", list.first().map_or(String::new(), ToString::to_string))]
    Mistakes {
        /// Name of the file, if the messages contain it.
        path: Option<String>,
        /// The mistakes in the order of their lines, at most ten.
        list: Vec<Error>,
        /// Whether the file has further mistakes.
        more: bool,
    },
    /// An input that is valid, but cannot be carried out; nothing was changed.
    #[error(transparent)]
    Rejection(#[from] Rejection),
    /// The kernel has no IPVS, or the caller lacks the privilege.
    #[error("Can't initialize ipvs: {}", kernel::unavailable(*.0))]
    Unavailable(Errno),
    /// The kernel refused a request.
    #[error("{}", kernel::text(*.operation, *.errno))]
    Kernel {
        /// Kind of the request.
        operation: Operation,
        /// Error number of the kernel's answer.
        errno: Errno,
        /// The service or real server of the request, in the words of a rule line; empty if
        /// unknown.
        object: String,
    },
    /// The kernel did not answer within the time limit.
    #[error("the kernel did not answer within {seconds} s")]
    NoAnswer {
        /// Time limit for the answer.
        seconds: u64,
    },
    /// A malformed reply from the kernel.
    #[error("malformed reply from the kernel: {0}")]
    Answer(String),
    /// A list kept changing while it was read; the number of readings.
    #[error("the table changed while it was read, {0} times in a row")]
    Interrupted(u32),
    /// A system call on the netlink socket failed.
    #[error("netlink socket: {}", io_text(.0))]
    Socket(io::Error),
    /// The kernel refused a request about interfaces, addresses or routes.
    #[error("cannot {action}: {errno}{}", reason.as_ref().map_or(String::new(), |it| format!(" ({it})")))]
    Network {
        /// Verb and object of the request, such as `add address 192.0.2.80`.
        action: String,
        /// Error number of the kernel's answer.
        errno: Errno,
        /// The kernel's explanation, if it sent one.
        reason: Option<String>,
    },
    /// A host that cannot be prepared as desired; nothing was changed.
    #[error(transparent)]
    Obstacle(#[from] Obstacle),
    /// A file, a kernel parameter or another part of the system could not be read or changed.
    #[error("cannot {action}: {}", io_text(.source))]
    System {
        /// Verb and object of the action, such as `read /run/ipvsadm`.
        action: String,
        /// Error of the system call.
        source: io::Error,
    },
    /// An external program failed.
    #[error("{program} failed: {text}")]
    Program {
        /// Name and arguments of the program.
        program: String,
        /// Error output of the program.
        text: String,
    },
    /// Every step of a preparation succeeded, but the host is not in the desired state.
    #[error("the host is not in the desired state: {0}")]
    NotEffective(String),
    /// A preparation failed half way and was rolled back.
    #[error("{source}")]
    TakenBack {
        /// The error that stopped the preparation.
        source: Box<Error>,
        /// Steps that could not be rolled back, and why.
        left: Vec<String>,
    },
    /// `undo` could not undo a step. It has undone the others, except the steps on which this one
    /// depends.
    #[error("cannot undo: {step}: {source}")]
    NotUndone {
        /// Description of the step.
        step: String,
        /// The error that prevented the undo.
        source: Box<Error>,
    },
    /// A file could not be opened or read.
    #[error("cannot open file {path}")]
    File {
        /// Path of the file.
        path: String,
        /// Error of the system call.
        source: io::Error,
    },
    /// A mistake in a file that the caller of sudo may not read, so its content is not shown;
    /// nothing was changed.
    #[error("cannot use {path}: {what}")]
    Withheld {
        /// Path of the file.
        path: String,
        /// Place of the mistake, such as a line number.
        what: String,
    },
    /// A mistake in one of several files.
    #[error("{source}")]
    Inside {
        /// Path of the file; `-` is standard input.
        path: String,
        /// The mistake in the file.
        source: Box<Error>,
    },
    /// `--netns` names no network namespace that can be entered.
    #[error("cannot enter network namespace `{name}': {}", io_text(.source))]
    Namespace {
        /// Argument of `--netns`.
        name: String,
        /// The most similar name of an existing namespace, if this one does not exist.
        nearest: Option<String>,
        /// Error of the system call.
        source: io::Error,
    },
    /// Standard input or output failed.
    #[error("{}", io_text(.0))]
    Io(#[from] io::Error),
}

impl From<Usage> for Error {
    fn from(usage: Usage) -> Self {
        Self::Usage(Box::new(usage))
    }
}

impl Error {
    /// Adds the object to an error of the kernel.
    pub(crate) fn about(self, object: String) -> Self {
        match self {
            Self::Kernel { operation, errno, .. } => Self::Kernel { operation, errno, object },
            other => other,
        }
    }

    /// Keeps only the places of the mistakes, so that no line of the file is quoted.
    pub(crate) fn without_excerpt(self, path: &str) -> Self {
        if let Self::File { .. } | Self::System { .. } | Self::Rejection(Rejection::LongFile) = self
        {
            return self;
        }
        let places: Vec<String> = match &self {
            Self::Mistakes { list, .. } => list.iter().filter_map(Self::place).collect(),
            error => error.place().into_iter().collect(),
        };
        let what = match &places[..] {
            [] if matches!(self, Self::Rejection(Rejection::NoConnections(_))) => {
                "it is not a list of connections in JSON".to_owned()
            }
            [] => "it has neither rule lines nor a table in JSON".to_owned(),
            [place] => format!("a mistake in {place}"),
            places => format!("mistakes in {}", places.join(", ")),
        };
        Self::Withheld { path: path.to_owned(), what }
    }

    /// The line of the file that has the mistake.
    fn place(&self) -> Option<String> {
        match self {
            Self::RuleFile { line, .. } => Some(format!("line {line}")),
            Self::Rejection(rejection) => rejection.place(),
            _ => None,
        }
    }

    /// Adds the file name, unless the message contains it already.
    pub(crate) fn inside(self, path: &str) -> Self {
        match self {
            Self::File { .. }
            | Self::System { .. }
            | Self::Withheld { .. }
            | Self::Mistakes { .. } => self,
            source => Self::Inside { path: path.to_owned(), source: Box::new(source) },
        }
    }

    /// Exit status of the program: 255 if the kernel refused a change, 1 if it refused to answer, 2
    /// for invalid words (255 for some; see [`Misuse::exit_code`]).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Misuse(misuse) => misuse.exit_code(),
            Self::Inside { source, .. } => source.exit_code(),
            Self::Usage(_)
            | Self::RuleFile { .. }
            | Self::Mistakes { .. }
            | Self::Withheld { .. }
            | Self::Rejection(_)
            | Self::Unavailable(_)
            | Self::Namespace { .. }
            | Self::Kernel { errno: Errno::EPERM, .. } => 2,
            Self::Kernel { operation, .. } if !operation.reads() => 255,
            _ => 1,
        }
    }

    /// Explanations and remedies in plain words, one for each line.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Misuse(misuse) => misuse.hint().into_iter().collect(),
            Self::Usage(usage) => usage.hints(),
            Self::RuleFile { line, text, source } => {
                let place = format!("line {line}: ");
                let rule = excerpt::excerpt(text, excerpt::HINT + place.len());
                let mut hints = vec![place + &rule];
                hints.extend(source.hint());
                hints.push(UNCHANGED.to_owned());
                hints
            }
            Self::Mistakes { list, more, .. } => Self::hints_of_all(list, *more),
            Self::Unavailable(errno) => {
                kernel::unavailable_hint(*errno).map(str::to_owned).into_iter().collect()
            }
            Self::Kernel { operation, errno, object } => kernel::hints(*operation, *errno, object),
            Self::Obstacle(obstacle) => {
                obstacle.remedy().into_iter().chain([UNCHANGED.to_owned()]).collect()
            }
            Self::Rejection(rejection) => rejection.hints(),
            Self::TakenBack { source, left } => {
                let mut hints = source.remedies();
                hints.push("the earlier steps were rolled back".to_owned());
                hints.extend(left.iter().map(|it| format!("not undone: {it}")));
                hints
            }
            Self::NotUndone { source, .. } => {
                let mut hints = source.remedies();
                let then = if hints.is_empty() { "" } else { "then " };
                hints.push(format!("{then}run undo again: it resumes at this step"));
                hints
            }
            Self::Withheld { .. } => vec![
                "the user who called sudo cannot read this file, so its lines are not quoted; to \
                 see them, run the command from a root shell"
                    .to_owned(),
                "nothing was changed".to_owned(),
            ],
            Self::Namespace { nearest: Some(nearest), .. } => {
                vec![format!("did you mean --netns {}?", quote::shell(nearest))]
            }
            Self::File { path, source } => vec![format!("{path}: {}", io_text(source))],
            Self::System { source, .. } if NotRegular::causes(source) => {
                vec![NotRegular::HINT.to_owned()]
            }
            Self::Inside { path, source } => {
                let mut hints = source.hints();
                let place = match path.as_str() {
                    "-" => "in standard input".to_owned(),
                    path => format!("in {path}"),
                };
                hints.insert(0, place);
                hints
            }
            _ => Vec::new(),
        }
    }

    /// The hints that also apply if something was changed already.
    fn remedies(&self) -> Vec<String> {
        match self {
            Self::Obstacle(obstacle) => obstacle.remedy().into_iter().collect(),
            other => other.hints(),
        }
    }
}

/// The path of an output file belongs to something other than a regular file, such as a device or a
/// symbolic link.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it is not a regular file")]
pub(crate) struct NotRegular;

impl NotRegular {
    const HINT: &str = "give the path of a regular file, or of a file that does not exist yet";

    fn causes(error: &io::Error) -> bool {
        matches!(error.get_ref(), Some(it) if it.is::<Self>())
    }
}

/// Text of an I/O error, without the ` (os error N)` that std appends.
fn io_text(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => Errno(code).to_string(),
        None => error.to_string(),
    }
}
