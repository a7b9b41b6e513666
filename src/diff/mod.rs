//! From one table to another: the changes, what they touch, and what differs. Pure values.

mod delta;
mod difference;
mod plan;
mod scope;

pub use delta::Delta;
pub use difference::{Difference, Sides, differences};
pub use plan::plan;
pub use scope::{BadScope, Limits, Scope};
