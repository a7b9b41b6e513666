//! [`Delta`]: what some changes touch, before and after them, so that they can be taken back.

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexSet;

use crate::model::{
    Change, Destination, DestinationKey, Pool, Service, ServiceKey, Table, Timeouts,
};

use super::plan::plan;
use super::scope::Limits;

/// The parts of a table that changes touch, before and after them. A service of which only real
/// servers are touched appears on both sides with its current configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// The touched parts before the changes.
    pub before: Table,
    /// The touched parts after the changes.
    pub after: Table,
}

impl Delta {
    /// The delta of `changes` made in the table `current`. Ignores [`Change::Flush`] and
    /// [`Change::Zero`], which no plan contains.
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>, current: &Table) -> Self {
        let mut delta = Self::default();
        for change in changes {
            delta.touch(change, current);
        }
        delta
    }

    /// The delta between two files. A time-out or daemon that only one file specifies counts as a
    /// difference, since without a kernel its other value is unknown.
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

    /// Treats a stopped daemon like an unspecified one, since neither has values to show.
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

    /// Adds a service that exists before the changes to both sides.
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

    /// The same delta, but a service that loses some of its real servers has all of them on both
    /// sides, in the order of the table `current`. A deleted real server alone has no place.
    pub fn with_order(&self, current: &Table) -> Cow<'_, Self> {
        let mut delta = Cow::Borrowed(self);
        for (key, before) in &self.before.pools {
            let (Some(after), Some(whole)) = (self.after.pools.get(key), current.pools.get(key))
            else {
                continue;
            };
            let is_gone = |server: &DestinationKey| {
                before.destinations.contains_key(server) && !after.destinations.contains_key(server)
            };
            if before.destinations.keys().any(is_gone) {
                let mut becomes = Pool::clone(whole);
                becomes.service.clone_from(&after.service);
                becomes.destinations.retain(|server, _| !is_gone(server));
                becomes.destinations.extend(after.destinations.iter().map(|(key, it)| (*key, *it)));
                let delta = delta.to_mut();
                delta.before.pools.insert(*key, Arc::clone(whole));
                delta.after.pools.insert(*key, becomes.into());
            }
        }
        delta
    }

    /// Services that are touched, directly or through their real servers.
    pub fn services(&self) -> IndexSet<ServiceKey> {
        self.before.pools.keys().chain(self.after.pools.keys()).copied().collect()
    }

    /// The changes that take the touched parts back, given the current table `now`, whether all,
    /// some or none of the changes were made. Parts that were not touched stay as they are. If
    /// another program has deleted an object that the changes only edited, it is not added again.
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

/// The touched parts of a service that exists now.
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

/// Removes from `before` the real servers that the changes only edited and that another program has
/// deleted since.
fn forgo(before: &mut Pool, after: &Pool, found: &Pool) {
    before.destinations.retain(|server, _| {
        found.destinations.contains_key(server) || !after.destinations.contains_key(server)
    });
}

fn pool<'a>(table: &'a mut Table, service: &Service) -> &'a mut Pool {
    let pool = table.pools.entry(service.key);
    Arc::make_mut(pool.or_insert_with(|| Pool::new(service.clone()).into()))
}

fn was(current: &Table, key: &ServiceKey, server: &DestinationKey) -> Option<Destination> {
    current.pools.get(key)?.destinations.get(server).copied()
}
