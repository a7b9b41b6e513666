//! What needs no kernel: words, rule lines, help, mistakes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it likes
#![allow(clippy::format_push_string, clippy::format_collect)] // speed is not what a page needs

mod diff;
mod init_script;
mod manual;
mod plan;
mod printable;
mod program;
mod properties;
#[path = "../common/tables.rs"]
mod tables;
mod terminal;
mod voice;
