//! Tests of `rs prepare`, `undo` and `status` on a real kernel. Each host is a network namespace.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests fail by panic

mod arp_suppression;
mod arptables;
mod balancing;
mod checks;
mod crash;
mod director;
mod identity;
mod leftover;
mod old_state;
mod owner;
mod quoting;
mod refusal;
mod router;
mod share;
mod status;
mod support;
mod undo;
mod units;
