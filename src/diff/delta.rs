//! The way back: what some changes touch, as it was before and as it should be after.

use std::sync::Arc;

use indexmap::IndexSet;

use crate::model::{Change, Destination, Pool, Service, ServiceKey, Table, Timeouts};

use super::plan::plan;
use super::scope::Limits;

/// The parts of a table that changes touch, before and after them. A service that is not touched
/// itself, but has real servers that are, stands in both as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// As it was.
    pub before: Table,
    /// As it should become.
    pub after: Table,
}

impl Delta {
    /// What `changes`, made in a table that was `current`, touch. Nothing for [`Change::Flush`] and
    /// [`Change::Zero`], which no plan contains.
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>, current: &Table) -> Self {
        let mut delta = Self::default();
        for change in changes {
            delta.touch(change, current);
        }
        delta
    }

    /// What differs between two files. A time-out or daemon that only one of them mentions counts as
    /// a difference: without a kernel nobody can say that it would come to the same.
    pub fn between(before: &Table, after: &Table, limits: &Limits) -> Self {
        let after = limits.target(before, after);
        let mut delta = Self::default();
        for key in before.pools.keys().chain(after.pools.keys()) {
            let (was, becomes) = (before.pools.get(key), after.pools.get(key));
            if was != becomes {
                delta.before.pools.extend(was.map(|pool| (*key, pool.clone())));
                delta.after.pools.extend(becomes.map(|pool| (*key, pool.clone())));
            }
        }
        if limits.contain_the_rest() {
            delta.contrast_timeouts(before, &after);
            delta.contrast_daemons(before, &after);
        }
        delta
    }

    fn contrast_timeouts(&mut self, before: &Table, after: &Table) {
        let said = |table: &Table| table.timeouts.filter(|it| *it != Timeouts::KEPT);
        let differ = said(before) != said(after);
        self.before.timeouts = said(before).filter(|_| differ);
        self.after.timeouts = said(after).filter(|_| differ);
    }

    /// A daemon that is not to run is like one that is not spoken of: neither is there to show.
    fn contrast_daemons(&mut self, before: &Table, after: &Table) {
        for role in before.daemons.keys().chain(after.daemons.keys()) {
            let said = |table: &Table| table.daemons.get(role).cloned().flatten();
            if said(before) != said(after) {
                self.before.daemons.insert(*role, said(before));
                self.after.daemons.insert(*role, said(after));
            }
        }
    }

    fn touch(&mut self, change: &Change, current: &Table) {
        match change {
            Change::AddService(service) | Change::UpdateService(service) => {
                self.mention(&service.key, current);
                pool(&mut self.after, service).service = service.clone();
            }
            Change::DeleteService(key) => {
                self.after.pools.shift_remove(key);
                if let Some(was) = current.pools.get(key) {
                    self.before.pools.insert(*key, was.clone());
                }
            }
            Change::AddDestination(key, server) | Change::UpdateDestination(key, server) => {
                self.mention(key, current);
                if let Some(pool) = self.after.pools.get_mut(key).map(Arc::make_mut) {
                    pool.destinations.insert(server.key, *server);
                }
                self.remember(key, was(current, key, &server.key));
            }
            Change::DeleteDestination(key, server) => {
                self.mention(key, current);
                self.remember(key, was(current, key, server));
            }
            Change::SetTimeouts(timeouts) => {
                self.before.timeouts = current.timeouts;
                self.after.timeouts = Some(timeouts.over(self.after.timeouts.or(current.timeouts)));
            }
            Change::StartDaemon(daemon) => {
                let was = current.daemons.get(&daemon.role).cloned().flatten();
                self.before.daemons.entry(daemon.role).or_insert(was);
                self.after.daemons.insert(daemon.role, Some(daemon.clone()));
            }
            Change::StopDaemon(role) => {
                let was = current.daemons.get(role).cloned().flatten();
                self.before.daemons.entry(*role).or_insert(was);
                self.after.daemons.insert(*role, None);
            }
            Change::Flush | Change::Zero(_) => {}
        }
    }

    /// Puts a service that exists before the changes on both sides.
    fn mention(&mut self, key: &ServiceKey, current: &Table) {
        if let Some(was) = current.pools.get(key)
            && !self.before.pools.contains_key(key)
        {
            self.before.pools.insert(*key, Pool::new(was.service.clone()).into());
            self.after.pools.insert(*key, Pool::new(was.service.clone()).into());
        }
    }

    fn remember(&mut self, key: &ServiceKey, was: Option<Destination>) {
        if let (Some(pool), Some(was)) = (self.before.pools.get_mut(key).map(Arc::make_mut), was) {
            pool.destinations.insert(was.key, was);
        }
    }

    /// The services that are touched, or whose real servers are.
    pub fn services(&self) -> IndexSet<ServiceKey> {
        self.before.pools.keys().chain(self.after.pools.keys()).copied().collect()
    }

    /// The changes that bring what was touched back, in a table that is now `now`: with all, some
    /// or none of the changes made. What was not touched is left alone, whoever changed it. Nor is
    /// it ours to undo that somebody else has deleted what we only edited.
    pub fn undo(&self, now: &Table) -> Vec<Change> {
        let mut goal = self.before.clone();
        if let (Some(before), Some(after)) = (goal.timeouts, self.after.timeouts) {
            goal.timeouts = Some(before.differing_from(after));
        }
        let mut part = Table { timeouts: now.timeouts, ..Table::default() };
        part.daemons.clone_from(&now.daemons);
        for key in self.services() {
            let (before, after) = (self.before.pools.get(&key), self.after.pools.get(&key));
            match (now.pools.get(&key), before, after) {
                (Some(found), ..) => {
                    part.pools.insert(key, touched(found, before, after).into());
                    if let (Some(before), Some(after)) = (goal.pools.get_mut(&key), after) {
                        forgo(Arc::make_mut(before), after, found);
                    }
                }
                (None, Some(_), Some(_)) => {
                    goal.pools.shift_remove(&key);
                }
                (None, ..) => {}
            }
        }
        plan(&part, &goal)
    }
}

/// What of a service that is there now was touched.
fn touched(found: &Pool, before: Option<&Arc<Pool>>, after: Option<&Arc<Pool>>) -> Pool {
    let service = match (before, after) {
        (Some(before), Some(after)) if before.service == after.service => &before.service,
        _ => &found.service,
    };
    let mut pool = Pool::new(service.clone());
    for server in before.into_iter().chain(after).flat_map(|pool| pool.destinations.keys()) {
        let found = found.destinations.get(server);
        pool.destinations.extend(found.map(|found| (*server, *found)));
    }
    pool
}

/// Takes from `before` the real servers that are in `after` too, and yet not `found`.
fn forgo(before: &mut Pool, after: &Pool, found: &Pool) {
    before.destinations.retain(|server, _| {
        found.destinations.contains_key(server) || !after.destinations.contains_key(server)
    });
}

fn pool<'a>(table: &'a mut Table, service: &Service) -> &'a mut Pool {
    let pool = table.pools.entry(service.key);
    Arc::make_mut(pool.or_insert_with(|| Pool::new(service.clone()).into()))
}

fn was(
    current: &Table,
    key: &ServiceKey,
    server: &crate::model::DestinationKey,
) -> Option<Destination> {
    current.pools.get(key)?.destinations.get(server).copied()
}
