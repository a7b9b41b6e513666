//! `-L --json` and `-S --json`: the listings as one JSON object.

use crate::classic::Layout;
use crate::classic::describe_service;
use crate::classic::{List, Listing, Save};
use crate::error::Error;
use crate::json::connection::ConnectionFields;
use crate::json::{
    Counters, DaemonFields, DestinationFields, ServiceFields, TimeoutsFields, Writer,
};
use crate::model::{DestinationEntry, Info, ServiceEntry, ServiceKey};
use crate::netlink::Client;
use crate::output::order;
use crate::reader::{Columns, Reader};
use crate::system::connections::connections;

use super::Session;
use super::listing::{ask_first, rows};

pub(super) fn list(session: &mut Session<'_>, what: &List) -> Result<u8, Error> {
    match what {
        List::Services(key, listing) => listed(session, key.as_ref(), *listing)?,
        List::Connections { .. } => {
            ask_first(session)?;
            let connections = connections()?;
            let style = session.json_style();
            let mut writer = Writer::new(session.out, style)?;
            writer.list("connections")?;
            for connection in connections {
                writer.item(&ConnectionFields::from(&connection?))?;
            }
            writer.end_list()?;
            writer.end()?;
        }
        List::Timeouts => rest(session, true, false)?,
        List::Daemons => rest(session, false, true)?,
    }
    Ok(0)
}

/// `-S --json`: writes the table in the form that `apply` reads.
pub(super) fn save(session: &mut Session<'_>, save: Save) -> Result<u8, Error> {
    let mut reader = Reader::open(session.client()?, Columns::CONFIGURED)?;
    let rows = rows(&mut reader, true);
    let style = session.json_style();
    let (client, out) = session.client_and_out()?;
    let mut writer = Writer::new(out, style)?;
    writer.list("services")?;
    for row in rows {
        let Some(entry) = reader.entry(client, row)? else { continue };
        let Some(servers) = reader.servers(client, row)? else { continue };
        write_service(&mut writer, &entry, servers, None, true)?;
    }
    writer.end_list()?;
    if save.full {
        writer.field("timeouts", &TimeoutsFields::from(&client.timeouts()?))?;
        writer.field("daemons", &daemons(client)?)?;
    }
    writer.end()?;
    Ok(0)
}

fn listed(
    session: &mut Session<'_>,
    key: Option<&ServiceKey>,
    listing: Listing,
) -> Result<(), Error> {
    let counters = match listing.layout {
        _ if listing.both_counters => Counters::Both,
        Layout::Stats => Counters::Stats,
        Layout::Rate => Counters::Rate,
        _ => Counters::None,
    };
    let (live, sort) = (Some(counters), listing.sort);
    let style = session.json_style();
    let (client, out) = session.client_and_out()?;
    if let Some(key) = key {
        let entry = client.service(key).map_err(|error| error.about(describe_service(key)))?;
        let servers = client.destinations(key)?;
        let mut writer = Writer::new(out, style)?;
        writer.list("services")?;
        write_service(&mut writer, &entry, servers, live, sort)?;
        writer.end_list()?;
        return Ok(writer.end()?);
    }
    let Info { version: (major, minor, patch), connection_table_size } = client.info()?;
    // JSON lists all fields of services and real servers.
    let columns = Columns {
        totals: matches!(counters, Counters::Stats | Counters::Both),
        rates: matches!(counters, Counters::Rate | Counters::Both),
        ..Columns::CONFIGURED
    };
    let mut reader = Reader::open(client, columns)?;
    let rows = rows(&mut reader, sort);
    let mut writer = Writer::new(out, style)?;
    writer.field("version", &format!("{major}.{minor}.{patch}"))?;
    writer.field("connection_table_size", &connection_table_size)?;
    writer.list("services")?;
    for row in rows {
        let Some(entry) = reader.entry(client, row)? else { continue };
        let Some(servers) = reader.servers(client, row)? else { continue };
        write_service(&mut writer, &entry, servers, live, sort)?;
    }
    writer.end_list()?;
    Ok(writer.end()?)
}

/// Writes a service with the counters that `live` selects. If `live` is `None`, real servers are
/// written without their connections.
fn write_service(
    writer: &mut Writer<'_>,
    entry: &ServiceEntry,
    mut servers: Vec<DestinationEntry>,
    live: Option<Counters>,
    sort: bool,
) -> Result<(), Error> {
    if sort {
        servers = order::destinations(servers, |entry| entry.destination.key);
    }
    let servers = servers.iter().map(|server| match live {
        Some(counters) => DestinationFields::listed(server, counters),
        None => DestinationFields::from(&server.destination),
    });
    let fields = ServiceFields::listed(entry, servers.collect(), live.unwrap_or(Counters::None));
    Ok(writer.item(&fields)?)
}

fn rest(session: &mut Session<'_>, timeouts: bool, running: bool) -> Result<(), Error> {
    let style = session.json_style();
    let (client, out) = session.client_and_out()?;
    let mut writer = Writer::new(out, style)?;
    if timeouts {
        writer.field("timeouts", &TimeoutsFields::from(&client.timeouts()?))?;
    }
    if running {
        writer.field("daemons", &daemons(client)?)?;
    }
    writer.end()?;
    Ok(())
}

fn daemons(client: &mut Client) -> Result<Vec<DaemonFields>, Error> {
    Ok(client.daemons()?.iter().map(DaemonFields::from).collect())
}
