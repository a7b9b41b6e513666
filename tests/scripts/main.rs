//! The scripts as a person at a terminal meets them: `./x`, and an interactive guest.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it likes

mod door;
mod guest;
mod terminal;

const TOP: &str = env!("CARGO_MANIFEST_DIR");
