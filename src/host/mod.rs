//! What a host needs around IPVS, as plans: (wish, facts about the host) to ordered steps. Nothing
//! here touches a host.
//!
//! The order is the same everywhere, and undone backwards: first silence, then tunnels, then the
//! virtual address, then what keeps it after a boot. So no host ever answers for an address of
//! which it should not speak.

mod arp;
pub(crate) mod balancing;
mod checks;
mod director;
mod facts;
pub(crate) mod filter;
mod nat;
mod owner;
mod persist;
mod plan;
pub(crate) mod preparation;
mod report;
pub(crate) mod runner;
mod spec;
mod state;
mod step;
mod tunnel;
mod vs;

pub use arp::is_enough;
pub use balancing::OwnService;
pub use checks::{Finding, loud};
pub use director::Director;
pub use facts::{ArpTables, Facts, Question};
pub use filter::ArpRule;
pub use owner::{Clues, owner};
pub use persist::UNITS;
pub use plan::{Images, Keep, plan};
pub use report::{Line, Report, State};
pub use spec::{ArpMethod, Encapsulation, Mode, NAT_HOLDER, RealServer, Wish};
pub use state::{Entry, Ledger, Planned};
pub use step::{Step, script};
pub use vs::check as check_parameter;
