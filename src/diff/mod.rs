//! From one table to another: the changes, what they touch, and what differs. Pure values.

mod delta;
mod difference;
mod plan;
mod scope;

pub(crate) use delta::Delta;
pub(crate) use difference::{Difference, Sides, differences};
pub use plan::plan;
pub(crate) use scope::{Limits, Scope};

/// What this package's own tests see of the room.
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals {
    pub use super::delta::Delta;
    pub use super::scope::Limits;
}
