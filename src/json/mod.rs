//! JSON: one object with a schema version. docs/json.md describes it.
//!
//! The fields of services and real servers come from the table in `model::field`.

mod daemon;
mod destination;
mod object;
mod schema;
mod service;
mod stats;
mod table;
#[cfg(test)]
mod tests;
mod value;
mod word;
mod writer;

pub mod connection;

pub use daemon::{DaemonFields, TimeoutsFields};
pub use destination::DestinationFields;
pub use schema::{SCHEMA, check_schema};
pub use service::ServiceFields;
pub use stats::Counters;
pub use table::{read, write};
pub use writer::{Style, Writer, document};
