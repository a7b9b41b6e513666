//! `ipvsadm drain`: takes a real server out of service.
//!
//! ```text
//! # ipvsadm drain -t 192.0.2.80:80 -r 10.0.0.12:8080 --remove
//! draining -t 192.0.2.80:80 -r 10.0.0.12:8080: weight 1 -> 0
//! idle after 4 s: 0 active, 12 inactive, 0 persistent
//! removed -t 192.0.2.80:80 -r 10.0.0.12:8080
//! ```

mod events;
mod held;
mod wait;

use std::time::{Duration, SystemTime};

use crate::cli::{DrainOrder, DrainVerb};
use crate::drain::{self, Caller, Order, Plan, Seen, Store};
use crate::error::Error;
use crate::json::document;
use crate::model::ServiceKey;
use crate::output::drain as report;
use crate::system::signals::Signals;
use crate::system::sudo;

use super::outcome::{TROUBLE, refused};
use super::session::Session;
pub(super) use events::{INTERFERENCE, UNFINISHED, pause, say};
pub(super) use held::{Held, LOCK_PATIENCE, draft, look};

pub(super) fn run(session: &mut Session<'_>, verb: &DrainVerb, json: bool) -> Result<u8, Error> {
    let outcome = match verb {
        DrainVerb::List => list(session, json),
        DrainVerb::Drain(order) => drain(session, order, json),
    };
    refused(session, outcome)
}

fn drain(session: &mut Session<'_>, order: &DrainOrder, json: bool) -> Result<u8, Error> {
    let (held, seen, plan) = planned(session, &order.order, order.wait)?;
    let signals = Signals::catch()?;
    held.carry_out(session, &plan, "drain")?;
    let changed = !plan.changes_nothing(&held.records);
    drop(held);
    if order.detach {
        session.settle_success(json);
        return told(session, "draining", &plan, changed, json).map(|()| 0);
    }
    session.settle(UNFINISHED);
    // A closed pipe does not end the drain.
    let reported = told(session, "draining", &plan, changed, json);
    match wait::run(session, order, &seen, &plan, &signals, json) {
        Err(error) if !matches!(error, Error::Io(_)) => {
            session.complain_of_input(&error);
            session.hint(&[wait::still_drained(order)]);
            Ok(UNFINISHED)
        }
        status => reported.and(status),
    }
}

/// Takes the locks, and plans a drain. The caller carries it out.
pub(super) fn planned(
    session: &mut Session<'_>,
    order: &Order,
    wait: Duration,
) -> Result<(Held, Seen, Plan), Error> {
    let selection = &order.selection;
    let held = Held::begin(session, wait, selection)?;
    if let Some(service) = selection.service() {
        require(session, service)?;
    }
    let seen = look(session, selection, &held.records)?;
    let caller = Caller {
        by: sudo::user(),
        now: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        boot: held.store.boot().to_owned(),
    };
    let plan = drain::plan(&seen, &held.records, order, &caller)?;
    Ok((held, seen, plan))
}

/// Returns an error that names the service if it does not exist.
fn require(session: &mut Session<'_>, service: &ServiceKey) -> Result<(), Error> {
    let found = session.client()?.service(service);
    found.map(drop).map_err(|error| error.about(crate::classic::describe_service(service)))
}

/// Reports a plan that was carried out.
fn told(
    session: &mut Session<'_>,
    event: &'static str,
    plan: &Plan,
    changed: bool,
    json: bool,
) -> Result<(), Error> {
    if json {
        return say(session, &report::Event::of_plan(event, plan, changed));
    }
    let text = report::weights(event, "already draining", &plan.targets);
    session.out.write_all(text.as_bytes())?;
    session.out.flush()?;
    session.hint(&report::notes(plan));
    Ok(())
}

/// `--list`.
fn list(session: &mut Session<'_>, json: bool) -> Result<u8, Error> {
    let records = Store::look()?.read()?;
    let seen = Seen::of(session.client()?, &records.services())?;
    let listed = drain::list(&seen, &records);
    let is_whole = listed.iter().all(|it| it.standing.is_in_effect());
    let status = if is_whole { 0 } else { INTERFERENCE };
    session.settle_report(status, TROUBLE);
    let text = if json {
        document(&report::ListFields::from(&listed[..]), session.json_style())?
    } else {
        report::list(&listed)
    };
    session.out.write_all(text.as_bytes())?;
    Ok(status)
}
