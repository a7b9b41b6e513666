//! Adds services again that `restore` cleared and whose lines the kernel then refused.

use crate::classic::RuleLine;
use crate::error::Error;
use crate::model::{Change, ServiceKey, Table};
use crate::netlink::Client;

use super::snapshot;

/// A service that was added again.
#[derive(Debug)]
pub struct Kept {
    pub service: ServiceKey,
    /// All its real servers were added again too.
    pub in_full: bool,
}

/// Adds again each service of `before` that the file names but the kernel no longer has. A service
/// is deleted only if a line says so. Returns the services added before an error, and that error.
pub fn bring_back(
    client: &mut Client,
    lines: &[RuleLine],
    before: &Table,
) -> (Vec<Kept>, Result<(), Error>) {
    let mut kept = Vec::new();
    let outcome = make_again(client, lines, before, &mut kept);
    (kept, outcome)
}

fn make_again(
    client: &mut Client,
    lines: &[RuleLine],
    before: &Table,
    kept: &mut Vec<Kept>,
) -> Result<(), Error> {
    let now = snapshot::keys(client)?;
    let is_gone = |key: &ServiceKey| !now.contains(key);
    for (key, pool) in before.pools.iter().filter(|(key, _)| is_gone(key) && asks_for(lines, key)) {
        let servers = pool.destinations.values().map(|it| Change::AddDestination(*key, *it));
        let service = [Change::AddService(pool.service.clone())];
        let changes: Vec<Change> = service.into_iter().chain(servers).collect();
        let refusals = client.batch(&changes)?;
        kept.push(Kept { service: *key, in_full: refusals.is_empty() });
    }
    Ok(())
}

/// Whether the last line about the service adds it.
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
