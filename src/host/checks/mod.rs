//! Checks whether a host is in its desired state. Pure functions from facts to findings.

mod director;
mod exposed;
mod finding;
mod no_suppression;
mod own_services;
mod real_server;
mod tunnel;

pub use exposed::exposed;
pub use finding::{Finding, Remedy, problem};
pub use no_suppression::no_suppression;
pub use own_services::{OwnService, check as check_own_services};

use super::facts::Facts;
use super::spec::Spec;

/// Compares the current state with the desired one, whoever made the current one. Several virtual
/// addresses can need the same thing; its finding is returned once.
pub fn check(spec: &Spec, facts: &Facts) -> Vec<Finding> {
    let all = match spec {
        Spec::RealServer(spec) => real_server::check(spec, facts),
        Spec::Director(spec) => director::check(spec, facts),
    };
    let mut findings: Vec<Finding> = Vec::new();
    for finding in all {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    findings
}
