//! `-L --json` and `-S --json`: the listings as one object.

use crate::cli::{List, Listing, Save};
use crate::error::Error;
use crate::model::{Info, ServiceEntry, ServiceKey};
use crate::netlink::Client;
use crate::output::json::connection::ConnectionFields;
use crate::output::json::{
    Counters, DaemonFields, DestinationFields, ServiceFields, TimeoutsFields, Writer,
};
use crate::output::list::Columns;
use crate::output::order;
use crate::rules::describe_service;
use crate::system::connections::connections;

use super::Session;
use super::connections::ask_first;

pub(super) fn list(session: &mut Session<'_>, what: &List) -> Result<u8, Error> {
    match what {
        List::Services(key, listing) => listed(session, key.as_ref(), *listing)?,
        List::Connections { .. } => {
            ask_first(session)?;
            let connections = connections()?;
            let mut writer = Writer::new(session.out)?;
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

/// `-S --json`: what `apply` takes.
pub(super) fn save(session: &mut Session<'_>, save: Save) -> Result<u8, Error> {
    let services = order::services(session.client()?.services()?);
    services_with_servers(session, None, services, None, save.full)?;
    Ok(0)
}

fn listed(
    session: &mut Session<'_>,
    key: Option<&ServiceKey>,
    listing: Listing,
) -> Result<(), Error> {
    let counters = match listing.columns {
        Columns::Stats => Counters::Stats,
        Columns::Rate => Counters::Rate,
        _ => Counters::None,
    };
    let client = session.client()?;
    let (info, mut services) = match key {
        None => (Some(client.info()?), client.services()?),
        Some(key) => {
            let service = client.service(key);
            (None, vec![service.map_err(|error| error.about(describe_service(key)))?])
        }
    };
    if listing.sort {
        services = order::services(services);
    }
    services_with_servers(session, info, services, Some((counters, listing.sort)), false)
}

/// `live` is which counters to print besides the connections, and whether to sort.
fn services_with_servers(
    session: &mut Session<'_>,
    info: Option<Info>,
    services: Vec<ServiceEntry>,
    live: Option<(Counters, bool)>,
    full: bool,
) -> Result<(), Error> {
    let (client, out) = session.client_and_out()?;
    let mut writer = Writer::new(out)?;
    if let Some(Info { version: (major, minor, patch), connection_table_size }) = info {
        writer.field("version", &format!("{major}.{minor}.{patch}"))?;
        writer.field("connection_table_size", &connection_table_size)?;
    }
    writer.list("services")?;
    for entry in services {
        let mut servers = client.destinations(&entry.service.key)?;
        if live.is_none_or(|(_, sort)| sort) {
            servers = order::destinations(servers, |entry| entry.destination.key);
        }
        let servers = servers.iter().map(|server| match live {
            Some((counters, _)) => DestinationFields::listed(server, counters),
            None => DestinationFields::from(&server.destination),
        });
        let servers = servers.collect();
        let counters = live.map_or(Counters::None, |(counters, _)| counters);
        writer.item(&ServiceFields::listed(&entry, servers, counters))?;
    }
    writer.end_list()?;
    if full {
        writer.field("timeouts", &TimeoutsFields::from(&client.timeouts()?))?;
        writer.field("daemons", &daemons(client)?)?;
    }
    writer.end()?;
    Ok(())
}

fn rest(session: &mut Session<'_>, timeouts: bool, running: bool) -> Result<(), Error> {
    let (client, out) = session.client_and_out()?;
    let mut writer = Writer::new(out)?;
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
