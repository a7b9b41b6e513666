//! `-L`: services with their real servers, time-outs, sync daemons.

use std::io::Write;

use crate::cli::{List, Listing};
use crate::error::Error;
use crate::model::{Naming, Numbers, PlainDestination, Service, ServiceEntry, ServiceKey};
use crate::output::list::{self, Columns, Style};
use crate::output::order;
use crate::rules::describe_service;
use crate::system::names::Resolver;
use crate::system::table::{self, PlainTable};

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
    let client = session.client()?;
    let info = client.info()?;
    if listing.columns == Columns::Default {
        let services = client.configured_services()?;
        if let Some(table) = table::plain().filter(|table| agree(table, &services)) {
            writeln!(session.out, "{}", list::version(info))?;
            return plain(session, services, &table, listing);
        }
    }
    let mut services = client.services()?;
    if listing.sort {
        services = order::services(services);
    }
    writeln!(session.out, "{}", list::version(info))?;
    services_with_servers(session, &services, listing)
}

fn one(session: &mut Session<'_>, key: &ServiceKey, listing: Listing) -> Result<(), Error> {
    let service = session.client()?.service(key);
    let service = service.map_err(|error| error.about(describe_service(key)))?;
    services_with_servers(session, &[service], listing)
}

/// The two reads saw the same services.
fn agree(table: &PlainTable, services: &[Service]) -> bool {
    let keys = services.iter().map(|service| &service.key);
    let mut by_address = keys.filter(|key| matches!(key, ServiceKey::Address { .. }));
    by_address.clone().count() == table.services().len()
        && by_address.all(|key| table.get(key).is_some())
}

fn plain(
    session: &mut Session<'_>,
    mut services: Vec<Service>,
    table: &PlainTable,
    listing: Listing,
) -> Result<(), Error> {
    let style = style(listing);
    if listing.sort {
        services = order::by_service(services, |service| service.key);
    }
    list::title(&mut session.listing(), style.columns)?;
    for service in &services {
        let key = &service.key;
        let mut servers: Vec<PlainDestination> = match table.get(key) {
            Some(servers) => servers.to_vec(),
            None => session.client()?.destinations(key)?.iter().map(Into::into).collect(),
        };
        if listing.sort {
            servers = order::destinations(servers, |server| server.key);
        }
        list::plain_service(&mut session.listing(), service, style.naming)?;
        for server in &servers {
            list::plain_destination(&mut session.listing(), key, server, style.naming)?;
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
    list::title(&mut session.listing(), style.columns)?;
    for entry in services {
        let key = &entry.service.key;
        let mut destinations = session.client()?.destinations(key)?;
        if listing.sort {
            destinations = order::destinations(destinations, |entry| entry.destination.key);
        }
        list::service(&mut session.listing(), entry, &style)?;
        for destination in &destinations {
            list::destination(&mut session.listing(), key, destination, &style)?;
        }
    }
    Ok(())
}

fn style(listing: Listing) -> Style<'static> {
    let naming: &dyn Naming = if listing.numeric { &Numbers } else { &Resolver };
    Style { columns: listing.columns, exact: listing.exact, naming }
}

fn daemons(session: &mut Session<'_>) -> Result<(), Error> {
    for daemon in session.client()?.daemons()? {
        writeln!(session.listing(), "{}", list::daemon(&daemon))?;
    }
    Ok(())
}
