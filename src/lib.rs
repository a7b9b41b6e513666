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
//! A whole table becomes another one with the fewest changes, and without an outage:
//!
//! ```no_run
//! use ipvsadm::{Client, classic::read_table, diff::plan};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wish = read_table(&std::fs::read_to_string("/etc/ipvsadm.rules")?)?;
//! let mut ipvs = Client::open()?;
//! let changes = plan(&ipvs.table()?, &wish);
//! for refusal in ipvs.batch(&changes)? {
//!     eprintln!("{:?}: {}", changes[refusal.index], refusal.errno);
//! }
//! # Ok(()) }
//! ```
//!
//! Four programs of a page each are in the folder `examples`: `list`, `failover_weight` (a health
//! check), `apply_table`, `export_csv`.
//!
//! The map of the crate: [`Client`] talks to the kernel; [`model`] holds plain values; [`classic`]
//! is the language of rule files and command lines, [`diff`] goes from one table to another; [`cli`] turns words into values,
//! [`cmd`] does what they ask. [`host`] plans what a host needs around IPVS. `netlink`, `reader`
//! and `system` talk to the kernel, `output` writes what people and scripts read.
//!
//! # Units
//!
//! Time is in seconds, amounts in bytes, packets and connections, rates in the same per second.
//! Addresses and ports are in host order, as the types of `std` have them. What the kernel counts
//! in 64 bits stays 64 bits.
//!
//! # What a version number promises
//!
//! This crate follows Semantic Versioning, for [`Client`], [`Error`], [`model`], [`diff`],
//! [`classic::read_table`] and [`classic::read_rules`]: they change incompatibly only with a new major
//! number (before 1.0: a new minor number). Errors may get further variants at any time. The rest
//! of [`cli`], [`cmd`] and [`host`] serves the program, and may change with any version. The
//! classic language of the program, its output and its exit statuses never change; JSON has a
//! number of its own, `"schema": 1`.

pub mod classic;
pub mod cli;
pub mod cmd;
pub mod diff;
pub mod host;
pub mod model;

mod error;
mod json;
mod netlink;
mod output;
mod reader;
mod system;

pub use error::{Errno, Error, Misuse, Module, Obstacle, Owner, Rejection, ValueKind};
pub use netlink::{Client, Refusal};

/// The code of the documents that is Rust, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Documents;
