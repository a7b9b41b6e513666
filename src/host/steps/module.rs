//! Step: load a kernel module. Undo leaves it loaded, because others may use it by then.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use crate::error::Error;
use crate::model::quote::shell;
use crate::netlink::fou::Fou;
use crate::netlink::route::Network;
use crate::system::{modules, subprocess, sysctl};

/// Loads a kernel module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Name of the module, such as `ip_vs_rr`.
    pub name: String,
}

impl Kind for Module {
    fn describe(&self) -> String {
        format!("load module {}", self.name)
    }

    fn shell(&self) -> String {
        format!("modprobe {}", shell(&self.name))
    }

    fn holds(&self, _: &mut Network) -> Result<bool, Error> {
        // Built-in modules may be missing in /sys/module, so two modules are recognised by their
        // effect.
        Ok(match &self.name[..] {
            "fou" => Fou::open()?.is_some(),
            "ip_vs" => sysctl::read("ipv4/vs/conntrack")?.is_some(),
            name => modules::present(name),
        })
    }

    fn apply(&self, _: &mut Network) -> Result<(), Error> {
        subprocess::run("modprobe", &[&self.name], "").map(drop)
    }

    fn module(&self) -> Option<&str> {
        Some(&self.name)
    }
}
