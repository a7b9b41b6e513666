//! The number of the format.

/// The number that changes with every change that a reader could stumble over.
pub const SCHEMA: u32 = 1;
