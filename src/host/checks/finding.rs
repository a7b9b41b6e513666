//! What a check found.

use std::net::IpAddr;

use serde::Serialize;

use crate::host::spec::RealServer;
use crate::model::quote::shell;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Nothing is wrong.
    pub ok: bool,
    /// What was found.
    pub text: String,
}

/// The result of one check.
pub fn finding(ok: bool, text: impl Into<String>) -> Finding {
    Finding { ok, text: text.into() }
}

/// The command that prepares the host for this address.
pub fn prepare_command(spec: &RealServer, vip: IpAddr) -> String {
    let arguments = spec.arguments(&vip.to_string());
    let words: Vec<_> = arguments.iter().map(|word| shell(word)).collect();
    format!("ipvsadm rs prepare {}", words.join(" "))
}
