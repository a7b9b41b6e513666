//! `ipvsadm undrain`: gives a drained real server its weight back.

use std::time::{Duration, Instant};

use crate::cli::UndrainVerb;
use crate::drain::{self, Back, Note, Plan, Ramp, Records, Seen};
use crate::error::Error;
use crate::model::{DestinationKey, ServiceKey};
use crate::output::drain as output;
use crate::system::signals::Signals;

use super::drain::{Held, INTERFERENCE, LOCK_PATIENCE, UNFINISHED, draft, look, pause, say};
use super::outcome::refused;
use super::recording;
use super::session::Session;

/// Weights of real servers, each with its service.
type Weights = Vec<(ServiceKey, DestinationKey, u32)>;

pub(super) fn run(session: &mut Session<'_>, verb: &UndrainVerb, json: bool) -> Result<u8, Error> {
    let outcome = undrain(session, verb, json);
    refused(session, outcome)
}

fn undrain(session: &mut Session<'_>, verb: &UndrainVerb, json: bool) -> Result<u8, Error> {
    let held = Held::begin(session, verb.wait, &verb.order.selection)?;
    let plan = planned(session, verb, &held.records, &held)?;
    let signals = Signals::catch()?;
    let ramp = verb.ramp.map(|length| Ramp::new(&plan.targets, length));
    match ramp.filter(|ramp| !ramp.length().is_zero()) {
        None => {
            held.carry_out(session, &plan, "undrain")?;
            report(session, &held, &plan, json)
        }
        Some(ramp) => match rise(session, verb, (held, &plan), &ramp, &signals, json) {
            Err(error) if session.settled.is_some() && !matches!(error, Error::Io(_)) => {
                session.complain_of_input(&error);
                session.hint(&[HALF_WAY.to_owned()]);
                Ok(UNFINISHED)
            }
            outcome => outcome,
        },
    }
}

/// Hint after an error between two steps.
const HALF_WAY: &str = "the weights stay as they are now, and the next ipvsadm undrain resumes \
                        at these weights; to see them: ipvsadm drain --list";

fn planned(
    session: &mut Session<'_>,
    verb: &UndrainVerb,
    records: &Records,
    held: &Held,
) -> Result<Plan, Error> {
    let seen = look(session, &verb.order.selection, records)?;
    Ok(drain::undrain(&seen, records, &verb.order, held.store.boot())?)
}

/// Reports a plan that was carried out.
fn report(session: &mut Session<'_>, held: &Held, plan: &Plan, json: bool) -> Result<u8, Error> {
    let is_foreign = |it: &Note| matches!(it, Note::Undone(..) | Note::Gone(..));
    let status = if plan.notes.iter().any(is_foreign) { INTERFERENCE } else { 0 };
    session.settle(status);
    if status == 0 {
        session.settle_success(json);
    }
    let changed = !plan.changes_nothing(&held.records);
    if json {
        say(session, &output::Event::of_plan("undrained", plan, changed))?;
        return Ok(status);
    }
    let text = output::weights("undrained", "not drained", &plan.targets);
    let text = if text.is_empty() && !changed { "nothing is drained\n".to_owned() } else { text };
    session.out.write_all(text.as_bytes())?;
    session.out.flush()?;
    session.hint(&output::notes(plan));
    Ok(status)
}

/// Raises the weights in steps. Between two steps, other programs can lock the table.
fn rise(
    session: &mut Session<'_>,
    verb: &UndrainVerb,
    (held, plan): (Held, &Plan),
    ramp: &Ramp,
    signals: &Signals,
    json: bool,
) -> Result<u8, Error> {
    let start = Instant::now();
    // One record for all steps.
    let mut record = draft(session, plan, "undrain", true)?;
    let mut first = Some(held);
    let mut given: Option<Weights> = None;
    let mut reported = Ok(());
    for stage in ramp.stages() {
        if let Some(why) = pause(signals, stage.at.saturating_sub(start.elapsed())) {
            let given = given.unwrap_or_default();
            return interrupted(session, verb, &given, (why, start.elapsed()), json);
        }
        let mut held = match first.take() {
            Some(held) => held,
            None => Held::take(session, LOCK_PATIENCE)?,
        };
        if let Some(given) = &given
            && is_changed(session, given)?
        {
            return Ok(stopped(session));
        }
        drain::set_weights(session.client()?, &held.store, &mut held.records, ramp, &stage)?;
        recording::keep(session, record.take());
        session.settle(UNFINISHED);
        // A closed pipe or a full disk does not stop the ramp.
        reported = reported.and(progress(session, &stage.weights, start.elapsed(), json));
        given = Some(stage.weights);
    }
    if let Some(why) = pause(signals, ramp.length().saturating_sub(start.elapsed())) {
        let given = given.unwrap_or_default();
        return interrupted(session, verb, &given, (why, start.elapsed()), json);
    }
    let held = Held::take(session, LOCK_PATIENCE)?;
    if is_changed(session, &given.unwrap_or_default())? {
        return Ok(stopped(session));
    }
    let plan = planned(session, verb, &held.records, &held)?;
    held.finish(session, &plan)?;
    recording::keep(session, record);
    let status = report(session, &held, &plan, json)?;
    reported.map(|()| status)
}

/// Reports that another program has changed a weight. That weight and the record stay.
fn stopped(session: &mut Session<'_>) -> u8 {
    session.settle(INTERFERENCE);
    session.say("another program has changed a weight meanwhile: undrain stops");
    session.hint(&["to see the weights: ipvsadm drain --list".to_owned()]);
    INTERFERENCE
}

/// Whether another program has given one of the real servers another weight, or deleted it.
fn is_changed(session: &mut Session<'_>, given: &Weights) -> Result<bool, Error> {
    let mut services: Vec<ServiceKey> = Vec::new();
    for (service, ..) in given {
        if !services.contains(service) {
            services.push(*service);
        }
    }
    let seen = Seen::of(session.client()?, &services)?;
    let is_other = |(service, server, weight): &(ServiceKey, DestinationKey, u32)| {
        let found = seen.server(service, server);
        found.is_none_or(|found| found.destination.weight != *weight)
    };
    Ok(given.iter().any(is_other))
}

fn progress(
    session: &mut Session<'_>,
    weights: &Weights,
    elapsed: Duration,
    json: bool,
) -> Result<(), Error> {
    if json {
        let event = output::Event::of_weights("rising", elapsed.as_secs(), weights);
        return say(session, &event);
    }
    session.out.write_all(output::standing("", weights, elapsed).as_bytes())?;
    Ok(session.out.flush()?)
}

/// Reports a signal. The weights stay as they are.
fn interrupted(
    session: &mut Session<'_>,
    verb: &UndrainVerb,
    weights: &Weights,
    (why, elapsed): (&str, Duration),
    json: bool,
) -> Result<u8, Error> {
    session.settle(UNFINISHED);
    session.say(&format!("{why}: the weights stay as they are now"));
    let words = match verb.order.back {
        Back::Recorded => String::new(),
        Back::Weight(weight) => format!(" --weight {weight}"),
    };
    session.hint(&[format!("the next ipvsadm undrain{words} resumes at this weight")]);
    if json {
        let event = output::Event::of_weights("interrupted", elapsed.as_secs(), weights);
        say(session, &event)?;
    } else {
        session.out.write_all(output::standing("still ", weights, elapsed).as_bytes())?;
    }
    Ok(UNFINISHED)
}
