//! The table of all fields of services and real servers: name, options, valid values, access.
//!
//! JSON in both directions, `set`, the remarks of `diff` and `-e`, ranges, completion and every
//! list of field names use these rows.

mod amount;
mod assign;
mod compare;
mod destination;
mod names;
mod row;
mod service;

pub use assign::{Assignment, BadAssignment, assign};
pub use compare::{Compared, FieldChange, compare};
pub use row::{Field, FieldOption, Fields, Numbers, Record, Shape, Unit, Value, find};
