//! JSON: one object with a schema number. docs/json.md describes it.
//!
//! The structures here are the one definition of the names: listings, saved tables, the differences
//! of two tables and the words of `ipvsadm set` come from them.

mod amount;
mod daemon;
mod destination;
mod field_names;
mod fields;
mod service;
mod stats;
mod table;
mod word;
mod writer;

pub mod connection;

pub use daemon::{DaemonFields, TimeoutsFields};
pub use destination::DestinationFields;
pub use field_names::{SERVER_FIELDS, SERVICE_FIELDS};
pub use fields::{Assignment, Fields, compare, destination_with, service_with};
pub use service::ServiceFields;
pub use stats::{Counters, RateFields, StatsFields};
pub use table::{read, write};
pub use writer::{Style, Writer, document};

/// The number that changes with every change that a reader could stumble over.
pub const SCHEMA: u32 = 1;

/// Leaves a field out that is as it is by default.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
