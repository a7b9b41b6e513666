//! Checks, before the first change, that the kernel has the schedulers and persistence engines that
//! a file names.

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

/// The schedulers and engines that a file names, each pair with the first place that names it.
#[derive(Clone, Debug, Default)]
pub struct Needs(IndexMap<(SchedulerName, Option<EngineName>), String>);

/// How to find out whether the kernel has a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Accept a module file in the kernel's module folder.
    Look,
    /// Accept only a loaded module; the kernel then loads missing ones, as it would for the
    /// service.
    Load,
}

impl Needs {
    pub fn of_lines(lines: &[RuleLine]) -> Self {
        let mut needs = Self::default();
        for line in lines {
            needs.add_line(line, |_| true);
        }
        needs
    }

    /// Needs of a table from JSON. `wanted` selects the services.
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

    /// Adds the needs of a rule line if `wanted` selects its service.
    pub fn add_line(&mut self, line: &RuleLine, wanted: impl Fn(&ServiceKey) -> bool) {
        if let Some(Change::AddService(service) | Change::UpdateService(service)) = line.change()
            && wanted(&service.key)
        {
            self.add(service, |change| format!("line {}: {}", line.number, describe(change)));
        }
    }

    fn add(&mut self, service: &Service, place: impl FnOnce(&Change) -> String) {
        // Most services of a file have the same scheduler as the service before.
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

    /// Needs that only the kernel can confirm; usually none.
    #[must_use]
    pub fn unseen(&self, effort: Effort) -> Self {
        let is_seen = |scheduler: &SchedulerName, engine: &Option<EngineName>| {
            is_there(scheduler.as_str(), &SCHEDULERS, "ip_vs_", effort)
                && engine.is_none_or(|it| is_there(it.as_str(), &ENGINES, "ip_vs_pe_", effort))
        };
        let unseen = self.0.iter().filter(|((scheduler, engine), _)| !is_seen(scheduler, engine));
        Self(unseen.map(|(needed, place)| (*needed, place.clone())).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks the kernel for each scheduler and engine.
    ///
    /// # Errors
    /// [`Rejection::NotOffered`] for up to ten names that the kernel does not have. If the kernel's
    /// answer does not tell, this check passes and the change itself will fail.
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

/// Whether a known module is loaded or, with [`Effort::Look`], installed. Only names that belong to
/// Linux count: `ip_vs_ftp` is a module with the right prefix, but no scheduler.
fn is_there(name: &str, known: &[Kind], prefix: &str, effort: Effort) -> bool {
    let module = || format!("{prefix}{name}");
    known.iter().any(|kind| kind.name == name)
        && (modules::present(&module()) || effort == Effort::Look && modules::is_at_hand(&module()))
}
