//! Probes, which read the facts about a host.

mod arptables;
mod facts;
pub mod owner;
pub mod services;

pub use facts::read;
