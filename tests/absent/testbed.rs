//! What the differential tests run their programs with.

#[path = "../compat/testbed/copies.rs"]
pub mod copies;
#[path = "../compat/testbed/hidden.rs"]
pub mod hidden;
#[path = "../compat/testbed/process.rs"]
pub mod process;
