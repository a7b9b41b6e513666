//! The present state of every recorded real server. Pure.

use super::records::{Record, Records};
use super::schedulers::Habit;
use super::seen::Seen;

/// Present state of a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The drain is in effect.
    Draining,
    /// The weight is 0, but the scheduler refuses the clients of the real server, because the flag of
    /// this name is not set: the drain kept the flags, or another program has removed it.
    Refusing(&'static str),
    /// `undrain --ramp` raises the weight, or was stopped.
    Rising,
    /// Another program has given the real server a weight.
    Undone,
    /// The service does not have this real server any more.
    NoServer,
    /// There is no such service any more.
    NoService,
}

impl Standing {
    /// Whether no other program has interfered.
    pub fn is_in_effect(self) -> bool {
        matches!(self, Self::Draining | Self::Rising)
    }
}

/// A record with the present state of its real server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub record: Record,
    pub standing: Standing,
    /// The weight now; `None` where there is no such real server.
    pub weight: Option<u32>,
    /// Connections now: active, inactive, persistence templates.
    pub connections: [u32; 3],
}

/// Lists every record with its present state, in the order of the records.
pub fn list(seen: &Seen, records: &Records) -> Vec<Listed> {
    records.drains.iter().map(|record| listed(seen, record)).collect()
}

fn listed(seen: &Seen, record: &Record) -> Listed {
    let record = record.clone();
    let Some(pool) = seen.service(&record.service) else {
        return Listed { record, standing: Standing::NoService, weight: None, connections: [0; 3] };
    };
    let Some(server) = seen.server(&record.service, &record.server) else {
        return Listed { record, standing: Standing::NoServer, weight: None, connections: [0; 3] };
    };
    let weight = server.destination.weight;
    let standing = match Habit::of(&pool.service) {
        _ if !record.explains(weight) => Standing::Undone,
        _ if record.standing > 0 => Standing::Rising,
        Habit::NeedsFlag(flag, _) => Standing::Refusing(flag),
        _ => Standing::Draining,
    };
    let connections = [server.active, server.inactive, server.persistent];
    Listed { record, standing, weight: Some(weight), connections }
}
