//! Packets through all forwarding methods: real requests from a client through a director to real
//! servers, with captures that show their path. Needs root and a kernel with IPVS: see
//! scripts/vm.sh.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests may stop")]

mod arp;
mod capture;
mod direct;
mod drain;
mod drain_other;
mod exchange;
mod filter;
mod host;
mod nat;
mod prepare;
mod probe;
mod report;
mod schedule;
mod service;
mod tunnel;
mod world;
