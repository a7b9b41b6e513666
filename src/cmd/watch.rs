//! `ipvsadm watch`: reports changes of the table as they happen, or its drift from a file.
//!
//! ```text
//! # ipvsadm watch
//! 2026-11-27T03:11:58Z watching 3 services with 6 real servers
//! 2026-11-27T03:12:04Z ~ -a -t 192.0.2.80:80 -r 10.0.0.11:80 -m -w 0  # weight 3 -> 0
//! 2026-11-27T03:12:04Z ! -t 192.0.2.80:80: no real server has a weight above 0
//! ```

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::cli::{DiffVerb, WatchVerb};
use crate::diff::{Alarms, Delta, Moment, count, plan};
use crate::drain::{Records, Store};
use crate::error::Error;
use crate::json::{Style, document};
use crate::model::{DaemonRole, Pool, printable};
use crate::output::metrics::watch as metrics;
use crate::output::watch::{self as report, Event};
use crate::reader::{Columns, Reader};
use crate::system::signals::Signals;
use crate::system::{atomic_file, failed, terminal};
use crate::transaction::history::History;

use super::diff;
use super::session::{Session, is_closed_pipe};

/// Exit status if something could not be read or written.
const TROUBLE: u8 = 2;

/// Most lines that one look adds to the history.
const MOST_LINES: usize = 200;

pub(super) fn run(session: &mut Session<'_>, verb: &WatchVerb, json: bool) -> Result<u8, Error> {
    let outcome = match &verb.against {
        Some(file) => compare(session, verb, file, json),
        None => follow(session, verb, json),
    };
    match outcome {
        Err(error) if !is_closed_pipe(&error) => {
            session.complain_of_input(&error);
            Ok(TROUBLE)
        }
        other => other,
    }
}

/// `--against`: like `diff`, with metrics.
fn compare(
    session: &mut Session<'_>,
    verb: &WatchVerb,
    file: &str,
    json: bool,
) -> Result<u8, Error> {
    let limits = verb.limits.clone();
    let delta = diff::compare(session, &DiffVerb { before: None, after: file.to_owned(), limits })?;
    session.tell_notes();
    let drift = Some(count(&delta).iter().sum::<usize>() as u64);
    write_metrics(session, verb, metrics::Seen { drift, ..metrics::Seen::default() })?;
    diff::print(session, &delta, json)
}

fn write_metrics(
    session: &Session<'_>,
    verb: &WatchVerb,
    seen: metrics::Seen,
) -> Result<(), Error> {
    let Some(path) = &verb.textfile else { return Ok(()) };
    let path = session.args.path(path);
    let text = metrics::text(seen).map_err(std::io::Error::other)?;
    atomic_file::replace_foreign(&path, &text).map_err(failed("write", &path))
}

fn follow(session: &mut Session<'_>, verb: &WatchVerb, json: bool) -> Result<u8, Error> {
    let signals = Signals::catch()?;
    let mut before = look(session, verb)?;
    let mut alarms = Alarms::default();
    let mut seen = metrics::Seen { counts: Some([0; 3]), ..metrics::Seen::default() };
    write_metrics(session, verb, seen)?;
    let (services, servers) = (before.table.pools.len(), before.table.destinations());
    let text = format!(
        "watching {} with {}",
        counted(services, "service"),
        counted(servers, "real server")
    );
    let start = Event::new(&now(), "watching", text);
    let mut events = vec![start];
    events.extend(alarms.look(&before).iter().map(|it| report::alarm(it, &now())));
    loop {
        // A log that cannot be written is reported before the first line.
        if verb.record {
            note(&events)?;
        }
        say(session, &events, json)?;
        if is_over(&signals, verb.interval) {
            return Ok(0);
        }
        let after = look(session, verb)?;
        let delta = Delta::of(&plan(&before.table, &after.table), &before.table);
        let time = now();
        events.clear();
        if delta != Delta::default() {
            events = report::changes(&delta, &drained(), &time);
            let counts = count(&delta).map(|count| count as u64);
            seen.counts = seen.counts.map(|it| [0, 1, 2].map(|n| it[n].saturating_add(counts[n])));
            seen.last = SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|it| it.as_secs());
            write_metrics(session, verb, seen)?;
        }
        events.extend(alarms.look(&after).iter().map(|it| report::alarm(it, &time)));
        before = after;
    }
}

/// Reads the table, as far as it is watched.
fn look(session: &mut Session<'_>, verb: &WatchVerb) -> Result<Moment, Error> {
    let client = session.client()?;
    let mut moment = Moment::default();
    let mut reader = Reader::open(client, Columns::CONFIGURED)?;
    for row in reader.take_rows() {
        let key = reader.key(row);
        if !verb.limits.contain(&key) {
            continue;
        }
        let Some(servers) = reader.servers(client, row)? else { continue };
        for server in servers.iter().filter(|it| it.destination.upper_threshold > 0) {
            let connections = u64::from(server.active) + u64::from(server.inactive);
            moment.connections.insert((key, server.destination.key), connections);
        }
        moment.table.pools.insert(key, Pool::listed(reader.service(row), servers).into());
    }
    if verb.limits.scopes.is_empty() {
        moment.table.timeouts = Some(client.timeouts()?);
        let roles = [DaemonRole::Master, DaemonRole::Backup];
        moment.table.daemons = roles.map(|role| (role, None)).into();
        for daemon in client.daemons()? {
            moment.table.daemons.insert(daemon.role, Some(daemon));
        }
    }
    Ok(moment)
}

/// The records of `drain`; none where they cannot be read.
fn drained() -> Records {
    Store::look().and_then(|store| store.read()).unwrap_or_default()
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

fn say(session: &mut Session<'_>, events: &[Event], json: bool) -> Result<(), Error> {
    for event in events {
        if json {
            session.out.write_all(document(event, Style::Compact)?.as_bytes())?;
        } else {
            writeln!(session.out, "{}", printable(&event.line()))?;
        }
    }
    Ok(session.out.flush()?)
}

/// Keeps events in the history.
fn note(events: &[Event]) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    let more = events.len().saturating_sub(MOST_LINES);
    let named = events.iter().take(MOST_LINES);
    let mut lines: Vec<_> = named.map(|it| (&*it.time, &*it.text)).collect();
    let noun = if more == 1 { "event" } else { "events" };
    let rest = format!("and {more} more {noun}");
    if more > 0 {
        lines.push((&events[0].time, &rest));
    }
    History::look()?.note(&lines)
}

/// Waits for the next look. Returns whether a signal or the end of the reader comes first.
fn is_over(signals: &Signals, interval: Duration) -> bool {
    let end = Instant::now() + interval;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if signals.received().is_some() || terminal::output_ends_within(left) {
            return true;
        }
        if left.is_zero() {
            return false;
        }
    }
}
