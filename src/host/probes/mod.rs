//! Probes: how the facts about a host are read.

mod arptables;
mod facts;
pub mod owner;
pub mod services;

pub use facts::read;
