//! The differential test: every command is run by the program of this crate and by the reference,
//! Debian's ipvsadm 1.31, and must do the same. What differs on purpose stands in `departures`.
//!
//! It needs root and a kernel with IPVS: run it through `scripts/vm.sh`. `IPVSADM_REFERENCE` names
//! the reference; `IPVSADM_UNDER_TEST=theirs` puts it on both sides, which proves the tests:
//! `scripts/proof.sh`.

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
