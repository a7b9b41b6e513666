//! Prepares a host for IPVS, undoes that, and checks it: `prepare`, `undo` and `status`.
//!
//! A [`Spec`] and the facts about the host give a plan of steps. The runner does the steps and
//! records them in the state file. Checks compare a spec with the facts. Specs, plans and checks do
//! no I/O; probes, steps, the state file and the runner do.

mod address_owner;
mod arp_rules;
mod checks;
mod facts;
mod fix;
mod ipvs_parameters;
mod nft_tables;
mod plan;
mod prepare;
mod probes;
mod report;
mod runner;
mod spec;
mod state;
mod state_store;
mod status;
mod steps;
mod undo;

pub use checks::Finding;
pub use ipvs_parameters::check as check_parameter;
pub use prepare::{Options, Prepared, prepare};
pub use report::{Line, Outcome, Report};
pub use spec::{ArpMethod, Director, Encapsulation, Mode, NAT_HOLDER, RealServer, Spec};
pub use status::status;
pub use undo::undo;
