//! `-L`: lists services with their real servers, time-outs, sync daemons.

use std::io::Write;
use std::net::IpAddr;

use crate::classic::Layout;
use crate::classic::describe_service;
use crate::classic::{List, Listing};
use crate::error::Error;
use crate::model::{DestinationEntry, Naming, ServiceEntry, ServiceKey};
use crate::output::list::{self, Style};
use crate::output::order;
use crate::reader::{Columns, Reader};

use super::listing::{at_once, naming, rows};
use super::{Session, connections};

pub(super) fn run(session: &mut Session<'_>, what: &List) -> Result<u8, Error> {
    match what {
        List::Services(Some(key), listing) => one(session, key, *listing)?,
        List::Services(None, listing) => all(session, *listing)?,
        List::Timeouts => {
            let timeouts = session.client()?.timeouts()?;
            writeln!(session.out, "{}", list::timeouts(&timeouts))?;
        }
        List::Daemons => daemons(session)?,
        List::Connections { numeric, engine } => connections::run(session, *numeric, *engine)?,
    }
    Ok(0)
}

fn all(session: &mut Session<'_>, listing: Listing) -> Result<(), Error> {
    let (client, mut out) = session.client_and_listing()?;
    let info = client.info()?;
    let mut reader = Reader::open(client, columns(listing.layout))?;
    let rows = rows(&mut reader, listing.sort);
    writeln!(out, "{}", list::version(info))?;
    let naming = naming(listing.numeric);
    let style = style(listing, &*naming);
    list::title(&mut out, style.layout)?;
    for rows in rows.chunks(at_once(listing.numeric)) {
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(entry) = reader.entry(client, *row)? else { continue };
            let Some(servers) = reader.servers(client, *row)? else { continue };
            read.push((entry, servers));
        }
        naming.prepare(&mut read.iter().flat_map(|(entry, servers)| addresses(entry, servers)));
        for (entry, servers) in read {
            service_with_servers(&mut out, &entry, servers, listing.sort, &style)?;
        }
    }
    Ok(())
}

/// All addresses of a service, for a common lookup of their names.
fn addresses<'a>(
    entry: &'a ServiceEntry,
    servers: &'a [DestinationEntry],
) -> impl Iterator<Item = IpAddr> + 'a {
    let servers = servers.iter().map(|server| server.destination.key.address);
    entry.service.key.address().into_iter().chain(servers)
}

/// Columns that the reader must provide for a layout.
pub(super) fn columns(listed: Layout) -> Columns {
    let is_counted = matches!(listed, Layout::Stats | Layout::Rate);
    Columns {
        totals: listed == Layout::Stats,
        rates: listed == Layout::Rate,
        engines: !is_counted,
        tunnels: listed == Layout::Tunnel,
        growth: false,
    }
}

fn one(session: &mut Session<'_>, key: &ServiceKey, listing: Listing) -> Result<(), Error> {
    let (client, mut out) = session.client_and_listing()?;
    let entry = client.service(key).map_err(|error| error.about(describe_service(key)))?;
    let servers = client.destinations(key)?;
    let naming = naming(listing.numeric);
    let style = style(listing, &*naming);
    naming.prepare(&mut addresses(&entry, &servers));
    list::title(&mut out, style.layout)?;
    service_with_servers(&mut out, &entry, servers, listing.sort, &style)
}

fn service_with_servers(
    out: &mut dyn Write,
    entry: &ServiceEntry,
    mut servers: Vec<DestinationEntry>,
    sort: bool,
    style: &Style<'_>,
) -> Result<(), Error> {
    if sort {
        servers = order::destinations(servers, |server| server.destination.key);
    }
    list::service(out, entry, style)?;
    for server in &servers {
        list::destination(out, &entry.service.key, server, style)?;
    }
    Ok(())
}

fn style(listing: Listing, naming: &dyn Naming) -> Style<'_> {
    Style { layout: listing.layout, exact: listing.exact, naming }
}

fn daemons(session: &mut Session<'_>) -> Result<(), Error> {
    for daemon in session.client()?.daemons()? {
        writeln!(session.listing(), "{}", list::daemon(&daemon))?;
    }
    Ok(())
}
