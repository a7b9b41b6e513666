//! The table as it was read last.

use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use crate::error::Error;
use crate::output::metrics::Sample;

use super::history::History;

/// Real servers that the page shows and whose rates are remembered. `/api/table` has all.
pub const MOST: usize = 500;

/// A younger sample is given again, whatever clients ask.
const FRESH: Duration = Duration::from_secs(1);

/// Result of one reading.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Services, real servers and the rest.
    pub sample: Sample,
    /// Lines about drained real servers, by the records of `drain`.
    pub drains: Vec<String>,
}

/// A reading with its time.
#[derive(Debug)]
pub struct Seen {
    pub reading: Reading,
    /// When the table was read.
    pub time: SystemTime,
}

type Source = Box<dyn FnMut() -> Result<Reading, Error>>;

/// Reads the table, and keeps the last reading with the last rates.
pub struct Table {
    source: Source,
    last: Option<(Instant, Result<Rc<Seen>, String>)>,
    history: History,
}

impl Table {
    /// A table that `source` reads, with `length` points in each sparkline.
    pub fn new(source: Source, length: usize) -> Self {
        Self { source, last: None, history: History::new(length) }
    }

    /// Reads the table, and adds a point to the sparklines.
    pub fn advance(&mut self) {
        if let Ok(seen) = self.read() {
            self.history.add(&seen.reading.sample, MOST);
        }
    }

    /// The last reading, or a new one if the last is older than a second.
    pub fn fresh(&mut self) -> Result<Rc<Seen>, String> {
        match &self.last {
            Some((time, outcome)) if time.elapsed() < FRESH => outcome.clone(),
            _ => self.read(),
        }
    }

    /// The last reading.
    ///
    /// # Errors
    /// Why it failed.
    pub fn seen(&self) -> Result<Rc<Seen>, String> {
        match &self.last {
            Some((_, outcome)) => outcome.clone(),
            None => Err("the table was not read".to_owned()),
        }
    }

    fn read(&mut self) -> Result<Rc<Seen>, String> {
        let outcome = (self.source)()
            .map(|reading| Rc::new(Seen { reading, time: SystemTime::now() }))
            .map_err(|error| error.to_string());
        self.last = Some((Instant::now(), outcome.clone()));
        outcome
    }

    pub fn history(&self) -> &History {
        &self.history
    }
}
