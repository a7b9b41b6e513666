//! The result of a check, and the remedy for a problem.

use serde::Serialize;

use crate::error::Obstacle;
use crate::model::quote::shell;

/// Result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether the check passed.
    pub ok: bool,
    /// Description of what the check found.
    pub text: String,
    /// Command that fixes the problem; safe to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Advice, if no command is safe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Source of `fix` and `hint`, which depend on who prepared the host.
    #[serde(skip)]
    pub remedy: Option<Remedy>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Run `prepare` with the options of the check.
    Prepare,
    /// Like `Prepare`. If another program prepared the host, set these kernel parameters instead
    /// (paths below `/proc/sys/net`, and values).
    Set(Vec<(String, String)>),
    /// Run these shell commands, one after the other.
    Commands(Vec<String>),
    /// Follow this advice, because no command is safe.
    Advice(String),
}

/// A finding without a problem.
pub fn good(text: impl Into<String>) -> Finding {
    Finding { ok: true, text: text.into(), fix: None, hint: None, remedy: None }
}

pub fn problem(text: impl Into<String>, remedy: Remedy) -> Finding {
    Finding { ok: false, remedy: Some(remedy), ..good(text) }
}

/// A finding that is a problem unless `ok` is set.
pub fn finding(ok: bool, text: impl Into<String>, remedy: impl FnOnce() -> Remedy) -> Finding {
    if ok { good(text) } else { problem(text, remedy()) }
}

/// A finding for an obstacle that would also stop `prepare`.
pub fn obstacle(obstacle: &Obstacle) -> Finding {
    let remedy = match obstacle {
        Obstacle::InterfaceDown { name } => set_up(name),
        _ => Remedy::Advice(obstacle.remedy().unwrap_or_else(|| {
            "change the options, or the host, so that `prepare' accepts them".to_owned()
        })),
    };
    problem(obstacle.to_string(), remedy)
}

pub fn set_up(interface: &str) -> Remedy {
    Remedy::Commands(vec![format!("ip link set dev {} up", shell(interface))])
}

/// Remedy if another host answered duplicate address detection for the address.
pub fn duplicate() -> Remedy {
    Remedy::Advice(
        "another host on this network has the address: remove it from one of the two".to_owned(),
    )
}

/// Remedy if a rule or route keeps packets to the address from being delivered locally.
pub fn not_local() -> Remedy {
    Remedy::Advice(
        "look for a rule or a route that takes these packets: `ip rule' and `ip route show table \
         local'"
            .to_owned(),
    )
}
