//! Whether the kernel has the schedulers and persistence engines that a file names, before the first
//! change.

use indexmap::IndexMap;

use crate::classic::RuleLine;
use crate::classic::describe;
use crate::error::mistakes::MistakeList;
use crate::error::{Error, Module, Rejection};
use crate::model::{
    Change, ENGINES, EngineName, Kind, SCHEDULERS, SchedulerName, Service, ServiceKey, Table,
};
use crate::netlink::Client;
use crate::system::modules;

/// The schedulers and engines of a file, each pair with the place where it stands first.
#[derive(Clone, Debug, Default)]
pub struct Needs(IndexMap<(SchedulerName, Option<EngineName>), String>);

/// What may be done to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A module that lies ready in its folder is believed.
    Look,
    /// The kernel loads it, as it would for the service.
    Load,
}

impl Needs {
    /// Those of rule lines.
    pub fn of_lines(lines: &[RuleLine]) -> Self {
        let mut needs = Self::default();
        for line in lines {
            needs.add_line(line, |_| true);
        }
        needs
    }

    /// Those of a table that JSON describes.
    pub fn of_table(table: &Table, wanted: impl Fn(&ServiceKey) -> bool) -> Self {
        let mut needs = Self::default();
        for (number, pool) in table.pools.values().enumerate() {
            if wanted(&pool.service.key) {
                needs.add(&pool.service, |change| {
                    format!("services[{number}]: {}", describe(change))
                });
            }
        }
        needs
    }

    /// Adds those of a line, if its service is wanted.
    pub fn add_line(&mut self, line: &RuleLine, wanted: impl Fn(&ServiceKey) -> bool) {
        if let Some(Change::AddService(service) | Change::UpdateService(service)) = line.change()
            && wanted(&service.key)
        {
            self.add(service, |change| format!("line {}: {}", line.number, describe(change)));
        }
    }

    fn add(&mut self, service: &Service, place: impl FnOnce(&Change) -> String) {
        // Most services of a file have the scheduler of the one before.
        let same = |(scheduler, engine): &(SchedulerName, Option<EngineName>)| {
            *scheduler == service.scheduler && *engine == service.engine
        };
        if self.0.last().is_some_and(|(needed, _)| same(needed)) {
            return;
        }
        self.0
            .entry((service.scheduler, service.engine))
            .or_insert_with(|| place(&Change::AddService(service.clone())));
    }

    /// Those that are not visibly there; most often none.
    #[must_use]
    pub fn unseen(&self, effort: Effort) -> Self {
        let is_seen = |scheduler: &SchedulerName, engine: &Option<EngineName>| {
            is_there(scheduler.as_str(), &SCHEDULERS, "ip_vs_", effort)
                && engine.is_none_or(|it| is_there(it.as_str(), &ENGINES, "ip_vs_pe_", effort))
        };
        let unseen = self.0.iter().filter(|((scheduler, engine), _)| !is_seen(scheduler, engine));
        Self(unseen.map(|(needed, place)| (*needed, place.clone())).collect())
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks the kernel for them.
    ///
    /// # Errors
    /// [`Rejection::NotOffered`] for each that the kernel does not have, up to ten. Where it does not
    /// tell, the change itself will.
    pub fn check(&self, client: &mut Client) -> Result<(), Error> {
        let mut mistakes = MistakeList::default();
        for ((scheduler, engine), place) in &self.0 {
            let missing = if client.offers(*scheduler, None) == Some(false) {
                Module::Scheduler(scheduler.to_string())
            } else if let Some(engine) = engine
                && client.offers(*scheduler, Some(*engine)) == Some(false)
            {
                Module::Engine(engine.to_string())
            } else {
                continue;
            };
            let error = Rejection::NotOffered { module: missing, place: place.clone() };
            if !mistakes.add(error.into()) {
                break;
            }
        }
        mistakes.into_result()
    }
}

/// Of a name that is none of Linux's own the module may be something else: `ip_vs_ftp` is no
/// scheduler.
fn is_there(name: &str, known: &[Kind], prefix: &str, effort: Effort) -> bool {
    let module = || format!("{prefix}{name}");
    known.iter().any(|kind| kind.name == name)
        && (modules::present(&module()) || effort == Effort::Look && modules::is_at_hand(&module()))
}
