//! Helpers of the differential tests.

#[path = "../compat/testbed/copies.rs"]
pub mod copies;
#[path = "../compat/testbed/hidden.rs"]
pub mod hidden;
#[path = "../compat/testbed/process.rs"]
pub mod process;
