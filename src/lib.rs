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
//! [`diff::plan`] computes the fewest changes from one table to another, in an order without an
//! outage:
//!
//! ```no_run
//! use ipvsadm::{Client, diff::plan, read_table};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let desired = read_table(&std::fs::read_to_string("/etc/ipvsadm.rules")?)?;
//! let mut ipvs = Client::open()?;
//! let changes = plan(&ipvs.table()?, &desired);
//! for refusal in ipvs.batch(&changes)? {
//!     eprintln!("{}: {}", changes[refusal.index], refusal.errno);
//! }
//! # Ok(()) }
//! ```
//!
//! The folder `examples` has four short programs: `list`, `failover_weight` (a health check),
//! `apply_table`, `export_csv`.
//!
//! # Units
//!
//! Times are in seconds, amounts in bytes, packets and connections, and rates in the same units per
//! second. Addresses and ports are in host order, as in `std`. The kernel's 64-bit counters keep
//! their 64 bits.
//!
//! # What a version number promises
//!
//! This crate follows Semantic Versioning for its public items: [`Client`], [`Error`], [`model`],
//! [`read_table`] and [`diff`] change incompatibly only with a new major version (before 1.0: a new
//! minor version). Errors may get further variants at any time. The program's classic language, its
//! output and its exit statuses never change. The JSON format has its own version, `"schema": 1`.

// Map of the crate: arguments become values (cli, classic), values become messages to the kernel
// (netlink, reader), and values become text (output, json, classic). cmd has one file for each
// command that a user types. ARCHITECTURE.md explains the rooms.
mod classic;
mod cli;
mod cmd;
mod drain;
mod error;
mod host;
mod json;
mod netlink;
mod output;
mod reader;
mod system;
mod transaction;
#[cfg(feature = "serve")]
mod web;

pub mod diff;
pub mod model;

pub use cmd::main;
pub use error::{
    DrainRefusal, Errno, Error, Mistake, Misuse, Module, Obstacle, Owner, Rejection, Usage,
    ValueKind,
};
pub use netlink::{Client, Refusal};

/// The table that a rule file makes of an empty one: what `ipvsadm-save` writes and
/// `ipvsadm apply` reads. No kernel is needed, but names of hosts and ports are looked up.
///
/// ```
/// let table = ipvsadm::read_table(
///     "# the shop\n\
///      -A -t 192.0.2.80:80 -s wrr\n\
///      -a -t 192.0.2.80:80 -r 198.51.100.21 -m -w 3\n",
/// )?;
/// assert_eq!(table.destinations(), 1);
/// # Ok::<(), ipvsadm::Error>(())
/// ```
///
/// # Errors
/// [`Error::RuleFile`] for a line that makes no command, [`Error::Rejection`] for one that
/// does not describe a table or that the kernel would refuse. Both know the number of the line.
pub fn read_table(file: &str) -> Result<model::Table, Error> {
    let scanner = &mut classic::Scanner::new(cmd::NAMES);
    let table = classic::table_of(scanner, "ipvsadm", file.as_bytes(), |_| {});
    table.map(|(table, _)| table).map_err(Error::first)
}

/// Items for this package's own tests, benches and tools. They are no part of the library, and no
/// version number covers them.
#[cfg(feature = "internals")]
#[doc(hidden)]
#[allow(missing_docs)]
pub mod internals {
    pub mod classic {
        pub use crate::classic::{
            Invocation, Names, Scanner, daemon_line, describe_destination, describe_service,
            destination_line, options, parse_line, parser, read_rules, service_line, timeouts_line,
            tokens_of,
        };
    }
    pub mod cli {
        pub use crate::cli::{Program, Request, complete, verbs_command};
    }
    pub mod cmd {
        pub use crate::cmd::Session;
    }
    pub use crate::diff::internals::*;
    pub use crate::output::metrics;
}

/// Compiles the Rust code in the documents.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Documents;
