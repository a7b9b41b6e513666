//! The steps of a preparation: changes to a host that can be undone. Each kind has its own file,
//! and this file passes calls on to them.

mod address;
mod announce;
mod arptables;
mod file;
mod gue;
mod kind;
mod link;
mod module;
mod nft;
mod parent;
mod route;
mod symlink;
mod sysctl;
mod up;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

pub use address::Address;
pub use announce::Announce;
pub use arptables::Arptables;
pub use file::File;
pub use gue::Gue;
use kind::Kind;
pub use kind::{Former, Lifetime, Undone};
pub use link::Link;
pub use module::Module;
pub use nft::Nft;
pub use route::Route;
pub use symlink::Symlink;
pub use sysctl::Sysctl;
pub use up::Up;

use super::facts::Facts;
use crate::error::Error;
use crate::model::printable;
use crate::netlink::route::Network;

/// One change to a host that can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[allow(missing_docs)] // each kind is documented in its own file
pub enum Step {
    Module(Module),
    Sysctl(Sysctl),
    Nft(Nft),
    Arptables(Arptables),
    Gue(Gue),
    Link(Link),
    Up(Up),
    Address(Address),
    Announce(Announce),
    Route(Route),
    File(File),
    Symlink(Symlink),
}

/// Calls the same method for every kind of step.
macro_rules! each {
    ($step:expr, $kind:ident => $call:expr) => {
        match $step {
            Step::Module($kind) => $call,
            Step::Sysctl($kind) => $call,
            Step::Nft($kind) => $call,
            Step::Arptables($kind) => $call,
            Step::Gue($kind) => $call,
            Step::Link($kind) => $call,
            Step::Up($kind) => $call,
            Step::Address($kind) => $call,
            Step::Announce($kind) => $call,
            Step::Route($kind) => $call,
            Step::File($kind) => $call,
            Step::Symlink($kind) => $call,
        }
    };
}

/// Calls the same method for two steps of one kind; `None` if the kinds differ.
macro_rules! both {
    ($one:expr, $other:expr, $a:ident, $b:ident => $call:expr) => {
        match ($one, $other) {
            (Step::Module($a), Step::Module($b)) => Some($call),
            (Step::Sysctl($a), Step::Sysctl($b)) => Some($call),
            (Step::Nft($a), Step::Nft($b)) => Some($call),
            (Step::Arptables($a), Step::Arptables($b)) => Some($call),
            (Step::Gue($a), Step::Gue($b)) => Some($call),
            (Step::Link($a), Step::Link($b)) => Some($call),
            (Step::Up($a), Step::Up($b)) => Some($call),
            (Step::Address($a), Step::Address($b)) => Some($call),
            (Step::Announce($a), Step::Announce($b)) => Some($call),
            (Step::Route($a), Step::Route($b)) => Some($call),
            (Step::File($a), Step::File($b)) => Some($call),
            (Step::Symlink($a), Step::Symlink($b)) => Some($call),
            _ => None,
        }
    };
}

/// Implements the conversion of every kind into [`Step`].
macro_rules! steps_from {
    ($($kind:ident)+) => {
        $(impl From<$kind> for Step {
            fn from(kind: $kind) -> Self {
                Self::$kind(kind)
            }
        })+
    };
}

steps_from!(Module Sysctl Nft Arptables Gue Link Up Address Announce Route File Symlink);

impl Step {
    pub fn describe(&self) -> String {
        each!(self, kind => kind.describe())
    }

    pub fn shell(&self) -> String {
        each!(self, kind => kind.shell())
    }

    pub(super) fn holds(&self, network: &mut Network) -> Result<bool, Error> {
        each!(self, kind => kind.holds(network))
    }

    /// Does the step, then removes what versions in `earlier` made and this one does not need.
    pub(super) fn apply(&self, network: &mut Network, earlier: &[Self]) -> Result<(), Error> {
        each!(self, kind => kind.apply(network))?;
        for step in earlier {
            both!(self, step, new, old => new.clear_earlier(old)).unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    pub(super) fn undo(
        &self,
        network: &mut Network,
        former: Option<&Former>,
    ) -> Result<Undone, Error> {
        each!(self, kind => kind.undo(network, former))
    }

    pub fn same_object(&self, other: &Self) -> bool {
        both!(self, other, a, b => a.same_object(b)).unwrap_or(false)
    }

    pub fn excludes(&self, other: &Self) -> bool {
        both!(self, other, a, b => a.excludes(b)).unwrap_or(false)
    }

    pub(super) fn former(&self) -> Result<Option<Former>, Error> {
        each!(self, kind => kind.former())
    }

    pub(super) fn read_former(&self, text: &str) -> Option<Former> {
        each!(self, kind => kind.read_former(text))
    }

    pub fn lifetime(&self) -> Lifetime {
        each!(self, kind => kind.lifetime())
    }

    /// Whether the step survives a boot.
    pub fn outlives_boot(&self) -> bool {
        self.lifetime() == Lifetime::Lasting
    }

    pub(super) fn needs_record(&self) -> bool {
        each!(self, kind => kind.needs_record())
    }

    pub(super) fn keeps_recorded(&self) -> bool {
        each!(self, kind => kind.keeps_recorded())
    }

    pub(super) fn relies_on_earlier(&self) -> bool {
        each!(self, kind => kind.relies_on_earlier())
    }

    pub fn suppresses_arp(&self) -> bool {
        each!(self, kind => kind.suppresses_arp())
    }

    pub(super) fn missing_rules(&self, facts: &Facts) -> Option<String> {
        each!(self, kind => kind.missing_rules(facts))
    }

    pub(super) fn sysctl_line(&self) -> Option<String> {
        each!(self, kind => kind.sysctl_line())
    }

    pub(super) fn module(&self) -> Option<&str> {
        each!(self, kind => kind.module())
    }

    pub(super) fn path(&self) -> Option<&str> {
        each!(self, kind => kind.path())
    }

    pub(super) fn overridden(&self) -> Vec<String> {
        each!(self, kind => kind.overridden())
    }

    /// The arptables rules for this address, if this step adds them.
    pub(super) fn arptables_for(&self, vip: std::net::IpAddr) -> Option<&Arptables> {
        match self {
            Self::Arptables(step) if step.vip == vip => Some(step),
            _ => None,
        }
    }
}

impl Former {
    /// Text of the former value in the state file.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Value(value) => value.clone(),
            Self::Values(values) => {
                let lines = values.iter().map(|(name, value)| format!("{name}={value}"));
                lines.collect::<Vec<_>>().join("\n")
            }
            Self::NoTable => arptables::NO_TABLE.to_owned(),
        }
    }
}

/// The steps as a script for a host without this program. Notes become comments at the end.
pub fn script<'a>(steps: impl IntoIterator<Item = &'a Step>, notes: &[String]) -> String {
    let mut text = "#!/bin/sh\nset -e\n".to_owned();
    // `printable` escapes line feeds, so that a comment cannot continue as a command.
    for step in steps {
        let _ = write!(text, "\n# {}\n{}\n", printable(&step.describe()), step.shell());
    }
    for note in notes {
        let _ = write!(text, "\n# {}\n", printable(note));
    }
    text
}
