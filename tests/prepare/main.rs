//! `rs prepare`, `undo` and `status` on a real kernel: hosts as network namespaces.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail so

mod arptables;
mod balancing;
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
mod silence;
mod status;
mod support;
mod undo;
mod units;
mod verdict;
