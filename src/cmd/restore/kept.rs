//! Services that a file names, where the table was cleared first and the kernel then refused their
//! lines.

use crate::classic::RuleLine;
use crate::classic::describe_service;
use crate::error::Error;
use crate::model::{Change, ServiceKey, Table};

use super::{Session, snapshot};

/// Makes them again as they were `before`: only a line that says so deletes a service.
pub(super) fn bring_back(
    session: &mut Session<'_>,
    lines: &[RuleLine],
    before: &Table,
) -> Result<(), Error> {
    let now = snapshot::keys(session.client()?)?;
    let is_gone = |key: &ServiceKey| !now.contains(key);
    for (key, pool) in before.pools.iter().filter(|(key, _)| is_gone(key) && asks_for(lines, key)) {
        let servers = pool.destinations.values().map(|it| Change::AddDestination(*key, *it));
        let service = [Change::AddService(pool.service.clone())];
        let changes: Vec<Change> = service.into_iter().chain(servers).collect();
        let refusals = session.client()?.batch(&changes)?;
        let outcome = if refusals.is_empty() { "is back" } else { "is only in part back" };
        session.hint(&[format!("{} {outcome} as it was before", describe_service(key))]);
    }
    Ok(())
}

/// After the last line that deletes the service there is one that makes it.
fn asks_for(lines: &[RuleLine], key: &ServiceKey) -> bool {
    let mut asked = false;
    for change in lines.iter().filter_map(RuleLine::change) {
        match change {
            Change::AddService(service) if service.key == *key => asked = true,
            Change::DeleteService(deleted) if deleted == key => asked = false,
            Change::Flush => asked = false,
            _ => {}
        }
    }
    asked
}
