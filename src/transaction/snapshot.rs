//! The kernel's table as a value.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::Error;
use crate::model::{DaemonRole, Pool, ServiceKey, Table};
use crate::netlink::Client;
use crate::reader::{Columns, Reader};

/// The whole table; time-outs and daemons only where `of` speaks of them: the others cannot differ.
/// A service that is as in `of` is shared with it.
pub fn whole(client: &mut Client, of: &Table) -> Result<Table, Error> {
    let mut table = outside(client, of)?;
    let mut reader = Reader::open(client, Columns::CONFIGURED)?;
    for row in reader.rows().to_vec() {
        let Some(pool) = reader.pool(client, row)? else { continue };
        let key = pool.service.key;
        let same = of.pools.get(&key).filter(|desired| ***desired == pool);
        table.pools.insert(key, same.map_or_else(|| pool.into(), Arc::clone));
    }
    Ok(table)
}

/// Which services there are.
pub fn keys(client: &mut Client) -> Result<HashSet<ServiceKey>, Error> {
    let reader = Reader::open(client, Columns::default())?;
    Ok(reader.rows().iter().map(|row| reader.key(*row)).collect())
}

/// Every service, but the real servers only of those that `wanted` names; the others have those of
/// `assumed`.
pub fn part(
    client: &mut Client,
    of: &Table,
    wanted: impl Fn(&ServiceKey) -> bool,
    assumed: &Table,
) -> Result<Table, Error> {
    let mut table = outside(client, of)?;
    let mut reader = Reader::open(client, Columns::CONFIGURED)?;
    for row in reader.rows().to_vec() {
        let key = reader.key(row);
        let pool = if wanted(&key) {
            let Some(pool) = reader.pool(client, row)? else { continue };
            pool
        } else {
            let service = reader.service(row);
            let servers = assumed.pools.get(&key).map(|pool| pool.destinations.clone());
            Pool { service, destinations: servers.unwrap_or_default() }
        };
        table.pools.insert(key, pool.into());
    }
    Ok(table)
}

/// The services that `look` names and those that differ from `expected`: first as expected, then as
/// the kernel has them. `look` says whether the real servers of a service are to be read, and `None`
/// for a service that is not ours. A table of any size costs no more memory than what is read.
pub fn mismatches(
    client: &mut Client,
    expected: &Table,
    look: impl Fn(&ServiceKey) -> Option<bool>,
) -> Result<(Table, Table), Error> {
    let mut now = outside(client, expected)?;
    let mut should = Table { timeouts: expected.timeouts, ..Table::default() };
    should.daemons.clone_from(&expected.daemons);
    let mut seen = HashSet::with_capacity(expected.pools.len());
    let mut reader = Reader::open(client, Columns::CONFIGURED)?;
    for row in reader.rows().to_vec() {
        let key = reader.key(row);
        let Some(read) = look(&key) else { continue };
        let pool = expected.pools.get(&key);
        let surprising = pool.is_none_or(|pool| pool.service != reader.service(row));
        if read || surprising {
            let Some(pool_now) = reader.pool(client, row)? else { continue };
            now.pools.insert(key, pool_now.into());
            should.pools.extend(pool.map(|pool| (key, pool.clone())));
        }
        seen.insert(key);
    }
    let ours = expected.pools.iter().filter(|(key, _)| look(key).is_some());
    let missing = ours.filter(|(key, _)| !seen.contains(*key));
    should.pools.extend(missing.map(|(key, pool)| (*key, pool.clone())));
    Ok((should, now))
}

/// Time-outs and daemons, where `of` speaks of them.
pub fn outside(client: &mut Client, of: &Table) -> Result<Table, Error> {
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
