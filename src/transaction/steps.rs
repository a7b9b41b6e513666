//! The steps of a transaction: what was done to the table, or may have been, and the way back.

use std::sync::Arc;

use indexmap::IndexSet;

use super::snapshot;
use crate::diff::{Delta, plan};
use crate::error::Error;
use crate::model::{Change, ServiceKey, Table};
use crate::netlink::Client;

/// A part of a transaction, made on the table that the parts before it had left.
#[derive(Debug)]
pub enum Step {
    /// Changes that touch this.
    Touched(Delta),
    /// Every service was replaced: the services before, and the time-outs and daemons that were
    /// touched.
    Replaced(Table),
}

/// A step before and after; nothing after where every service was replaced.
pub type Sides<'a> = (&'a Table, Option<&'a Table>);

/// Steps that were made one after the other, each in full, in part or not at all.
#[derive(Debug, Default)]
pub struct Transaction(pub Vec<Step>);

impl From<Delta> for Transaction {
    fn from(delta: Delta) -> Self {
        Self(vec![Step::Touched(delta)])
    }
}

impl Step {
    fn undo(&self, now: &Table) -> Vec<Change> {
        match self {
            Self::Touched(delta) => delta.undo(now),
            Self::Replaced(before) => plan(now, before),
        }
    }

    pub fn sides(&self) -> Sides<'_> {
        match self {
            Self::Touched(delta) => (&delta.before, Some(&delta.after)),
            Self::Replaced(before) => (before, None),
        }
    }

    /// The side that speaks of all time-outs and daemons that were touched.
    fn outside(&self) -> &Table {
        let (before, after) = self.sides();
        after.unwrap_or(before)
    }

    fn deletes(&self) -> bool {
        match self {
            Self::Touched(Delta { before, after }) => {
                before.pools.keys().any(|key| !after.pools.contains_key(key))
            }
            Self::Replaced(before) => !before.pools.is_empty(),
        }
    }
}

impl Transaction {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Neither time-outs nor daemons are touched.
    pub fn is_of_services_only(&self) -> bool {
        let mut outside = self.0.iter().map(Step::outside);
        outside.all(|it| it.timeouts.is_none() && it.daemons.is_empty())
    }

    pub fn deletes(&self) -> bool {
        self.0.iter().any(Step::deletes)
    }

    /// The services that are touched, or whose real servers are; `None` for all there are.
    pub fn services(&self) -> Option<IndexSet<ServiceKey>> {
        let mut services = IndexSet::new();
        for step in &self.0 {
            match step {
                Step::Touched(delta) => services.extend(delta.services()),
                Step::Replaced(_) => return None,
            }
        }
        Some(services)
    }

    pub fn touches(&self, service: &ServiceKey) -> bool {
        !self.is_empty() && self.services().is_none_or(|it| it.contains(service))
    }

    /// What is there now of what is touched.
    pub fn look(&self, client: &mut Client) -> Result<Table, Error> {
        let mut outside = Table::default();
        for table in self.0.iter().map(Step::outside) {
            outside.timeouts = table.timeouts.or(outside.timeouts);
            outside.daemons.extend(table.daemons.clone());
        }
        let services = self.services();
        let touched =
            |key: &ServiceKey| services.as_ref().is_none_or(|services| services.contains(key));
        snapshot::part(client, &outside, touched, &Table::default())
    }

    /// The changes that take everything back, the last step first, in a table that is now `now`.
    pub fn undo(&self, now: &Table) -> Vec<Change> {
        if let [only] = &self.0[..] {
            return only.undo(now);
        }
        let mut goal = now.clone();
        for step in self.0.iter().rev() {
            for change in step.undo(&goal) {
                make(&mut goal, &change);
            }
        }
        // All at once: the kernel takes some changes in one order only.
        plan(now, &goal)
    }
}

/// A real server that was there may be one that nobody could add: the kernel makes a local one of a
/// tunnel, of another family too. Of the other changes, planned for this table, none is refused.
fn make(table: &mut Table, change: &Change) {
    match change {
        Change::AddDestination(key, server) | Change::UpdateDestination(key, server) => {
            if let Some(pool) = table.pools.get_mut(key) {
                Arc::make_mut(pool).destinations.insert(server.key, *server);
            }
        }
        _ => drop(table.change(change)),
    }
}
