//! Waiting until a drained real server is idle.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::classic::describe_destination;
use crate::cli::DrainOrder;
use crate::drain::{Counts, Fate, Look, Note, Plan, Seen, Selection, State, Watch, remove};
use crate::error::Error;
use crate::model::{DestinationKey, ServiceKey, printable};
use crate::output::drain as report;
use crate::system::signals::Signals;
use crate::system::terminal;

use super::super::session::Session;
use super::events::{INTERFERENCE, UNFINISHED, pause, say};
use super::held::{Held, LOCK_PATIENCE};

/// Time between two looks at the table.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

pub(super) fn run(
    session: &mut Session<'_>,
    order: &DrainOrder,
    seen: &Seen,
    plan: &Plan,
    signals: &Signals,
    json: bool,
) -> Result<u8, Error> {
    let is_udp = plan
        .targets
        .iter()
        .any(|it| seen.service(&it.service).is_some_and(|it| it.service.may_remember_datagrams()));
    let limit = order.patience.limit(is_udp.then_some(seen.timeouts.udp));
    let mut watch = Watch::new(seen, &plan.targets, order.until, limit);
    let mut progress = Shown::new(json);
    let mut lost = 0;
    loop {
        let look = watch.look(session.client()?)?;
        let is_lost = |fate: &Fate| match fate {
            Fate::Counted(_) => false,
            Fate::Undone(_) => true,
            Fate::Gone => !order.remove,
        };
        let now_lost = look.servers.iter().filter(|(.., fate)| is_lost(fate)).count();
        if !look.servers.iter().any(|(.., fate)| matches!(fate, Fate::Counted(_))) {
            progress.clear();
            return interfered(session, &look, now_lost > 0, json);
        }
        if now_lost > lost {
            progress.clear();
            tell_lost(session, &look, json)?;
        }
        lost = lost.max(now_lost);
        if look.tick.state != State::Waiting {
            progress.clear();
            return end(session, order, &look, lost > 0, json);
        }
        progress.show(session, &look);
        if let Some(why) = pause(signals, BETWEEN_LOOKS) {
            progress.clear();
            return interrupted(session, order, &look, why, json);
        }
    }
}

/// Reports that the drain has ended, and deletes the real servers if that was asked. `is_lost`:
/// another program has ended the drain of some real servers.
fn end(
    session: &mut Session<'_>,
    order: &DrainOrder,
    look: &Look,
    is_lost: bool,
    json: bool,
) -> Result<u8, Error> {
    let is_idle = look.tick.state == State::Idle;
    let reported = said(session, if is_idle { "idle" } else { "deadline" }, look, json);
    let removed = if order.remove { Some(delete(session, look)?) } else { None };
    let has_undone = |plan: &Plan| plan.notes.iter().any(|it| matches!(it, Note::Undone(..)));
    let status = match is_idle {
        false => UNFINISHED,
        true if is_lost || removed.as_ref().is_some_and(has_undone) => INTERFERENCE,
        true => 0,
    };
    session.settle(status);
    if status == 0 {
        session.settle_success(json);
    }
    match &removed {
        Some(plan) => tell_removed(session, plan, json)?,
        None if !is_idle && !json => session.hint(&[still_drained(order)]),
        None => {}
    }
    if is_lost {
        forget_or_complain(session);
    }
    reported.map(|()| status)
}

/// The hint after a drain that another program or an error has ended.
pub(super) fn still_drained(order: &DrainOrder) -> String {
    format!("the real server is still drained; to put it back: {}", way_back(order))
}

/// Reports that another program has given every real server a weight, or deleted it.
fn interfered(
    session: &mut Session<'_>,
    look: &Look,
    is_lost: bool,
    json: bool,
) -> Result<u8, Error> {
    let status = if is_lost { INTERFERENCE } else { 0 };
    session.settle(status);
    tell_lost(session, look, json)?;
    forget_or_complain(session);
    Ok(status)
}

/// Names the real servers whose drain another program has ended.
fn tell_lost(session: &mut Session<'_>, look: &Look, json: bool) -> Result<(), Error> {
    if json {
        let is_undone = look.servers.iter().any(|(.., fate)| matches!(fate, Fate::Undone(_)));
        return say(
            session,
            &report::Event::of_look(if is_undone { "undone" } else { "gone" }, look),
        );
    }
    for text in report::fates(look) {
        session.say(&text);
    }
    Ok(())
}

/// Drops obsolete records. An error does not change the exit status.
fn forget_or_complain(session: &mut Session<'_>) {
    if let Err(error) = forget(session) {
        session.complain_of_input(&error);
    }
}

/// Drops the records of drains that another program has ended.
fn forget(session: &mut Session<'_>) -> Result<(), Error> {
    let held = Held::take(session, LOCK_PATIENCE)?;
    let seen = Seen::of(session.client()?, &held.records.services())?;
    let plan = crate::drain::forget(&seen, &held.records, held.store.boot());
    held.carry_out(session, &plan, "drain")
}

/// The `undrain` command that puts these real servers back.
fn way_back(order: &DrainOrder) -> String {
    let selection = match &order.order.selection {
        Selection::One(service, server) => describe_destination(service, server),
        Selection::Everywhere { address, port: None } => format!("--server {address}"),
        Selection::Everywhere { address, port: Some(port) } => {
            format!("--server {}", SocketAddr::new(*address, *port))
        }
        Selection::Recorded => "--all".to_owned(),
    };
    format!("ipvsadm undrain {selection}")
}

/// Reports a signal. The weights stay as they are.
fn interrupted(
    session: &mut Session<'_>,
    order: &DrainOrder,
    look: &Look,
    why: &str,
    json: bool,
) -> Result<u8, Error> {
    session.say(&format!("{why}: the real server stays drained"));
    session.hint(&[format!("to put the real server back: {}", way_back(order))]);
    said(session, "interrupted", look, json)?;
    Ok(UNFINISHED)
}

fn said(
    session: &mut Session<'_>,
    event: &'static str,
    look: &Look,
    json: bool,
) -> Result<(), Error> {
    if json {
        return say(session, &report::Event::of_look(event, look));
    }
    writeln!(session.out, "{}", report::end(&look.tick))?;
    Ok(session.out.flush()?)
}

/// `--remove`: deletes the real servers that are still drained.
fn delete(session: &mut Session<'_>, look: &Look) -> Result<Plan, Error> {
    let held = Held::take(session, LOCK_PATIENCE)?;
    let seen = Seen::of(session.client()?, &held.records.services())?;
    let counted = look.servers.iter().filter(|(.., fate)| matches!(fate, Fate::Counted(_)));
    let chosen: Vec<(ServiceKey, DestinationKey)> =
        counted.map(|(service, server, _)| (*service, *server)).collect();
    let plan = remove(&seen, &held.records, &chosen, held.store.boot());
    held.carry_out(session, &plan, "drain")?;
    Ok(plan)
}

fn tell_removed(session: &mut Session<'_>, plan: &Plan, json: bool) -> Result<(), Error> {
    if json {
        let changed = !plan.targets.is_empty();
        return say(session, &report::Event::of_plan("removed", plan, changed));
    }
    session.out.write_all(report::names("removed", &plan.targets).as_bytes())?;
    session.out.flush()?;
    session.hint(&report::notes(plan));
    Ok(())
}

/// Shows the progress: on a terminal in one line that changes, otherwise in separate lines.
struct Shown {
    json: bool,
    is_terminal: bool,
    is_dirty: bool,
    last: Option<(Instant, Counts)>,
}

impl Shown {
    fn new(json: bool) -> Self {
        let is_terminal = !json && stdout().is_terminal() && stderr().is_terminal();
        Self { json, is_terminal, is_dirty: false, last: None }
    }

    /// Errors are ignored, because a closed pipe does not end the drain.
    fn show(&mut self, session: &mut Session<'_>, look: &Look) {
        if self.is_terminal {
            let width = terminal::columns_of_messages().unwrap_or(80).saturating_sub(1);
            let line: String = report::progress(&look.tick).chars().take(width).collect();
            self.is_dirty = true;
            write!(stderr(), "\r{}\x1b[K", printable(&line)).ok();
            return;
        }
        if !self.is_due(&look.tick.counts) {
            return;
        }
        self.last = Some((Instant::now(), look.tick.counts));
        if self.json {
            say(session, &report::Event::of_look("progress", look)).ok();
        } else {
            writeln!(session.out, "{}", report::progress(&look.tick)).ok();
            session.out.flush().ok();
        }
    }

    /// Whether to print a line: soon after a change, and seldom while nothing changes.
    fn is_due(&self, now: &Counts) -> bool {
        let Some((when, counts)) = &self.last else { return true };
        let numbers = |it: &Counts| (it.active, it.inactive, it.persistent);
        let (changed, unchanged) = if self.json { (1, 10) } else { (5, 30) };
        let pause = if numbers(counts) == numbers(now) { unchanged } else { changed };
        when.elapsed() >= Duration::from_secs(pause)
    }

    /// Removes the line from the terminal.
    fn clear(&mut self) {
        if std::mem::take(&mut self.is_dirty) {
            write!(stderr(), "\r\x1b[K").ok();
        }
    }
}
