//! The last rates of services and real servers, for sparklines.

use std::collections::{HashMap, VecDeque};

use crate::model::{DestinationEntry, DestinationKey, ServiceKey, Stats};
use crate::output::metrics::Sample;

use super::shown::shown;

/// A service, or one of its real servers.
pub type Row = (ServiceKey, Option<DestinationKey>);

/// Values of a row at one reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// New connections per second.
    pub connections: u64,
    /// Bits per second in both directions.
    pub bits: u64,
    /// Established connections.
    pub active: u64,
}

impl Point {
    fn new(stats: &Stats, active: u64) -> Self {
        let bytes = stats.in_byte_rate.saturating_add(stats.out_byte_rate);
        Self { connections: stats.connection_rate, bits: bytes.saturating_mul(8), active }
    }

    fn of_server(server: &DestinationEntry) -> Self {
        Self::new(&server.stats, server.active.into())
    }
}

/// The last points of the rows that the page shows.
#[derive(Clone, Debug)]
pub struct History {
    rows: HashMap<Row, VecDeque<Point>>,
    length: usize,
}

impl History {
    /// Keeps `length` points of each row.
    pub fn new(length: usize) -> Self {
        Self { rows: HashMap::new(), length }
    }

    /// Adds a reading, and forgets rows that are gone. `most` limits the number of real servers,
    /// and so the memory.
    pub fn add(&mut self, sample: &Sample, most: usize) {
        let mut before = std::mem::take(&mut self.rows);
        let mut keep = |row: Row, point: Point| {
            let mut points = before.remove(&row).unwrap_or_default();
            if points.len() >= self.length {
                points.pop_front();
            }
            points.push_back(point);
            self.rows.insert(row, points);
        };
        for service in shown(sample, most) {
            let key = service.entry.service.key;
            let active = service.servers.iter().map(|server| u64::from(server.active)).sum();
            keep((key, None), Point::new(&service.entry.stats, active));
            for server in service.servers {
                keep((key, Some(server.destination.key)), Point::of_server(server));
            }
        }
    }

    /// One value of the points of a row, oldest first.
    pub fn line(&self, row: &Row, value: fn(&Point) -> u64) -> Vec<u64> {
        self.rows.get(row).into_iter().flatten().map(value).collect()
    }
}
