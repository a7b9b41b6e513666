//! Reads the table for `top`.

use std::time::Instant;

use super::super::Session;
use super::super::listing::rows;
use crate::drain::Store;
use crate::error::Error;
use crate::output::order;
use crate::output::top::{Reading, ServiceReading};
use crate::reader::{Columns, Reader};

/// Columns of a reading: the rates are computed from several readings.
pub const COLUMNS: Columns =
    Columns { totals: false, rates: false, growth: true, engines: false, tunnels: false };

/// Columns of the first reading: until there are more, the rates are those of the kernel.
pub const FIRST: Columns = Columns { rates: true, ..COLUMNS };

/// Reads the table. Services that are deleted meanwhile are left out.
pub fn read(session: &mut Session<'_>, columns: Columns, start: Instant) -> Result<Reading, Error> {
    let client = session.client()?;
    let mut reader = Reader::open(client, columns)?;
    let records = Store::look()?.read()?;
    // The services are read one after the other, each at a moment of its own. All moments of a
    // reading are about as much later as those of the reading before.
    let at = start.elapsed();
    let mut services = Vec::with_capacity(reader.rows().len());
    for row in rows(&mut reader, true) {
        let Some(entry) = reader.entry(client, row)? else { continue };
        let Some(servers) = reader.servers(client, row)? else { continue };
        let servers = order::destinations(servers, |server| server.destination.key);
        services.push(ServiceReading::new(entry, servers, &records));
    }
    Ok(Reading { at, has_rates: columns.rates, services })
}
