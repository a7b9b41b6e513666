//! A reading of the kernel's table.

use std::time::Duration;

use crate::drain::Records;
use crate::model::{DestinationEntry, ServiceEntry};

/// The table at a moment.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The moment: time since the program started, from a clock that never goes back.
    pub at: Duration,
    /// The counters contain the rates of the kernel.
    pub has_rates: bool,
    /// The services, in the order of listings.
    pub services: Vec<ServiceReading>,
}

/// A service at that moment.
#[derive(Clone, Debug)]
pub struct ServiceReading {
    /// The service, with counters of which the lowest 32 bits are right.
    pub entry: ServiceEntry,
    /// Its real servers, in the order of listings.
    pub servers: Vec<ServerReading>,
}

/// A real server at that moment.
#[derive(Clone, Copy, Debug)]
pub struct ServerReading {
    /// The real server, with counters of which the lowest 32 bits are right.
    pub entry: DestinationEntry,
    /// `drain` has taken its weight, and no other program has changed it since.
    pub is_drained: bool,
}

impl ServiceReading {
    /// Adds to each real server whether it has one of these records.
    pub fn new(entry: ServiceEntry, servers: Vec<DestinationEntry>, records: &Records) -> Self {
        let key = entry.service.key;
        let server = |entry: DestinationEntry| {
            let record = records.of(&key, &entry.destination.key);
            let is_drained = record.is_some_and(|it| it.explains(entry.destination.weight));
            ServerReading { entry, is_drained }
        };
        Self { servers: servers.into_iter().map(server).collect(), entry }
    }
}
