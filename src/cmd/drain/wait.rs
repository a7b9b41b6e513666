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

/// Between two looks at the table.
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
    loop {
        let look = watch.look(session.client()?)?;
        let has = |wanted: fn(&Fate) -> bool| look.servers.iter().any(|(.., fate)| wanted(fate));
        let is_undone = has(|fate| matches!(fate, Fate::Undone(_)));
        let is_deleted = !order.remove && has(|fate| matches!(fate, Fate::Gone));
        if is_undone || is_deleted || !has(|fate| matches!(fate, Fate::Counted(_))) {
            progress.clear();
            return interfered(session, order, &look, json);
        }
        if look.tick.state != State::Waiting {
            progress.clear();
            return end(session, order, &look, json);
        }
        progress.show(session, &look);
        if let Some(why) = pause(signals, BETWEEN_LOOKS) {
            progress.clear();
            return interrupted(session, order, &look, why, json);
        }
    }
}

/// The drain has ended: idle, or at the deadline.
fn end(
    session: &mut Session<'_>,
    order: &DrainOrder,
    look: &Look,
    json: bool,
) -> Result<u8, Error> {
    let is_idle = look.tick.state == State::Idle;
    let mut status = if is_idle { 0 } else { UNFINISHED };
    let reported = said(session, if is_idle { "idle" } else { "deadline" }, look, json);
    if order.remove {
        if delete(session, look, json)? {
            status = INTERFERENCE;
            session.settle(status);
        }
    } else if !is_idle && !json {
        session.hint(&[format!("it is still drained; to put it back: {}", way_back(order))]);
    }
    if status == 0 {
        session.settle_success(json);
    }
    reported.map(|()| status)
}

/// Another program has given a real server a weight, or deleted it.
fn interfered(
    session: &mut Session<'_>,
    order: &DrainOrder,
    look: &Look,
    json: bool,
) -> Result<u8, Error> {
    let is_undone = look.servers.iter().any(|(.., fate)| matches!(fate, Fate::Undone(_)));
    let status = if is_undone || !order.remove { INTERFERENCE } else { 0 };
    session.settle(status);
    if json {
        say(session, &report::Event::of_look(if is_undone { "undone" } else { "gone" }, look))?;
    } else {
        for text in report::fates(look) {
            session.say(&text);
        }
    }
    forget(session)?;
    Ok(status)
}

/// Drops the records that mean nothing any more.
fn forget(session: &mut Session<'_>) -> Result<(), Error> {
    let held = Held::take(session, LOCK_PATIENCE)?;
    let seen = Seen::of(session.client()?, &held.records.services())?;
    let plan = crate::drain::forget(&seen, &held.records, held.store.boot());
    held.carry_out(session, &plan)
}

/// The command that puts back what was drained.
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

/// A signal came: nothing is taken back.
fn interrupted(
    session: &mut Session<'_>,
    order: &DrainOrder,
    look: &Look,
    why: &str,
    json: bool,
) -> Result<u8, Error> {
    session.say(&format!("{why}: the real server stays drained"));
    session.hint(&[format!("to put it back: {}", way_back(order))]);
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

/// `--remove`: deletes the real servers that are still drained. Returns whether another program has
/// given one of them a weight, so that it stays.
fn delete(session: &mut Session<'_>, look: &Look, json: bool) -> Result<bool, Error> {
    let held = Held::take(session, LOCK_PATIENCE)?;
    let seen = Seen::of(session.client()?, &held.records.services())?;
    let chosen: Vec<(ServiceKey, DestinationKey)> =
        look.servers.iter().map(|(service, server, _)| (*service, *server)).collect();
    let plan = remove(&seen, &held.records, &chosen, held.store.boot());
    held.carry_out(session, &plan)?;
    let is_undone = plan.notes.iter().any(|it| matches!(it, Note::Undone(..)));
    if json {
        let changed = !plan.changes_nothing(&held.records);
        say(session, &report::Event::of_plan("removed", &plan, changed))?;
        return Ok(is_undone);
    }
    session.out.write_all(report::names("removed", &plan.targets).as_bytes())?;
    session.out.flush()?;
    session.hint(&report::notes(&plan));
    Ok(is_undone)
}

/// The course of the drain: one line that changes at a terminal, and otherwise lines now and then.
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

    /// A reader who has gone does not end the drain.
    fn show(&mut self, session: &mut Session<'_>, look: &Look) {
        if self.is_terminal {
            let width = terminal::columns().unwrap_or(80).saturating_sub(1);
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

    /// Changes are shown soon, and now and then a line says that it still waits.
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
