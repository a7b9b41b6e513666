//! IPVS, the layer 4 load balancer of the Linux kernel.
mod error;
mod netlink;
pub mod model;
pub mod cli { pub mod options; }
pub use error::{Errno, Error, Misuse, ValueKind};
pub use netlink::{Client, Refusal};
