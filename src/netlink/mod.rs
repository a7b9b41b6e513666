//! Netlink: sockets, generic netlink, the IPVS codec and client, rtnetlink.

mod batch;
mod codec;
pub mod fou;
mod generic;
mod ipvs;
mod lists;
mod message;
mod offer;
pub mod route;
mod socket;
mod uapi;

pub use batch::{REQUESTS, Refusal};
pub(crate) use codec::{ConfiguredService, forwarding};
pub use ipvs::Client;
pub(crate) use lists::{Pieces, Reading, settle};
