//! The stages of a transaction: what a run did to the table or may have done, and how to take it
//! back.

use std::sync::Arc;

use indexmap::IndexSet;

use super::snapshot;
use crate::diff::{Delta, plan};
use crate::error::Error;
use crate::model::{Change, ServiceKey, Table};
use crate::netlink::Client;

/// One stage of a transaction, made on the table that the stages before it left.
#[derive(Debug)]
pub enum Stage {
    /// Changes that touch only the objects of this delta.
    Touched(Delta),
    /// All services were replaced. The table has the services before the stage, and the time-outs
    /// and daemons that the stage touched.
    Replaced(Table),
}

/// The part of the table that a stage touches, before and after it. The second is `None` if the
/// stage replaced all services.
pub type Sides<'a> = (&'a Table, Option<&'a Table>);

/// Stages in their order. After a crash each may be complete, partial or not begun.
#[derive(Debug, Default)]
pub struct Transaction(pub Vec<Stage>);

impl From<Delta> for Transaction {
    fn from(delta: Delta) -> Self {
        Self(vec![Stage::Touched(delta)])
    }
}

impl Stage {
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

    /// The table with every time-out and daemon that the stage touched.
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

    /// Whether no stage touches time-outs or daemons.
    pub fn is_of_services_only(&self) -> bool {
        let mut outside = self.0.iter().map(Stage::outside);
        outside.all(|it| it.timeouts.is_none() && it.daemons.is_empty())
    }

    pub fn deletes(&self) -> bool {
        self.0.iter().any(Stage::deletes)
    }

    /// Services that the stages touch, directly or through their real servers; `None` for all
    /// services.
    pub fn services(&self) -> Option<IndexSet<ServiceKey>> {
        let mut services = IndexSet::new();
        for stage in &self.0 {
            match stage {
                Stage::Touched(delta) => services.extend(delta.services()),
                Stage::Replaced(_) => return None,
            }
        }
        Some(services)
    }

    pub fn touches(&self, service: &ServiceKey) -> bool {
        !self.is_empty() && self.services().is_none_or(|it| it.contains(service))
    }

    /// Reads the current state of everything that the stages touch.
    pub fn look(&self, client: &mut Client) -> Result<Table, Error> {
        let outside = outside(&self.0);
        let services = self.services();
        let touched =
            |key: &ServiceKey| services.as_ref().is_none_or(|services| services.contains(key));
        snapshot::part(client, &outside, touched, &Table::default())
    }

    /// The changes that take all stages back, the last stage first, given the current table `now`.
    pub fn undo(&self, now: &Table) -> Vec<Change> {
        if let [only] = &self.0[..] {
            return only.undo(now);
        }
        let mut goal = now.clone();
        for stage in self.0.iter().rev() {
            for change in stage.undo(&goal) {
                make(&mut goal, &change);
            }
        }
        // One plan for all stages, since the kernel accepts some changes in one order only.
        plan(now, &goal)
    }
}

/// Every time-out and daemon that the stages touch.
pub fn outside<'a>(stages: impl IntoIterator<Item = &'a Stage>) -> Table {
    let mut outside = Table::default();
    for table in stages.into_iter().map(Stage::outside) {
        outside.timeouts = table.timeouts.or(outside.timeouts);
        outside.daemons.extend(table.daemons.clone());
    }
    outside
}

/// Applies one planned change to `table` without checks. `Table::change` refuses some real servers
/// that exist in the kernel: the kernel turns a tunnel to a local address into `local`, also across
/// families.
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
