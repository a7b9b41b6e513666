//! Codec between values of the model and netlink attributes, one file for each kind of object.

mod attribute;
mod change;
mod daemon;
mod destination;
mod read;
mod service;
mod stats;
mod timeouts;

#[cfg(test)]
pub mod tests;

pub use attribute::Attributes;
pub use change::{encode, get_destinations, get_service, plain};
pub use daemon::decode as decode_daemon;
pub use destination::{
    decode as decode_destination, decode_without_counters as decode_destination_without_counters,
    forwarding,
};
pub use read::{answer, family_id};
pub use service::{
    Configured as ConfiguredService, Seen as SeenService, decode as decode_service,
    look_at as look_at_service,
};
pub use timeouts::{decode as decode_timeouts, decode_info};
