//! What a page shows of a table of any size.

use crate::model::{DestinationEntry, ServiceEntry};
use crate::output::metrics::{Sample, is_up};

/// A service, and as many of its real servers as fit.
pub struct Shown<'a> {
    pub entry: &'a ServiceEntry,
    pub servers: &'a [DestinationEntry],
    /// Number of its real servers that are not shown.
    pub left_out: usize,
}

/// The first services, with at most `most` services and `most` real servers in all.
pub fn shown(sample: &Sample, most: usize) -> impl Iterator<Item = Shown<'_>> {
    let mut room = most;
    sample.services.iter().take(most).map(move |service| {
        let fits = service.servers.len().min(room);
        room -= fits;
        Shown {
            entry: &service.entry,
            servers: service.servers.get(..fits).unwrap_or_default(),
            left_out: service.servers.len() - fits,
        }
    })
}

/// Whether a real server gets new connections, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It gets new connections.
    Up,
    /// Its weight is 0, and connections are left.
    Draining,
    /// Its weight is 0, and no connection is active.
    Drained,
    /// It has reached its upper threshold.
    Overloaded,
}

impl State {
    /// The state of a real server. It says nothing about the server's health.
    pub fn of(server: &DestinationEntry) -> Self {
        match (is_up(server), server.destination.weight, server.active) {
            (true, ..) => Self::Up,
            (false, 0, 0) => Self::Drained,
            (false, 0, _) => Self::Draining,
            (false, ..) => Self::Overloaded,
        }
    }

    /// The word that the page shows. It is the class of the style, too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Draining => "draining",
            Self::Drained => "drained",
            Self::Overloaded => "overloaded",
        }
    }
}
