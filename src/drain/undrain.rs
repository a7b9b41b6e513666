//! Plans to give weights, flags and the kernel parameter back, or to delete drained real servers.
//! Pure.

use super::plan::{Note, Plan, Step, Target, absent};
use super::records::{Record, Records};
use super::request::{Back, Selection, Undrain};
use super::seen::Seen;
use crate::classic::describe_destination;
use crate::error::{DrainRefusal, Rejection};
use crate::model::{Change, Destination, DestinationKey, Service, ServiceKey};

/// Plans to give the selected real servers their weight back.
///
/// # Errors
/// The reason why the order is refused.
pub fn undrain(
    seen: &Seen,
    records: &Records,
    order: &Undrain,
    boot: &str,
) -> Result<Plan, Rejection> {
    let mut plan = Plan { records: records.clone(), ..Plan::default() };
    let is_chosen = |it: &&Record| order.selection.contains(&it.service, &it.server);
    for record in records.drains.iter().filter(is_chosen) {
        plan.give_back(seen, record, order)?;
        plan.records.drains.retain(|it| it != record);
    }
    plan.unrecorded(seen, records, order)?;
    plan.end(seen, boot);
    Ok(plan)
}

/// Plans to delete these real servers, which are drained.
pub fn remove(
    seen: &Seen,
    records: &Records,
    chosen: &[(ServiceKey, DestinationKey)],
    boot: &str,
) -> Plan {
    let mut plan = Plan { records: records.clone(), ..Plan::default() };
    for (service, server) in chosen {
        plan.records.drains.retain(|it| !it.is_of(service, server));
        let Some(found) = seen.server(service, server) else {
            plan.notes.push(Note::Gone(*service, *server));
            continue;
        };
        let from = found.destination.weight;
        if from != 0 {
            plan.notes.push(Note::Undone(*service, *server, from));
            continue;
        }
        plan.targets.push(Target { service: *service, server: *server, from, to: 0 });
        let make = Change::DeleteDestination(*service, *server);
        plan.steps.push(Step::Change { make, back: None });
        let is_remembered = seen.service(service).is_some_and(|it| {
            it.service.may_remember_datagrams() || it.service.persistence.is_some()
        });
        let is_left = found.active > 0 || is_remembered && found.inactive > 0;
        let is_dropped = seen.parameters.keeps_what_is_left();
        if is_left && is_dropped && !plan.notes.contains(&Note::NodestOff) {
            plan.notes.push(Note::NodestOff);
        }
    }
    plan.end(seen, boot);
    plan
}

/// Plans to drop the records of real servers that have gone, or have got a weight from another
/// program.
pub fn forget(seen: &Seen, records: &Records, boot: &str) -> Plan {
    let mut plan = Plan { records: records.clone(), ..Plan::default() };
    plan.records.drains.retain(|it| {
        let server = seen.server(&it.service, &it.server);
        server.is_some_and(|server| it.explains(server.destination.weight))
    });
    plan.end(seen, boot);
    plan
}

impl Plan {
    fn give_back(
        &mut self,
        seen: &Seen,
        record: &Record,
        order: &Undrain,
    ) -> Result<(), Rejection> {
        let Record { service, server, weight, .. } = record;
        let Some(found) = seen.server(service, server) else {
            self.notes.push(Note::Gone(*service, *server));
            return Ok(());
        };
        let found = &found.destination;
        if !record.explains(found.weight) {
            self.notes.push(Note::Undone(*service, *server, found.weight));
            return Ok(());
        }
        let to = match order.back {
            Back::Weight(weight) => weight,
            Back::Recorded if *weight > 0 => *weight,
            Back::Recorded if order.selection.service().is_some() => {
                let server = describe_destination(service, server);
                return Err(DrainRefusal::NoWeight { server }.into());
            }
            // A standby had weight 0 before. It must not keep the other real servers from getting
            // their weight.
            Back::Recorded => {
                self.notes.push(Note::StaysZero(*service, *server));
                found.weight
            }
        };
        self.raise(*service, found, to);
        Ok(())
    }

    fn raise(&mut self, service: ServiceKey, server: &Destination, to: u32) {
        let from = server.weight;
        self.targets.push(Target { service, server: server.key, from, to });
        if from != to {
            let raised = Destination { weight: to, ..*server };
            self.change(
                Change::UpdateDestination(service, raised),
                Change::UpdateDestination(service, *server),
            );
        }
    }

    /// Selected real servers that have no record.
    fn unrecorded(
        &mut self,
        seen: &Seen,
        records: &Records,
        order: &Undrain,
    ) -> Result<(), Rejection> {
        if order.selection == Selection::Recorded {
            return Ok(());
        }
        let is_one = order.selection.service().is_some();
        let mut is_there = false;
        let mut zero = None;
        for pool in &seen.services {
            let service = pool.service.key;
            for found in pool.servers.iter().map(|it| &it.destination) {
                if !order.selection.contains(&service, &found.key) {
                    continue;
                }
                is_there = true;
                if records.of(&service, &found.key).is_some() {
                    continue;
                }
                match order.back {
                    Back::Weight(weight) if is_one || found.weight == 0 => {
                        self.raise(service, found, weight);
                    }
                    Back::Recorded if found.weight == 0 => {
                        zero.get_or_insert_with(|| describe_destination(&service, &found.key));
                        self.notes.push(Note::NotDrained(service, found.key));
                        self.raise(service, found, 0);
                    }
                    // The real server has a weight, so there is nothing to give back.
                    _ => self.raise(service, found, found.weight),
                }
            }
        }
        let is_recorded =
            records.drains.iter().any(|it| order.selection.contains(&it.service, &it.server));
        let is_up = self.targets.iter().any(|it| it.to > 0);
        match zero {
            Some(server) if !is_recorded && !is_up => Err(DrainRefusal::NoRecord { server }.into()),
            _ if is_there || is_recorded => Ok(()),
            _ => Err(absent(seen, &order.selection)),
        }
    }

    /// Restores the scheduler flags and the kernel parameter that no drain needs any more.
    fn end(&mut self, seen: &Seen, boot: &str) {
        let drains = &self.records.drains;
        let is_needed = |service: &ServiceKey| drains.iter().any(|it| it.service == *service);
        let (kept, done): (Vec<_>, Vec<_>) =
            self.records.flags.drain(..).partition(|it| is_needed(&it.service));
        self.records.flags = kept;
        for held in done {
            let Some(pool) = seen.service(&held.service) else { continue };
            let now = &pool.service;
            if now.scheduler == held.scheduler && now.flags == held.former {
                continue;
            }
            if now.scheduler != held.scheduler || now.flags != held.set {
                self.notes.push(Note::FlagsForeign(held.service));
                continue;
            }
            let former = Service { flags: held.former, ..now.clone() };
            self.change(Change::UpdateService(former), Change::UpdateService(now.clone()));
            self.notes.push(Note::FlagsBack(held.service));
        }
        if self.records.drains.iter().any(|it| it.expires_templates) {
            return;
        }
        let held = self.records.template.take().filter(|it| it.boot == boot);
        let now = seen.parameters.expire_quiescent_template.as_deref();
        match (held, now) {
            (Some(held), Some("1")) => {
                let (value, former) = (held.former.clone(), "1".to_owned());
                self.steps.push(Step::Template { value, former });
                self.notes.push(Note::TemplatesBack(held.former));
            }
            (Some(held), Some(now)) if held.former != now => {
                self.notes.push(Note::TemplatesForeign);
            }
            _ => {}
        }
    }
}
