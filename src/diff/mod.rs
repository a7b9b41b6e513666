//! Compares two tables: the plan of changes, what a plan touches, what differs, and the scope. Pure
//! values without I/O.

mod alarm;
mod delta;
mod difference;
mod plan;
mod scope;

pub(crate) use alarm::{Alarm, Alarms, Moment};
pub(crate) use delta::Delta;
pub(crate) use difference::{Difference, Sides, count, differences};
pub use plan::plan;
pub(crate) use scope::{Limits, Scope};

/// Items for this package's own tests.
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals {
    pub use super::delta::Delta;
    pub use super::scope::Limits;
}
