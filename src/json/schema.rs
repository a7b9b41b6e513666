//! Version of the JSON format.

/// Incremented at every change that could break a reader.
pub const SCHEMA: u32 = 1;
