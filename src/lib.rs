//! IPVS, the layer 4 load balancer of the Linux kernel: a client for its generic netlink interface,
//! the rule-file language of `ipvsadm`, and the program of that name on top.
//!
//! ```no_run
//! use ipvsadm::Client;
//! use ipvsadm::model::{Destination, SchedulerName, Service, ServiceKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut ipvs = Client::open()?;
//! let vip = ServiceKey::tcp("192.0.2.80:80".parse()?);
//! ipvs.add_service(Service::new(vip, SchedulerName::new("wrr")?))?;
//! let server: std::net::SocketAddr = "198.51.100.21:80".parse()?;
//! ipvs.add_destination(vip, Destination { weight: 3, ..Destination::new(server) })?;
//! for entry in ipvs.destinations(&vip)? {
//!     println!("{} connections", entry.active);
//! }
//! # Ok(()) }
//! ```
//!
//! The map of the crate: [`model`] holds plain values, [`rules`] the rule-file language, [`cli`]
//! turns words into values, [`cmd`] does what they ask. [`prepare`] plans what a host needs around
//! IPVS. `netlink` and `system` talk to the kernel,
//! `output` writes what people and scripts read.

pub mod cli;
pub mod cmd;
pub mod model;
pub mod prepare;
pub mod rules;

mod error;
mod netlink;
mod output;
mod system;

pub use error::{Errno, Error, Misuse, Obstacle, Rejection, ValueKind};
pub use netlink::{Client, Refusal};
