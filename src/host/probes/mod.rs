//! Probes, which read the facts about a host.

mod arptables;
pub mod owner;
mod read;
pub mod services;

pub use read::read;
