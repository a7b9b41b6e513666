//! `-L`: services with their real servers, time-outs, sync daemons.

use crate::cli::{List, Listing};
use crate::error::Error;
use crate::model::{DaemonRole, Naming, Numbers, ServiceEntry, ServiceKey};
use crate::output::list::{self, Style};
use crate::output::order;
use crate::rules::describe_service;
use crate::system::names::Resolver;

use super::Session;

pub(super) fn run(session: &mut Session<'_>, what: &List) -> Result<u8, Error> {
    match what {
        List::Services(Some(key), listing) => one(session, key, *listing)?,
        List::Services(None, listing) => all(session, *listing)?,
        List::Timeouts => {
            let timeouts = session.client()?.timeouts()?;
            writeln!(session.out, "{}", list::timeouts(&timeouts))?;
        }
        List::Daemons => daemons(session)?,
        List::Connections { .. } => {}
    }
    Ok(0)
}

fn all(session: &mut Session<'_>, listing: Listing) -> Result<(), Error> {
    let client = session.client()?;
    let info = client.info()?;
    let mut services = client.services()?;
    if listing.sort {
        order::services(&mut services);
    }
    writeln!(session.out, "{}", list::version(info))?;
    services_with_servers(session, &services, listing)
}

fn one(session: &mut Session<'_>, key: &ServiceKey, listing: Listing) -> Result<(), Error> {
    let service = session.client()?.service(key);
    let service = service.map_err(|error| error.about(describe_service(key)))?;
    services_with_servers(session, &[service], listing)
}

fn services_with_servers(
    session: &mut Session<'_>,
    services: &[ServiceEntry],
    listing: Listing,
) -> Result<(), Error> {
    let naming: &dyn Naming = if listing.numeric { &Numbers } else { &Resolver };
    let style = Style { columns: listing.columns, exact: listing.exact, naming };
    list::title(session.out, style.columns)?;
    for entry in services {
        let key = &entry.service.key;
        let mut destinations = session.client()?.destinations(key)?;
        if listing.sort {
            order::destinations(&mut destinations);
        }
        list::service(session.out, entry, &style)?;
        for destination in &destinations {
            list::destination(session.out, key, destination, &style)?;
        }
    }
    Ok(())
}

fn daemons(session: &mut Session<'_>) -> Result<(), Error> {
    let mut daemons = session.client()?.daemons()?;
    daemons.sort_by_key(|daemon| daemon.role != DaemonRole::Master);
    for daemon in &daemons {
        writeln!(session.out, "{}", list::daemon(daemon))?;
    }
    Ok(())
}
