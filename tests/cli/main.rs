//! Tests without a kernel: arguments, rule lines, help, mistakes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests fail by panic
#![allow(clippy::format_push_string, clippy::format_collect)] // speed does not matter here

mod conns;
mod diff;
mod drain;
mod init_script;
mod json_option;
mod manual;
mod plan;
mod printable;
mod program;
mod prometheus;
#[path = "../common/promtool.rs"]
mod promtool;
mod properties;
#[path = "../common/tables.rs"]
mod tables;
mod terminal;
mod voice;
