//! The kernel's side of the library: generic netlink, and IPVS on top of it.

mod batch;
mod codec;
pub mod fou;
mod generic;
mod ipvs;
mod message;
mod offer;
pub mod route;
mod socket;
mod uapi;

pub use batch::{REQUESTS, Refusal};
pub use ipvs::Client;
