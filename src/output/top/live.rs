//! Rates, shares and marks of the table, from one reading to the next.

use std::time::Duration;

use indexmap::IndexMap;

use super::history::History;
use super::mark::Mark;
use super::reading::{Reading, ServerReading, ServiceReading};
use super::window::{Growth, Window};
use crate::model::{DestinationKey, KeyHash, Rates, SchedulerName, ServiceKey, Stats};

/// Load of a service or real server, or of all services.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// Connections that are established.
    pub active: u64,
    /// All other connections.
    pub inactive: u64,
    /// The weight; of a service, the sum of those of its real servers.
    pub weight: u64,
    /// Rates of the last ten seconds; `None` if they are unknown.
    pub rates: Option<Rates>,
    /// Bits per second.
    pub bits: History,
    window: Window,
}

/// A real server.
#[derive(Clone, Debug)]
pub struct LiveServer {
    pub load: Load,
    /// What an operator must know.
    pub mark: Mark,
    /// Its part of the bits of its service during the last minute; `None` if there were none.
    pub share: Option<f64>,
    is_full: bool,
}

#[derive(Clone, Debug)]
pub struct LiveService {
    pub scheduler: SchedulerName,
    pub load: Load,
    /// What an operator must know.
    pub mark: Mark,
    /// Its part of the bits of all services during the last minute; `None` if there were none.
    pub share: Option<f64>,
    /// Its real servers, in the order of listings.
    pub servers: IndexMap<DestinationKey, LiveServer, KeyHash>,
}

/// The table with its rates.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The services, in the order of listings.
    pub services: IndexMap<ServiceKey, LiveService, KeyHash>,
    /// The sum of all services.
    pub total: Load,
    /// Connections per second of all services.
    pub connections: History,
    /// Bits per second from clients, and to clients, of all services.
    pub directions: [History; 2],
}

/// Moment of a reading.
#[derive(Clone, Copy, Debug)]
struct Moment {
    at: Duration,
    has_rates: bool,
}

/// Number of real servers with each mark.
#[cfg(feature = "top")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub servers: usize,
    pub draining: usize,
    pub full: usize,
    pub off: usize,
}

impl Load {
    /// Takes over the counters of a reading.
    fn count(&mut self, stats: &Stats, moment: Moment) {
        let rates = match self.window.push(moment.at, stats) {
            Growth::Known(rates) => Some(rates),
            Growth::TooShort if moment.has_rates => Some(Rates::of_kernel(stats)),
            // At the start, the rates of the kernel stay.
            Growth::TooShort => self.rates,
            Growth::Reset => None,
        };
        self.follow(rates);
    }

    fn follow(&mut self, rates: Option<Rates>) {
        self.rates = rates;
        self.bits.push(rates.map(|it| it.bits()));
    }

    fn share_of(&self, all: f64) -> Option<f64> {
        (all > 0.0).then(|| self.bits.recent().unwrap_or_default() / all)
    }
}

impl Live {
    /// Takes over the next reading.
    pub fn update(&mut self, reading: Reading) {
        let moment = Moment { at: reading.at, has_rates: reading.has_rates };
        let mut former = std::mem::take(&mut self.services);
        for service in reading.services {
            let key = service.entry.service.key;
            // The order of what is left does not matter.
            let before = former.swap_remove(&key);
            self.services.insert(key, LiveService::new(service, before, moment));
        }
        self.add_up();
    }

    /// Computes the sums of all services, and the share of each.
    fn add_up(&mut self) {
        let loads = || self.services.values().map(|it| &it.load);
        self.total.active = loads().map(|it| it.active).sum();
        self.total.inactive = loads().map(|it| it.inactive).sum();
        let mut rates: Option<Rates> = None;
        for known in loads().filter_map(|it| it.rates.as_ref()) {
            rates.get_or_insert_default().add(known);
        }
        self.connections.push(rates.map(|it| it.connections));
        let [incoming, outgoing] = &mut self.directions;
        incoming.push(rates.map(|it| it.in_bits()));
        outgoing.push(rates.map(|it| it.out_bits()));
        self.total.follow(rates);
        let all = self.services.values().filter_map(|it| it.load.bits.recent()).sum();
        for service in self.services.values_mut() {
            service.share = service.load.share_of(all);
        }
    }

    /// Counts the real servers by their marks.
    #[cfg(feature = "top")]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for server in self.services.values().flat_map(|it| it.servers.values()) {
            counts.servers += 1;
            match server.mark {
                Mark::Draining => counts.draining += 1,
                Mark::Full => counts.full += 1,
                Mark::Off => counts.off += 1,
                Mark::None | Mark::Rising | Mark::Down => {}
            }
        }
        counts
    }
}

impl LiveService {
    fn new(reading: ServiceReading, before: Option<Self>, moment: Moment) -> Self {
        let ServiceReading { entry, servers } = reading;
        let (load, mut former) = before.map(|it| (it.load, it.servers)).unwrap_or_default();
        let mut service = Self {
            scheduler: entry.service.scheduler,
            load: Load { active: 0, inactive: 0, weight: 0, ..load },
            mark: Mark::Down,
            share: None,
            servers: IndexMap::with_capacity_and_hasher(servers.len(), KeyHash::default()),
        };
        service.load.count(&entry.stats, moment);
        for server in servers {
            let key = server.entry.destination.key;
            let server = LiveServer::new(&server, former.swap_remove(&key), moment);
            service.load.active += server.load.active;
            service.load.inactive += server.load.inactive;
            service.load.weight += server.load.weight;
            if server.mark.is_up() {
                service.mark = Mark::None;
            }
            service.servers.insert(key, server);
        }
        let all = service.servers.values().filter_map(|it| it.load.bits.recent()).sum();
        for server in service.servers.values_mut() {
            server.share = server.load.share_of(all);
        }
        service
    }
}

impl LiveServer {
    fn new(reading: &ServerReading, before: Option<Self>, moment: Moment) -> Self {
        let entry = &reading.entry;
        let mark = Mark::of(reading, before.as_ref().is_some_and(|it| it.is_full));
        let mut load = Load {
            active: entry.active.into(),
            inactive: entry.inactive.into(),
            weight: entry.destination.weight.into(),
            ..before.map(|it| it.load).unwrap_or_default()
        };
        load.count(&entry.stats, moment);
        Self { load, mark, share: None, is_full: mark == Mark::Full }
    }
}
