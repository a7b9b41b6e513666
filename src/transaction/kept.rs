//! Adds services again that `restore` cleared and whose lines the kernel then refused.

use crate::classic::RuleLine;
use crate::error::{Errno, Error};
use crate::model::{Change, ServiceKey, Table};
use crate::netlink::{Client, Refusal};

use super::snapshot;

/// A service that was to be added again.
#[derive(Debug)]
pub struct Kept {
    pub service: ServiceKey,
    pub extent: Extent,
}

/// How much of a service was added again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The service with all its real servers.
    Whole,
    /// The service without some of its real servers.
    Part,
    /// Nothing: the kernel has refused the service.
    Nothing,
}

/// What became of a service, from the refusals of its addition (the first change) and of those of its
/// real servers. `None` if another program has added it in the meantime: its service stays.
fn extent(refusals: &[Refusal]) -> Option<Extent> {
    match refusals.iter().find(|refusal| refusal.index == 0) {
        Some(refusal) if refusal.errno == Errno::EEXIST => None,
        Some(_) => Some(Extent::Nothing),
        None if refusals.is_empty() => Some(Extent::Whole),
        None => Some(Extent::Part),
    }
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
        kept.extend(extent(&refusals).map(|extent| Kept { service: *key, extent }));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_restored_in_part_only_if_the_kernel_has_it() {
        let refusal = |index, errno| Refusal { index, errno };
        let orphan = refusal(1, Errno::ESRCH);
        assert_eq!(extent(&[]), Some(Extent::Whole));
        assert_eq!(extent(&[refusal(2, Errno::EINVAL)]), Some(Extent::Part));
        assert_eq!(extent(&[refusal(0, Errno::ENOENT), orphan]), Some(Extent::Nothing));
        assert_eq!(extent(&[refusal(0, Errno::EEXIST), refusal(1, Errno::EEXIST)]), None);
    }
}
