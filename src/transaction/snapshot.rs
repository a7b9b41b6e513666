//! Reads the kernel's table, or the parts of it that can matter, as a [`Table`].

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{Errno, Error};
use crate::model::{DaemonRole, DestinationEntry, Pool, Service, ServiceKey, Table};
use crate::netlink::Client;
use crate::reader::{Columns, Reader};

/// Reads the whole table. Time-outs and daemons are read only if `of` has them, since otherwise
/// nothing is compared with them. A pool equal to the one in `of` is shared with `of`.
pub fn whole(client: &mut Client, of: &Table) -> Result<Table, Error> {
    let reader = Reader::open(client, Columns::CONFIGURED)?;
    read(client, reader, of)
}

/// Like [`whole`], but with an open reader.
pub fn read(client: &mut Client, mut reader: Reader, of: &Table) -> Result<Table, Error> {
    let mut table = outside(client, of)?;
    let rows = reader.take_rows();
    table.pools.reserve(rows.len());
    for row in rows {
        let Some(servers) = reader.servers(client, row)? else { continue };
        let service = reader.service(row);
        let key = service.key;
        let pool = match of.pools.get(&key) {
            Some(desired) if is_as_listed(desired, &service, &servers) => Arc::clone(desired),
            desired => {
                let pool = Pool::listed(service, servers);
                let same = desired.filter(|desired| ***desired == pool);
                same.map_or_else(|| pool.into(), Arc::clone)
            }
        };
        table.pools.insert(key, pool);
    }
    Ok(table)
}

/// Whether the kernel's lists equal the desired pool, including the order in which real servers
/// were added. Most services are unchanged, and this comparison needs no map.
fn is_as_listed(desired: &Pool, service: &Service, servers: &[DestinationEntry]) -> bool {
    // The kernel lists the newest real server first.
    let listed = servers.iter().rev().map(|it| &it.destination);
    desired.service == *service && desired.destinations.values().eq(listed)
}

/// Keys of all services in the kernel.
pub fn keys(client: &mut Client) -> Result<HashSet<ServiceKey>, Error> {
    let reader = Reader::open(client, Columns::default())?;
    Ok(reader.rows().iter().map(|row| reader.key(*row)).collect())
}

/// Reads these services, as far as they exist.
pub fn services(
    client: &mut Client,
    keys: impl IntoIterator<Item = ServiceKey>,
) -> Result<Table, Error> {
    let mut table = Table::default();
    for key in keys {
        match client.service(&key) {
            Ok(found) => {
                let pool = Pool::listed(found.service, client.destinations(&key)?);
                table.pools.insert(key, pool.into());
            }
            Err(Error::Kernel { errno: Errno::ESRCH, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(table)
}

/// Reads every service, but the real servers only of services selected by `wanted`. All other
/// services get their real servers from `assumed`.
pub fn part(
    client: &mut Client,
    of: &Table,
    wanted: impl Fn(&ServiceKey) -> bool,
    assumed: &Table,
) -> Result<Table, Error> {
    let mut table = outside(client, of)?;
    let mut reader = Reader::open(client, Columns::CONFIGURED)?;
    for row in reader.take_rows() {
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

/// Reads two tables: the expected and the actual state of each service that `look` selects or that
/// differs from `expected`. `look` returns whether to read a service's real servers, or `None` to
/// ignore the service. Memory grows with the result, not with the table.
///
/// With `only_ipv4`, IPv6 services are ignored, and persistence engines are compared only if real
/// servers are read.
pub fn mismatches(
    client: &mut Client,
    expected: &Table,
    only_ipv4: bool,
    look: impl Fn(&ServiceKey) -> Option<bool>,
) -> Result<(Table, Table), Error> {
    let mut now = outside(client, expected)?;
    let mut should = Table { timeouts: expected.timeouts, ..Table::default() };
    should.daemons.clone_from(&expected.daemons);
    // By place in the expected table, because looking up a key takes longer.
    let mut seen = vec![false; expected.pools.len()];
    let columns = Columns::CONFIGURED;
    let short = if only_ipv4 { Reader::of_ipv4(client, columns) } else { None };
    let mut reader = match short {
        Some(reader) => reader,
        None => Reader::open(client, columns)?,
    };
    for row in reader.take_rows() {
        let key = reader.key(row);
        let Some(read) = look(&key) else { continue };
        let found = expected.pools.get_full(&key);
        let pool = found.map(|(_, _, pool)| pool);
        let surprising = pool.is_none_or(|pool| !reader.is_like(row, &pool.service));
        if read || surprising {
            let Some(pool_now) = reader.pool(client, row)? else { continue };
            now.pools.insert(key, pool_now.into());
            should.pools.extend(pool.map(|pool| (key, pool.clone())));
        }
        if let Some(seen) = found.and_then(|(place, ..)| seen.get_mut(place)) {
            *seen = true;
        }
    }
    let unseen = expected.pools.iter().zip(seen).filter(|(_, seen)| !seen).map(|(it, _)| it);
    let missing = unseen.filter(|(key, _)| look(key).is_some());
    should.pools.extend(missing.map(|(key, pool)| (*key, pool.clone())));
    Ok((should, now))
}

/// Reads time-outs and daemons, as far as `of` has them.
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
