//! `-L`: services with their real servers, time-outs, sync daemons.

use std::collections::HashMap;

use crate::cli::{List, Listing};
use crate::error::Error;
use crate::model::{DaemonRole, Naming, Numbers, PlainDestination, ServiceEntry, ServiceKey};
use crate::output::list::{self, Columns, Style};
use crate::output::order;
use crate::rules::describe_service;
use crate::system::names::Resolver;
use crate::system::table;

use super::{Session, connections};

type Servers = HashMap<ServiceKey, Vec<PlainDestination>>;

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
    let client = session.client()?;
    let info = client.info()?;
    let mut services = client.services()?;
    if listing.sort {
        services = order::services(services);
    }
    writeln!(session.out, "{}", list::version(info))?;
    if listing.columns == Columns::Default
        && let Some(table) = table::destinations().filter(|table| agree(table, &services))
    {
        return plain(session, &services, table, listing);
    }
    services_with_servers(session, &services, listing)
}

fn one(session: &mut Session<'_>, key: &ServiceKey, listing: Listing) -> Result<(), Error> {
    let service = session.client()?.service(key);
    let service = service.map_err(|error| error.about(describe_service(key)))?;
    services_with_servers(session, &[service], listing)
}

/// The two reads saw the same services.
fn agree(table: &Servers, services: &[ServiceEntry]) -> bool {
    let keys = services.iter().map(|entry| entry.service.key);
    let by_address: Vec<ServiceKey> =
        keys.filter(|key| matches!(key, ServiceKey::Address { .. })).collect();
    by_address.len() == table.len() && by_address.iter().all(|key| table.contains_key(key))
}

fn plain(
    session: &mut Session<'_>,
    services: &[ServiceEntry],
    mut table: Servers,
    listing: Listing,
) -> Result<(), Error> {
    let style = style(listing);
    list::title(session.out, style.columns)?;
    for entry in services {
        let key = &entry.service.key;
        let mut servers = match table.remove(key) {
            Some(servers) => servers,
            None => session.client()?.destinations(key)?.iter().map(Into::into).collect(),
        };
        if listing.sort {
            servers = order::destinations(servers, |server| server.key);
        }
        list::service(session.out, entry, &style)?;
        for server in &servers {
            list::plain_destination(session.out, key, server, style.naming)?;
        }
    }
    Ok(())
}

fn services_with_servers(
    session: &mut Session<'_>,
    services: &[ServiceEntry],
    listing: Listing,
) -> Result<(), Error> {
    let style = style(listing);
    list::title(session.out, style.columns)?;
    for entry in services {
        let key = &entry.service.key;
        let mut destinations = session.client()?.destinations(key)?;
        if listing.sort {
            destinations = order::destinations(destinations, |entry| entry.destination.key);
        }
        list::service(session.out, entry, &style)?;
        for destination in &destinations {
            list::destination(session.out, key, destination, &style)?;
        }
    }
    Ok(())
}

fn style(listing: Listing) -> Style<'static> {
    let naming: &dyn Naming = if listing.numeric { &Numbers } else { &Resolver };
    Style { columns: listing.columns, exact: listing.exact, naming }
}

fn daemons(session: &mut Session<'_>) -> Result<(), Error> {
    let mut daemons = session.client()?.daemons()?;
    daemons.sort_by_key(|daemon| daemon.role != DaemonRole::Master);
    for daemon in &daemons {
        writeln!(session.out, "{}", list::daemon(daemon))?;
    }
    Ok(())
}
