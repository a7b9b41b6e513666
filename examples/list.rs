//! Prints every service with its real servers.
//!
//! ```text
//! # cargo run --example list
//! tcp 192.0.2.80:80 wlc, 1832 connections so far
//!   10.0.0.11:80 weight 1, 12 active
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its result")]

use ipvsadm::{Client, Error};

fn main() -> Result<(), Error> {
    let mut ipvs = Client::open()?;
    for entry in ipvs.services()? {
        let service = &entry.service;
        let connections = entry.stats.connections;
        println!("{} {}, {connections} connections so far", service.key, service.scheduler);
        // The kernel lists the newest real server first.
        for entry in ipvs.destinations(&service.key)?.iter().rev() {
            let server = entry.destination;
            println!("  {} weight {}, {} active", server.key, server.weight, entry.active);
        }
    }
    Ok(())
}
