//! What the program asks of the operating system besides netlink.

pub mod connections;
pub mod names;
pub mod namespace;
pub mod table;
