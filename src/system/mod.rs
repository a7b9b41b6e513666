//! What the program asks of the operating system besides netlink.

pub mod connections;
pub mod frames;
pub mod journal;
pub mod modules;
pub mod names;
pub mod namespace;
pub mod program;
pub mod signals;
pub mod sysctl;
pub mod table;
pub mod terminal;
