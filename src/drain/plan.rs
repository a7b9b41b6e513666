//! Turns the table, the records and an order into a plan or a refusal. Pure.

use super::records::{HeldFlags, HeldParameter, Record, Records};
use super::request::{Hash, Order, Selection, Templates};
use super::schedulers::Habit;
use super::seen::{Seen, SeenService};
use crate::classic::{describe_destination, describe_service};
use crate::error::{DrainRefusal, Rejection};
use crate::model::{Change, Destination, DestinationKey, Service, ServiceKey};

/// The user, the time and the boot, for the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Name of the user who runs the command.
    pub by: String,
    /// The present time, as RFC 3339 writes it.
    pub now: String,
    /// Boot ID of the running kernel.
    pub boot: String,
}

/// A real server that a plan is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Key of the service that has the real server.
    pub service: ServiceKey,
    /// Address and port of the real server.
    pub server: DestinationKey,
    /// Weight before the plan.
    pub from: u32,
    /// Weight after the plan.
    pub to: u32,
}

/// A remark about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The weight was 0 before this drain, so the record has no weight to give back.
    ZeroBefore(ServiceKey, DestinationKey),
    /// The real server was drained before, and another program has given it this weight.
    Again(ServiceKey, DestinationKey, u32),
    /// The flag of this service is set until its drains end.
    FlagSet(ServiceKey, &'static str),
    /// The flags of the service are as before its drains.
    FlagsBack(ServiceKey),
    /// Another program has changed the scheduler or its flags: the plan leaves them alone.
    FlagsForeign(ServiceKey),
    /// Templates keep sending known clients to the real server until this many seconds after their
    /// last connection.
    TemplatesKept(ServiceKey, u32),
    /// `expire_quiescent_template` is 1 until the drains end.
    TemplatesExpire,
    /// `expire_quiescent_template` has the value from before the drains.
    TemplatesBack(String),
    /// Another program has set `expire_quiescent_template`: the plan leaves it alone.
    TemplatesForeign,
    /// This network namespace has no `expire_quiescent_template`.
    NoTemplateParameter,
    /// The kernel forgets a UDP client only this many seconds after its last datagram.
    Udp(u32),
    /// `conn_reuse_mode` is 0: a new connection from the port of a finished one goes to the old
    /// real server.
    ReuseOff,
    /// `expire_nodest_conn` is 0: under persistence, `conn_reuse_mode` has no effect.
    PortsHeld,
    /// `expire_nodest_conn` is 0: when a real server is deleted, the kernel drops the packets of
    /// its remaining connections.
    NodestOff,
    /// Another program has given the real server this weight: the plan leaves it alone.
    Undone(ServiceKey, DestinationKey, u32),
    /// The weight was 0 before the drain, so there is nothing to give back.
    StaysZero(ServiceKey, DestinationKey),
    /// The weight is 0, but no drain has set it: the plan leaves it alone.
    NotDrained(ServiceKey, DestinationKey),
    /// The real server of a record does not exist any more.
    Gone(ServiceKey, DestinationKey),
}

/// A step, with its rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Change {
        make: Change,
        /// The change that rolls it back; `None` for a deletion.
        back: Option<Change>,
    },
    /// Set `expire_quiescent_template`.
    Template {
        value: String,
        /// Value before the step, for the rollback.
        former: String,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub targets: Vec<Target>,
    pub steps: Vec<Step>,
    /// Records after the steps.
    pub records: Records,
    /// Write the records before the first change, so that a run that is killed loses no weight.
    pub records_first: bool,
    pub notes: Vec<Note>,
}

/// A service with its selected real servers.
type Chosen<'a> = (&'a SeenService, Vec<&'a Destination>);

/// Plans a drain.
///
/// # Errors
/// The reason why the order is refused.
pub fn plan(
    seen: &Seen,
    records: &Records,
    order: &Order,
    caller: &Caller,
) -> Result<Plan, Rejection> {
    let chosen = choose(seen, &order.selection)?;
    for (pool, servers) in &chosen {
        check_least(pool, servers, order)?;
        check_scheduler(pool, servers, order)?;
    }
    let mut plan = Plan { records: records.clone(), records_first: true, ..Plan::default() };
    plan.end_persistence(seen, &chosen, order, caller);
    for (pool, servers) in &chosen {
        if order.hash == Hash::Set {
            plan.set_flags(&pool.service);
        }
        for server in servers {
            plan.drain(&pool.service, server, order, caller);
        }
    }
    plan.remark(seen, &chosen, order);
    Ok(plan)
}

fn choose<'a>(seen: &'a Seen, selection: &Selection) -> Result<Vec<Chosen<'a>>, Rejection> {
    let mut chosen = Vec::new();
    for pool in &seen.services {
        let servers = pool.servers.iter().map(|it| &it.destination);
        let servers: Vec<&Destination> =
            servers.filter(|it| selection.contains(&pool.service.key, &it.key)).collect();
        if !servers.is_empty() {
            chosen.push((pool, servers));
        }
    }
    if chosen.is_empty() {
        return Err(absent(seen, selection));
    }
    Ok(chosen)
}

/// The reason why a selection is empty.
pub(super) fn absent(seen: &Seen, selection: &Selection) -> Rejection {
    match selection {
        Selection::One(service, server) => {
            let servers = seen.service(service).into_iter().flat_map(|it| &it.servers);
            let same = servers.map(|it| it.destination.key);
            let same = same.filter(|it| it.address == server.address);
            Rejection::NoDestination {
                object: describe_destination(service, server),
                ports: same.map(|it| it.port).collect(),
            }
        }
        Selection::Everywhere { address, port } => {
            let port = port.unwrap_or(0);
            let server = if port == 0 {
                address.to_string()
            } else {
                DestinationKey { address: *address, port }.to_string()
            };
            DrainRefusal::NoServer { server }.into()
        }
        Selection::Recorded => DrainRefusal::NothingDrained.into(),
    }
}

/// Refuses a drain that would leave too few real servers with a weight above 0.
fn check_least(
    pool: &SeenService,
    servers: &[&Destination],
    order: &Order,
) -> Result<(), Rejection> {
    let is_chosen = |key: DestinationKey| servers.iter().any(|it| it.key == key);
    let up = pool.servers.iter().map(|it| &it.destination).filter(|it| it.weight > 0);
    let (lost, left): (Vec<&Destination>, Vec<&Destination>) = up.partition(|it| is_chosen(it.key));
    let (left, of) = (left.len(), pool.servers.len());
    let least = order.least.of(of);
    // A repeated drain takes no weight away, so it is not refused.
    if lost.is_empty() || left >= least {
        return Ok(());
    }
    let service = describe_service(&pool.service.key);
    Err(DrainRefusal::TooFew { service, left, of, least }.into())
}

fn check_scheduler(
    pool: &SeenService,
    servers: &[&Destination],
    order: &Order,
) -> Result<(), Rejection> {
    // The weights are 0 already, so the drain moves no client.
    if servers.iter().all(|it| it.weight == 0) {
        return Ok(());
    }
    let service = || describe_service(&pool.service.key);
    match (Habit::of(&pool.service), order.hash) {
        (Habit::Refuses, _) => {
            let scheduler = pool.service.scheduler.to_string();
            Err(DrainRefusal::NoFlag { service: service(), scheduler }.into())
        }
        (Habit::NeedsFlag(flag, flags), Hash::Keep) => {
            let scheduler = pool.service.scheduler;
            let flags = flags.names(scheduler.as_str()).join(",");
            let (service, scheduler) = (service(), scheduler.to_string());
            Err(DrainRefusal::FlagKept { service, scheduler, flag, flags }.into())
        }
        _ => Ok(()),
    }
}

impl Plan {
    /// Whether there is nothing to change and nothing to record.
    pub fn changes_nothing(&self, records: &Records) -> bool {
        self.steps.is_empty() && self.records == *records
    }

    /// The changes of the table.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().filter_map(|step| match step {
            Step::Change { make, .. } => Some(make),
            Step::Template { .. } => None,
        })
    }

    fn end_persistence(
        &mut self,
        seen: &Seen,
        chosen: &[Chosen<'_>],
        order: &Order,
        caller: &Caller,
    ) {
        let is_persistent = chosen.iter().any(|(pool, _)| pool.service.persistence.is_some());
        if order.templates != Templates::Expire || !is_persistent {
            return;
        }
        let Some(former) = &seen.parameters.expire_quiescent_template else {
            self.notes.push(Note::NoTemplateParameter);
            return;
        };
        if seen.parameters.expires_templates() {
            return;
        }
        let (former, value) = (former.clone(), "1".to_owned());
        let boot = caller.boot.clone();
        self.records.template = Some(HeldParameter { boot, former: former.clone() });
        self.steps.push(Step::Template { value, former });
        self.notes.push(Note::TemplatesExpire);
    }

    fn set_flags(&mut self, service: &Service) {
        let Habit::NeedsFlag(flag, flags) = Habit::of(service) else { return };
        let held = HeldFlags {
            service: service.key,
            scheduler: service.scheduler,
            former: service.flags,
            set: flags,
        };
        self.records.flags.retain(|it| it.service != service.key);
        self.records.flags.push(held);
        let set = Service { flags, ..service.clone() };
        self.change(Change::UpdateService(set), Change::UpdateService(service.clone()));
        self.notes.push(Note::FlagSet(service.key, flag));
    }

    pub(super) fn change(&mut self, make: Change, back: Change) {
        self.steps.push(Step::Change { make, back: Some(back) });
    }

    fn drain(&mut self, service: &Service, server: &Destination, order: &Order, caller: &Caller) {
        let (key, from) = (service.key, server.weight);
        self.targets.push(Target { service: key, server: server.key, from, to: 0 });
        self.record(service, server, order, caller);
        if from != 0 {
            let drained = Destination { weight: 0, ..*server };
            self.change(
                Change::UpdateDestination(key, drained),
                Change::UpdateDestination(key, *server),
            );
        }
    }

    fn record(&mut self, service: &Service, server: &Destination, order: &Order, caller: &Caller) {
        let key = service.key;
        let expires = order.templates == Templates::Expire
            && service.persistence.is_some()
            && self.records.template.is_some();
        if let Some(record) = self.records.of_mut(&key, &server.key) {
            record.expires_templates |= expires;
            if order.reason.is_some() {
                record.reason.clone_from(&order.reason);
            }
            let is_explained = record.explains(server.weight);
            (record.standing, record.goal) = (0, 0);
            if is_explained {
                return;
            }
            let note = Note::Again(key, server.key, server.weight);
            record.weight = server.weight;
            record.since.clone_from(&caller.now);
            record.by.clone_from(&caller.by);
            self.notes.push(note);
            return;
        }
        if server.weight == 0 {
            self.notes.push(Note::ZeroBefore(key, server.key));
        }
        self.records.drains.push(Record {
            service: key,
            server: server.key,
            weight: server.weight,
            standing: 0,
            goal: 0,
            since: caller.now.clone(),
            by: caller.by.clone(),
            reason: order.reason.clone(),
            expires_templates: expires,
        });
    }

    /// Adds remarks about settings that can keep the drain from ending.
    fn remark(&mut self, seen: &Seen, chosen: &[Chosen<'_>], order: &Order) {
        let keeps = !seen.parameters.expires_templates() && order.templates == Templates::Keep;
        for (pool, _) in chosen {
            if let Some(persistence) = pool.service.persistence
                && keeps
            {
                self.notes.push(Note::TemplatesKept(pool.service.key, persistence.timeout));
            }
        }
        if chosen.iter().any(|(pool, _)| pool.service.may_remember_datagrams()) {
            self.notes.push(Note::Udp(seen.timeouts.udp));
        }
        if seen.parameters.conn_reuse_mode.as_deref() == Some("0") {
            self.notes.push(Note::ReuseOff);
        } else if seen.parameters.keeps_what_is_left()
            && !keeps
            && chosen.iter().any(|(pool, _)| pool.service.persistence.is_some())
        {
            self.notes.push(Note::PortsHeld);
        }
    }
}
