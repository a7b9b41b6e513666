//! Tests of apply, diff, set, save and restore on a real kernel.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests fail by panic

mod browser;
mod caller;
#[path = "../common/mod.rs"]
#[allow(dead_code)] // tests/kernel uses all of it
mod common;
mod concurrent;
mod connection;
mod conns;
mod cost;
mod drain;
mod failure;
mod guards;
mod hints;
mod history;
mod history_rollback;
mod identity;
mod input;
mod journal;
mod json;
mod keys;
mod metrics;
mod offer;
mod program;
#[path = "../common/promtool.rs"]
mod promtool;
mod random;
#[path = "../common/reference.rs"]
mod reference;
mod report;
mod restore;
mod rollback;
mod save;
mod serve;
mod set;
mod slow;
mod sources;
mod stopped;
#[path = "../common/tables.rs"]
mod tables;
mod top;
mod watch;
#[path = "../common/web.rs"]
mod web;
