//! The differential test runs every command with this project's program and with the reference,
//! Debian's ipvsadm 1.31. Both must do the same. `departures` lists the intended differences.
//!
//! The test needs root and a kernel with IPVS: run it through `scripts/vm.sh`. `IPVSADM_REFERENCE`
//! is the path of the reference. `IPVSADM_UNDER_TEST=theirs` compares the reference with itself,
//! which checks the tests: see `scripts/proof.sh`.

#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by a panic")]

mod comparison;
mod connections;
mod departures;
mod files;
mod generator;
mod kernel;
mod listings;
mod matrix;
mod network;
mod pair;
mod parser;
mod privilege;
mod prng;
mod random;
mod raw;
#[path = "../common/reference.rs"]
mod reference;
mod terminal;
mod testbed;
mod values;
