//! Model values as attributes, and back. Each attribute number stands once per direction.

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

pub use attribute::Attribute;
pub use change::{encode, get_destinations, get_service, plain};
pub use daemon::decode as decode_daemon;
pub use destination::{
    decode as decode_destination, decode_configured as decode_configured_destination,
};
pub use read::{answer, family_id};
pub use service::{decode as decode_service, decode_configured as decode_configured_service};
pub use timeouts::{decode as decode_timeouts, decode_info};
