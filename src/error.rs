//! What can go wrong, in the old tool's words, with its exit statuses and with hints.
//!
//! The first line of every message is the line that ipvsadm 1.31 prints where it has one; scripts
//! and their authors know these. [`Error::hints`] then says in plain words what was meant.

mod excerpt;
mod kernel;
pub(crate) mod mistakes;
mod misuse;
mod obstacle;
mod owner;
pub(crate) mod pasted;
mod rejection;
mod usage;

use std::io;

pub use kernel::Errno;
pub use misuse::{Misuse, ValueKind};
pub use obstacle::Obstacle;
pub use owner::Owner;
pub use rejection::{Module, Rejection};
pub(crate) use rejection::{made_before, other_ports};
pub use usage::{Mistake, Usage};

use crate::model::{Operation, quote};

/// The hint of what was found before the first change.
pub(crate) const UNCHANGED: &str = "nothing was changed";

/// Any failure of the library and the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Words of the command line or of a rule file that make no command.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// Arguments of a verb that make no command.
    #[error(transparent)]
    Usage(Box<Usage>),
    /// A rule file that cannot be loaded; nothing was changed.
    #[error("{source}")]
    RuleFile {
        /// Where the word stands, counted from 1.
        line: u32,
        /// The line as it stands.
        text: String,
        /// What is wrong with it.
        source: Misuse,
    },
    /// Several mistakes of one file; nothing was changed.
    #[error("{}", list.first().map_or(String::new(), ToString::to_string))]
    Mistakes {
        /// The file, where the messages name it.
        path: Option<String>,
        /// The mistakes, in the order of the lines.
        list: Vec<Error>,
        /// There are more.
        more: bool,
    },
    /// A wish that is not carried out; nothing was changed.
    #[error(transparent)]
    Rejection(#[from] Rejection),
    /// The kernel has no IPVS, or hides it.
    #[error("Can't initialize ipvs: {}", kernel::unavailable(*.0))]
    Unavailable(Errno),
    /// The kernel refused a request.
    #[error("{}", kernel::text(*.operation, *.errno))]
    Kernel {
        /// What was asked.
        operation: Operation,
        /// Why it was refused.
        errno: Errno,
        /// About which service or real server, in rule words; empty where that is not known.
        object: String,
    },
    /// The kernel did not answer in time.
    #[error("the kernel did not answer within {seconds} s")]
    NoAnswer {
        /// How long was waited.
        seconds: u64,
    },
    /// An answer of the kernel that makes no sense.
    #[error("malformed reply from the kernel: {0}")]
    Answer(String),
    /// A listing kept changing while it was read.
    #[error("the table changed while it was read, {0} times in a row")]
    Interrupted(u32),
    /// The netlink socket itself failed.
    #[error("netlink socket: {}", io_text(.0))]
    Socket(io::Error),
    /// The kernel refused a request about interfaces, addresses or routes.
    #[error("cannot {action}: {errno}{}", reason.as_ref().map_or(String::new(), |it| format!(" ({it})")))]
    Network {
        /// What was asked, in words.
        action: String,
        /// Why it was refused.
        errno: Errno,
        /// The kernel's own words, where it has any.
        reason: Option<String>,
    },
    /// A host that cannot be prepared as wished; nothing was changed.
    #[error(transparent)]
    Obstacle(#[from] Obstacle),
    /// Something of the system could not be read or changed.
    #[error("cannot {action}: {}", io_text(.source))]
    System {
        /// What was tried, in words.
        action: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A program that was run failed.
    #[error("{program} failed: {text}")]
    Program {
        /// Its name with its arguments.
        program: String,
        /// What it said.
        text: String,
    },
    /// Every step succeeded, but the host is not in the desired state.
    #[error("the host is not in the desired state: {0}")]
    NotEffective(String),
    /// A preparation that failed half way and was taken back.
    #[error("{source}")]
    TakenBack {
        /// What failed.
        source: Box<Error>,
        /// What could not be taken back.
        left: Vec<String>,
    },
    /// An undo that stopped at a step; the steps after it are undone.
    #[error("cannot undo: {step}: {source}")]
    NotUndone {
        /// What the step had done.
        step: String,
        /// Why it stays.
        source: Box<Error>,
    },
    /// A file could not be opened or read.
    #[error("cannot open file {path}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A mistake in a file whose content is not for the caller's eyes; nothing was changed.
    #[error("{path} cannot be understood: {what}")]
    Withheld {
        /// The file.
        path: String,
        /// Where the mistake is.
        what: String,
    },
    /// A mistake in one of several files.
    #[error("{source}")]
    Inside {
        /// Which; `-` is standard input.
        path: String,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// `--netns` names no network namespace that can be entered.
    #[error("cannot enter network namespace `{name}': {}", io_text(.source))]
    Namespace {
        /// The name or process id as given.
        name: String,
        /// The existing namespace whose name is nearest, if it does not exist.
        nearest: Option<String>,
        /// Why.
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
    /// Names the object of a refused request.
    pub(crate) fn about(self, object: String) -> Self {
        match self {
            Self::Kernel { operation, errno, .. } => Self::Kernel { operation, errno, object },
            other => other,
        }
    }

    /// Says no more than the place of a mistake in a file.
    pub(crate) fn without_excerpt(self, path: &str) -> Self {
        if let Self::Mistakes { list, .. } = self {
            let mut list = list.into_iter();
            return list.next().map_or(Self::Answer(String::new()), |it| it.without_excerpt(path));
        }
        let place = match &self {
            Self::File { .. } | Self::Rejection(Rejection::LongFile) => return self,
            Self::RuleFile { line, .. } => Some(format!("line {line}")),
            Self::Rejection(rejection) => rejection.place(),
            _ => None,
        };
        let what = place.map(|place| format!("a mistake in {place}"));
        let what =
            what.unwrap_or_else(|| "it has neither rule lines nor a table in JSON".to_owned());
        Self::Withheld { path: path.to_owned(), what }
    }

    /// Names the file, where the message does not.
    pub(crate) fn inside(self, path: &str) -> Self {
        match self {
            Self::File { .. } | Self::Withheld { .. } | Self::Mistakes { .. } => self,
            source => Self::Inside { path: path.to_owned(), source: Box::new(source) },
        }
    }

    /// The exit status of the program: 255 where the kernel refused a change, 1 where it refused to
    /// tell, 2 for words that make no command (255 for some, see [`Misuse::exit_code`]).
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

    /// What is wrong in plain words and what to do, a line each.
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
            Self::Unavailable(errno) => vec![kernel::unavailable_hint(*errno).to_owned()],
            Self::Kernel { operation, errno, object } => kernel::hints(*operation, *errno, object),
            Self::Obstacle(obstacle) => {
                obstacle.remedy().into_iter().chain([UNCHANGED.to_owned()]).collect()
            }
            Self::Rejection(rejection) => rejection.hints(),
            Self::TakenBack { source, left } => {
                let mut hints = source.remedies();
                hints.push("the steps before it were rolled back".to_owned());
                hints.extend(left.iter().map(|it| format!("not undone: {it}")));
                hints
            }
            Self::NotUndone { source, .. } => {
                let mut hints = source.remedies();
                hints.push("then run undo again: it resumes at this step".to_owned());
                hints
            }
            Self::Withheld { .. } => vec![
                "the user who called sudo cannot read this file, so no line of it is quoted: run \
                 the command from a root shell to see them"
                    .to_owned(),
                "nothing was changed".to_owned(),
            ],
            Self::Namespace { nearest: Some(nearest), .. } => {
                vec![format!("did you mean --netns {}?", quote::shell(nearest))]
            }
            Self::File { path, source } => vec![format!("{path}: {}", io_text(source))],
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

    /// The hints, where something was changed already.
    fn remedies(&self) -> Vec<String> {
        match self {
            Self::Obstacle(obstacle) => obstacle.remedy().into_iter().collect(),
            other => other.hints(),
        }
    }
}

/// The text of an I/O error without the ` (os error N)` that std appends.
fn io_text(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => Errno(code).to_string(),
        None => error.to_string(),
    }
}
