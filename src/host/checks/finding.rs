//! What a check found, and what mends it.

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
    /// A command that mends it. It is safe to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// What to do where no command is safe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What `fix` and `hint` are made from, once it is known who prepared the host.
    #[serde(skip)]
    pub remedy: Option<Remedy>,
}

/// What mends a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// `prepare` with the options of the check.
    Prepare,
    /// The same, or these kernel parameters, with their paths below `/proc/sys/net`, on a host that
    /// something else prepared.
    Set(Vec<(String, String)>),
    /// Commands for a shell, one after the other.
    Commands(Vec<String>),
    /// Only a person can decide.
    Advice(String),
}

/// A check that found nothing wrong.
pub fn good(text: impl Into<String>) -> Finding {
    Finding { ok: true, text: text.into(), fix: None, hint: None, remedy: None }
}

/// A check that found a problem.
pub fn problem(text: impl Into<String>, remedy: Remedy) -> Finding {
    Finding { ok: false, remedy: Some(remedy), ..good(text) }
}

/// One or the other.
pub fn finding(ok: bool, text: impl Into<String>, remedy: impl FnOnce() -> Remedy) -> Finding {
    if ok { good(text) } else { problem(text, remedy()) }
}

/// An obstacle that a check met, where `prepare` would refuse to start.
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

/// Another host answered duplicate address detection for the address.
pub fn duplicate() -> Remedy {
    Remedy::Advice(
        "another host on this network has the address: remove it from one of the two".to_owned(),
    )
}

/// The address is here, but a rule or a route keeps its packets from this host.
pub fn not_local() -> Remedy {
    Remedy::Advice(
        "look for a rule or a route that takes these packets: `ip rule' and `ip route show table \
         local'"
            .to_owned(),
    )
}
