//! The scripts from the view of a user at a terminal: `./x`, and an interactive guest.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests fail by panic

mod door;
mod guest;
mod terminal;

const TOP: &str = env!("CARGO_MANIFEST_DIR");
