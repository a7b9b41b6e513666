//! The kernel's table as a value.

use indexmap::IndexMap;

use crate::error::Error;
use crate::model::{DaemonRole, Pool, Service, ServiceKey, Table};
use crate::netlink::Client;

/// The whole table; time-outs and daemons only where `of` speaks of them: the others cannot differ.
pub(super) fn whole(client: &mut Client, of: &Table) -> Result<Table, Error> {
    let mut table = rest(client, of)?;
    for entry in client.services()? {
        let pool = pool(client, entry.service)?;
        table.pools.insert(pool.service.key, pool);
    }
    Ok(table)
}

/// Every service, but the real servers only of those that `wanted` names; the others have those of
/// `assumed`.
pub(super) fn part(
    client: &mut Client,
    of: &Table,
    wanted: impl Fn(&ServiceKey) -> bool,
    assumed: &Table,
) -> Result<Table, Error> {
    let mut table = rest(client, of)?;
    for entry in client.services()? {
        let key = entry.service.key;
        let pool = if wanted(&key) {
            pool(client, entry.service)?
        } else {
            let servers = assumed.pools.get(&key).map(|pool| pool.destinations.clone());
            Pool { service: entry.service, destinations: servers.unwrap_or_default() }
        };
        table.pools.insert(key, pool);
    }
    Ok(table)
}

fn pool(client: &mut Client, service: Service) -> Result<Pool, Error> {
    let entries = client.destinations(&service.key)?;
    // The kernel lists the newest first.
    let destinations: IndexMap<_, _> =
        entries.iter().rev().map(|entry| (entry.destination.key, entry.destination)).collect();
    Ok(Pool { service, destinations })
}

fn rest(client: &mut Client, of: &Table) -> Result<Table, Error> {
    let mut table = Table::default();
    if of.timeouts.is_some() {
        table.timeouts = Some(client.timeouts()?);
    }
    if !of.daemons.is_empty() {
        table.daemons = [(DaemonRole::Master, None), (DaemonRole::Backup, None)].into();
        for daemon in client.daemons()? {
            table.daemons.insert(daemon.role, Some(daemon));
        }
    }
    Ok(table)
}
