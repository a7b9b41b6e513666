//! Compares two tables: the changes from one to the other. Pure values without I/O.

// Three forms, each made from the one before, because they answer different questions. The plan is
// a list of changes in the order of execution; only it can be sent to the kernel. A Delta has the
// touched objects before and after a plan: a rollback needs both sides, and a list of changes has
// lost the former values. A Difference pairs the two sides of one object; reports print these
// pairs.

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
