//! What the program asks of the operating system besides netlink.

pub mod connections;
pub mod namespace;
pub mod names;
