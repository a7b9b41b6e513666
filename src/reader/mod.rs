//! One reader of the kernel's table for all commands: name the columns, and it takes each from the
//! cheapest source that has it whole.
//!
//! - IPv4 services, those by mark too, and their real servers come from the socket options of IPVS.
//!   Both lists are snapshots.
//! - IPv6 services, and the names of persistence engines, come from the one netlink dump of services.
//! - A netlink dump of one service's real servers is read where the options lack something: IPv6,
//!   parameters of tunnels, real servers of another family, counters that may have been cut to 32
//!   bits, and where the options cannot be asked at all.
//!
//! Other programs may change the table at any time. Each service that is there all the time is in the
//! result, and each of its real servers too; a service that has gone when its real servers are read is
//! left out. Between two services time passes.
//!
//! One gap is known: where a service of IPv4 has a real server of IPv6, none of its IPv4 servers is
//! behind a tunnel, and another program adds one between the two calls, the options do not show that
//! the IPv6 one is missing.

mod call;
mod layout;
mod options;

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::error::Error;
use crate::model::{
    DaemonRole, DestinationEntry, EngineName, Family, Forwarding, KeyHash, Pool, Service,
    ServiceEntry, ServiceKey, Stats, Table,
};
use crate::netlink::{Client, Pieces, Reading, settle};
use options::{Options, Servers};

/// What is asked for besides what every source has: the services without their engines, and the real
/// servers with weights, thresholds and connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Totals of connections, packets and bytes.
    pub totals: bool,
    /// Rates of the same.
    pub rates: bool,
    /// The persistence engines of services.
    pub engines: bool,
    /// The parameters of tunnels. Without them every tunnel is IP in IP.
    pub tunnels: bool,
}

impl Columns {
    /// All that is configured.
    pub const CONFIGURED: Self = Self { totals: false, rates: false, engines: true, tunnels: true };

    fn counters(self) -> bool {
        self.totals || self.rates
    }

    /// Whether the counters asked for are whole in the options.
    fn accept(self, stats: &Stats) -> bool {
        (!self.totals || layout::has_whole_totals(stats))
            && (!self.rates || layout::has_whole_rates(stats))
    }

    /// Whether the options have of this real server what was asked for.
    fn suffice(self, server: &DestinationEntry) -> bool {
        let is_known = !matches!(server.destination.forwarding, Forwarding::Tunnel(_));
        (is_known || !self.tunnels) && self.accept(&server.stats)
    }
}

/// A service of a [`Reader`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(Source);

/// Where its values come from, with its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Options(usize),
    Netlink(usize),
}

/// The services of a table; their real servers are read one service at a time.
#[derive(Debug)]
pub struct Reader {
    columns: Columns,
    /// Services of IPv4, where the socket options tell them.
    options: Options,
    /// All others, more than those in `rows` where a dump saw some that have gone.
    others: IndexMap<ServiceKey, (Service, Stats), KeyHash>,
    /// Engines of the services in `options`, where they were asked for; few have any.
    engines: HashMap<ServiceKey, EngineName, KeyHash>,
    rows: Vec<Row>,
    /// The engines of the services in `options` were not asked for.
    lacks_engines: bool,
}

impl Reader {
    /// Reads the services.
    ///
    /// # Errors
    /// Those of [`Client::services`]: [`Error::Interrupted`] where the table does not settle.
    pub fn open(client: &mut Client, columns: Columns) -> Result<Self, Error> {
        let reader = Self {
            columns,
            options: Options::of(client),
            others: IndexMap::default(),
            engines: HashMap::default(),
            rows: Vec::new(),
            lacks_engines: false,
        };
        let mut source = (reader, client);
        let read = |(reader, client): &mut (Self, &mut Client), number| {
            let whole = reader.dump(client, number)?;
            Ok(Reading { list: reader.rows.clone(), whole })
        };
        let exists = |(reader, client): &mut (Self, &mut Client), row: &Row, _| match row.0 {
            Source::Options(_) => Ok(false),
            Source::Netlink(_) => Ok(client.service_if_present(&reader.key(*row))?.is_some()),
        };
        let rows = settle(&mut source, read, |row| *row, exists)?;
        let (mut reader, client) = source;
        reader.arrange(client, rows)?;
        Ok(reader)
    }

    /// Reads the services of IPv4 only, and the engines of none: without netlink, whose list costs ten
    /// times as much. `None` where netlink has to be asked.
    pub fn of_ipv4(client: &Client, columns: Columns) -> Option<Self> {
        let options = Options::of(client);
        if !options.are_known() {
            return None;
        }
        let rows = (0..options.len()).map(|place| Row(Source::Options(place))).collect();
        let (others, engines) = (IndexMap::default(), HashMap::default());
        Some(Self { columns, options, others, engines, rows, lacks_engines: true })
    }

    /// Reads what the options lack into `others` and `engines`. In `rows` stand then all services that
    /// it has seen. Says whether nothing can have been passed over.
    fn dump(&mut self, client: &mut Client, number: u32) -> Result<bool, Error> {
        let Self { columns, options, others, engines, rows, .. } = self;
        let mut places = Places { options, next: 0, by_key: None };
        let mut are_there_others = false;
        rows.clear();
        engines.clear();
        let dump = client.each_service(Pieces::of_services(number), |seen| {
            let key = seen.key()?;
            if key.family() == Family::V4 && options.are_known() {
                // One that came after the options had been read is not ours to tell of.
                rows.extend(places.of(&key).map(|place| Row(Source::Options(place))));
                engines.extend(seen.engine.map(|engine| (key, engine)));
                return Ok(());
            }
            are_there_others = true;
            if let Some(place) = others.get_index_of(&key) {
                rows.push(Row(Source::Netlink(place)));
                return Ok(());
            }
            let entry = if columns.counters() {
                let ServiceEntry { service, stats } = seen.entry()?;
                (service, stats)
            } else {
                (seen.service()?, Stats::default())
            };
            rows.push(Row(Source::Netlink(others.insert_full(key, entry).0)));
            Ok(())
        })?;
        let is_as_before = options.are_known() && !are_there_others && rows.len() == options.len();
        Ok(dump.pieces <= 1 || is_as_before)
    }

    /// Gives each service one row, in the order of the last dump. Those that it has passed over come
    /// at the end; what their engines are has to be asked.
    fn arrange(&mut self, client: &mut Client, settled: Vec<Row>) -> Result<(), Error> {
        let mut due = vec![true; self.options.len()];
        let mut others_due = vec![true; self.others.len()];
        self.rows = settled;
        self.rows.retain(|Row(source)| match source {
            Source::Options(place) => std::mem::take(&mut due[*place]),
            Source::Netlink(place) => std::mem::take(&mut others_due[*place]),
        });
        for place in (0..due.len()).filter(|place| due[*place]) {
            let key = self.options.key(place);
            if self.columns.engines
                && let Some(entry) = client.service_if_present(&key)?
            {
                self.engines.extend(entry.service.engine.map(|engine| (key, engine)));
            }
            self.rows.push(Row(Source::Options(place)));
        }
        Ok(())
    }

    /// The services, in the kernel's order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What identifies the service of `row`.
    pub fn key(&self, Row(source): Row) -> ServiceKey {
        match source {
            Source::Options(place) => self.options.key(place),
            Source::Netlink(place) => self.others[place].0.key,
        }
    }

    /// The service of `row`; its engine is known where it was asked for.
    pub fn service(&self, row: Row) -> Service {
        self.counted(row).0
    }

    /// Whether the service of `row` is this one, as far as it was asked for.
    pub fn is_like(&self, row: Row, other: &Service) -> bool {
        let service = self.service(row);
        if self.lacks_engines {
            return service == Service { engine: None, ..other.clone() };
        }
        service == *other
    }

    fn counted(&self, Row(source): Row) -> (Service, Stats) {
        match source {
            Source::Options(place) => {
                let engine = if self.engines.is_empty() {
                    None
                } else {
                    self.engines.get(&self.options.key(place)).copied()
                };
                self.options.service(place, engine)
            }
            Source::Netlink(place) => self.others[place].clone(),
        }
    }

    /// The service of `row` with its counters. `None` where it has gone.
    pub fn entry(&self, client: &mut Client, row: Row) -> Result<Option<ServiceEntry>, Error> {
        let (service, stats) = self.counted(row);
        if matches!(row.0, Source::Netlink(_)) || self.columns.accept(&stats) {
            return Ok(Some(ServiceEntry { service, stats }));
        }
        client.service_if_present(&service.key)
    }

    /// The real servers of the service of `row`, in the kernel's order. `None` where it has gone.
    pub fn servers(
        &mut self,
        client: &mut Client,
        row: Row,
    ) -> Result<Option<Vec<DestinationEntry>>, Error> {
        let columns = self.columns;
        if let Source::Options(place) = row.0 {
            match self.options.servers(place, columns.counters()) {
                Servers::Gone => return Ok(None),
                Servers::All(list) if list.iter().all(|it| columns.suffice(it)) => {
                    return Ok(Some(list));
                }
                Servers::All(_) | Servers::Unknown => {}
            }
        }
        let key = self.key(row);
        let list = client.listed_destinations(&key, columns.counters())?;
        // The kernel lists none for a service that does not exist.
        let has_gone = list.is_empty() && client.service_if_present(&key)?.is_none();
        Ok((!has_gone).then_some(list))
    }

    /// The service of `row` with its real servers, in the order in which they were added. `None` where
    /// it has gone.
    pub fn pool(&mut self, client: &mut Client, row: Row) -> Result<Option<Pool>, Error> {
        let Some(servers) = self.servers(client, row)? else { return Ok(None) };
        let mut service = self.service(row);
        if self.lacks_engines {
            let Some(found) = client.service_if_present(&service.key)? else { return Ok(None) };
            service.engine = found.service.engine;
        }
        Ok(Some(Pool::listed(service, servers)))
    }
}

/// Finds the places of keys that come in the order of the options, but for some.
struct Places<'a> {
    options: &'a Options,
    next: usize,
    /// Made where the order differs.
    by_key: Option<HashMap<ServiceKey, usize, KeyHash>>,
}

impl Places<'_> {
    fn of(&mut self, key: &ServiceKey) -> Option<usize> {
        let Self { options, next, by_key } = self;
        let place = if *next < options.len() && options.key(*next) == *key {
            *next
        } else {
            let by_key = by_key.get_or_insert_with(|| {
                (0..options.len()).map(|place| (options.key(place), place)).collect()
            });
            *by_key.get(key)?
        };
        *next = place + 1;
        Some(place)
    }
}

impl Client {
    /// The whole table as a value, without counters: services with their real servers, time-outs
    /// and sync daemons. `rules::plan` compares it with another one.
    ///
    /// Each service that is there all the time stands in it, whatever other programs do meanwhile;
    /// between the first service and the last time passes.
    pub fn table(&mut self) -> Result<Table, Error> {
        let mut table = Table { timeouts: Some(self.timeouts()?), ..Table::default() };
        table.daemons = [(DaemonRole::Master, None), (DaemonRole::Backup, None)].into();
        for daemon in self.daemons()? {
            table.daemons.insert(daemon.role, Some(daemon));
        }
        let mut reader = Reader::open(self, Columns::CONFIGURED)?;
        for row in reader.rows().to_vec() {
            if let Some(pool) = reader.pool(self, row)? {
                table.pools.insert(pool.service.key, pool.into());
            }
        }
        Ok(table)
    }
}
