//! Reads the kernel's table for all commands. A command names the columns it needs; the reader
//! takes each from the cheapest source that has its full value.
//!
//! - IPv4 services, including those by firewall mark, and their real servers come from the socket
//!   options of IPVS. Both lists are snapshots.
//! - IPv6 services and the names of persistence engines come from one netlink dump of all services.
//! - The real servers of one service come from a netlink dump if the socket options cannot show
//!   them: IPv6, tunnel parameters, a real server of the other family, counters that may be cut to
//!   32 bits, or socket options that are not available.
//!
//! Other programs may change the table at any time. The result contains every service and real
//! server that exists throughout the read. If a service is deleted before its real servers are
//! read, it is left out. Different services are read at different moments.
//!
//! One gap is known. Suppose an IPv4 service has an IPv6 real server and no IPv4 tunnel, and
//! another program adds an IPv4 real server between the two calls. Then the counts match, and the
//! socket options do not show that the IPv6 real server is missing.

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

/// Optional columns of a read. Every source has the rest: services without their engines, and real
/// servers with weights, thresholds and connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Total connections, packets and bytes.
    pub totals: bool,
    /// Connections, packets and bytes per second.
    pub rates: bool,
    /// Totals of which the lowest 32 bits suffice (bytes: 64), for the difference of two readings.
    pub growth: bool,
    pub engines: bool,
    /// Kind and parameters of tunnels. Without this column every tunnel is read as IPIP.
    pub tunnels: bool,
}

impl Columns {
    /// Everything that a rule can set.
    pub const CONFIGURED: Self =
        Self { totals: false, rates: false, growth: false, engines: true, tunnels: true };

    fn counters(self) -> bool {
        self.totals || self.rates || self.growth
    }

    /// Whether the counters that the command needs are complete in the answer of the socket
    /// options.
    fn accept(self, stats: &Stats) -> bool {
        (!self.totals || layout::has_whole_totals(stats))
            && (!self.rates || layout::has_whole_rates(stats))
    }

    /// Whether the answer of the socket options has everything that the command needs of this real
    /// server.
    fn suffice(self, server: &DestinationEntry) -> bool {
        let is_known = !matches!(server.destination.forwarding, Forwarding::Tunnel(_));
        (is_known || !self.tunnels) && self.accept(&server.stats)
    }
}

/// Handle of a service in a [`Reader`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(Source);

/// The source of a service, and its index there in 32 bits, because a table has many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Options(u32),
    Netlink(u32),
}

impl Row {
    fn of_options(place: usize) -> Self {
        Self(Source::Options(short(place)))
    }

    fn of_netlink(place: usize) -> Self {
        Self(Source::Netlink(short(place)))
    }
}

/// Converts an index to 32 bits. No kernel has memory for more services.
fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// The services of the kernel's table. The real servers are read later, one service at a time.
#[derive(Debug)]
pub struct Reader {
    columns: Columns,
    /// The IPv4 services, if the socket options are available.
    options: Options,
    /// All other services. If several dumps were read, some of these may be gone and missing in
    /// `rows`.
    others: IndexMap<ServiceKey, (Service, Stats), KeyHash>,
    /// Engines of the services in `options`, if the command needs them. Few services have one.
    engines: HashMap<ServiceKey, EngineName, KeyHash>,
    rows: Vec<Row>,
    /// The engines of the services in `options` were not read.
    lacks_engines: bool,
}

impl Reader {
    /// Reads the list of services.
    ///
    /// # Errors
    /// The errors of [`Client::services`], such as [`Error::Interrupted`] if the table does not
    /// settle.
    pub fn open(client: &mut Client, columns: Columns) -> Result<Self, Error> {
        let reader = Self {
            columns,
            options: Options::of(client, columns.counters()),
            others: IndexMap::default(),
            engines: HashMap::default(),
            rows: Vec::new(),
            lacks_engines: false,
        };
        let mut source = (reader, client);
        let read = |(reader, client): &mut (Self, &mut Client), number| {
            let whole = reader.dump(client, number)?;
            Ok(Reading { list: std::mem::take(&mut reader.rows), whole })
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

    /// Reads only the IPv4 services, without engines. It avoids the netlink dump, which costs ten
    /// times as much. `None` if the socket options are not available.
    pub fn of_ipv4(client: &Client, columns: Columns) -> Option<Self> {
        let options = Options::of(client, columns.counters());
        if !options.are_known() {
            return None;
        }
        let rows = (0..options.len()).map(Row::of_options).collect();
        let (others, engines) = (IndexMap::default(), HashMap::default());
        Some(Self { columns, options, others, engines, rows, lacks_engines: true })
    }

    /// Reads what the socket options lack into `others` and `engines`, and puts a row for each
    /// service of the dump into `rows`. Returns whether the dump was certainly complete.
    fn dump(&mut self, client: &mut Client, number: u32) -> Result<bool, Error> {
        let Self { columns, options, others, engines, rows, .. } = self;
        let mut places = Places { options, next: 0, by_key: None };
        let mut are_there_others = false;
        rows.clear();
        engines.clear();
        let dump = client.each_service(Pieces::of_services(number), |seen| {
            let key = seen.key()?;
            if key.family() == Family::V4 && options.are_known() {
                // A service that was added after the socket options were read is left out.
                rows.extend(places.of(&key).map(Row::of_options));
                engines.extend(seen.engine.map(|engine| (key, engine)));
                return Ok(());
            }
            are_there_others = true;
            if let Some(place) = others.get_index_of(&key) {
                rows.push(Row::of_netlink(place));
                return Ok(());
            }
            let entry = if columns.counters() {
                let ServiceEntry { service, stats } = seen.entry()?;
                (service, stats)
            } else {
                (seen.service()?, Stats::default())
            };
            rows.push(Row::of_netlink(others.insert_full(key, entry).0));
            Ok(())
        })?;
        let is_as_before = options.are_known() && !are_there_others && rows.len() == options.len();
        Ok(dump.pieces <= 1 || is_as_before)
    }

    /// Gives each service one row, in the order of the last dump. Services that the dump skipped
    /// come last, and their engines are requested one by one.
    fn arrange(&mut self, client: &mut Client, settled: Vec<Row>) -> Result<(), Error> {
        let mut due = vec![true; self.options.len()];
        let mut others_due = vec![true; self.others.len()];
        self.rows = settled;
        self.rows.retain(|Row(source)| match source {
            Source::Options(place) => std::mem::take(&mut due[*place as usize]),
            Source::Netlink(place) => std::mem::take(&mut others_due[*place as usize]),
        });
        for place in (0..due.len()).filter(|place| due[*place]) {
            let key = self.options.key(place);
            if self.columns.engines
                && let Some(entry) = client.service_if_present(&key)?
            {
                self.engines.extend(entry.service.engine.map(|engine| (key, engine)));
            }
            self.rows.push(Row::of_options(place));
        }
        Ok(())
    }

    /// Moves [`Self::rows`] out of the reader, for a single pass.
    pub fn take_rows(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.rows)
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub fn key(&self, Row(source): Row) -> ServiceKey {
        match source {
            Source::Options(place) => self.options.key(place as usize),
            Source::Netlink(place) => self.others[place as usize].0.key,
        }
    }

    /// The service of `row`, with its engine if the command needs engines.
    pub fn service(&self, row: Row) -> Service {
        self.counted(row).0
    }

    /// Whether the service of `row` equals `other`, ignoring the engine if engines were not read.
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
                    self.engines.get(&self.options.key(place as usize)).copied()
                };
                self.options.service(place as usize, engine)
            }
            Source::Netlink(place) => self.others[place as usize].clone(),
        }
    }

    /// The service of `row` with its counters; `None` if it was deleted meanwhile.
    pub fn entry(&self, client: &mut Client, row: Row) -> Result<Option<ServiceEntry>, Error> {
        let (service, stats) = self.counted(row);
        if matches!(row.0, Source::Netlink(_)) || self.columns.accept(&stats) {
            return Ok(Some(ServiceEntry { service, stats }));
        }
        client.service_if_present(&service.key)
    }

    /// The real servers of the service of `row`, in the kernel's order; `None` if the service was
    /// deleted meanwhile.
    pub fn servers(
        &mut self,
        client: &mut Client,
        row: Row,
    ) -> Result<Option<Vec<DestinationEntry>>, Error> {
        let columns = self.columns;
        if let Source::Options(place) = row.0 {
            match self.options.servers(place as usize, columns.counters()) {
                Servers::Gone => return Ok(None),
                Servers::All(list) if list.iter().all(|it| columns.suffice(it)) => {
                    return Ok(Some(list));
                }
                Servers::All(_) | Servers::Unknown => {}
            }
        }
        let key = self.key(row);
        let list = client.listed_destinations(&key, columns.counters())?;
        // The kernel lists no real servers for an unknown service, without an error.
        let has_gone = list.is_empty() && client.service_if_present(&key)?.is_none();
        Ok((!has_gone).then_some(list))
    }

    /// The service of `row` with its real servers in the order in which they were added; `None` if
    /// the service was deleted meanwhile.
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

/// Finds the index of a key in `options`. Keys arrive mostly in the order of `options`.
struct Places<'a> {
    options: &'a Options,
    next: usize,
    /// Built at the first key out of order.
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
    /// The whole table without counters: services with their real servers, time-outs and sync
    /// daemons. Compare two tables with `diff::plan`.
    ///
    /// The table contains every service that exists throughout the call, whatever other programs
    /// do. The services are read one after the other, so the table is no snapshot.
    pub fn table(&mut self) -> Result<Table, Error> {
        let mut table = Table { timeouts: Some(self.timeouts()?), ..Table::default() };
        table.daemons = [(DaemonRole::Master, None), (DaemonRole::Backup, None)].into();
        for daemon in self.daemons()? {
            table.daemons.insert(daemon.role, Some(daemon));
        }
        let mut reader = Reader::open(self, Columns::CONFIGURED)?;
        for row in reader.take_rows() {
            if let Some(pool) = reader.pool(self, row)? {
                table.pools.insert(pool.service.key, pool.into());
            }
        }
        Ok(table)
    }
}
