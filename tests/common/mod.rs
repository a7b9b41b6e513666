//! What every test on a real kernel needs: network namespaces, child processes under a time limit,
//! and the check that this machine can run the test at all.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod namespace;
pub mod process;
pub mod testbed;
