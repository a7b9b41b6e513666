//! `ipvsadm report`: the page of `serve` as one file.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::classic::{daemon_line, destination_line, service_line};
use crate::cli::ReportVerb;
use crate::error::Error;
use crate::host;
use crate::model::Numbers;
use crate::output::host_report;
use crate::output::metrics::Sample;
use crate::output::paint::Paint;
use crate::system::signals::Signals;
use crate::web::{Attachment, Site, Table};

use super::Session;
use super::serve::table;

/// Exit status if standard output is a terminal.
const TERMINAL: u8 = 2;

/// Points of a graph.
const POINTS: u32 = 150;

/// The kernel computes rates every two seconds.
const SHORTEST: Duration = Duration::from_secs(2);

/// Time between two looks for a signal.
const TICK: Duration = Duration::from_millis(100);

pub(super) fn run(session: &mut Session<'_>, verb: &ReportVerb) -> Result<u8, Error> {
    if session.escapes() {
        session.say("cannot write the report to a terminal: it is an HTML file");
        session.hint(&["ipvsadm report > report.html".to_owned()]);
        return Ok(TERMINAL);
    }
    let mut table = table(session, POINTS as usize + 1)?;
    if !verb.time.is_zero() {
        session.say(&format!("reading the table for {} s", verb.time.as_secs()));
    }
    let watched = watch(&mut table, verb.time)?;
    let attachments = [
        Attachment { title: "Versions", text: versions() },
        Attachment { title: "Findings of director status", text: status("director") },
        Attachment { title: "Findings of rs status", text: status("rs") },
        Attachment {
            title: "Rules",
            text: rules(&table.seen().map_err(std::io::Error::other)?.reading.sample),
        },
    ];
    let html = Site::report(&table, watched, &attachments).map_err(std::io::Error::other)?;
    session.out.write_all(html.as_bytes())?;
    session.out.flush()?;
    session.say(
        "the report contains addresses of services and real servers: look at it before you give \
         it to others",
    );
    Ok(0)
}

/// Reads the table until the time is over or a signal arrives. Returns the time that it took.
fn watch(table: &mut Table, time: Duration) -> Result<Duration, Error> {
    let signals = Signals::catch()?;
    let interval = SHORTEST.max(time / POINTS);
    let start = Instant::now();
    let mut next = Duration::ZERO;
    // A signal before the first reading must not leave the report without a table.
    loop {
        let passed = start.elapsed();
        if passed >= next {
            table.advance();
            next += interval;
        }
        if passed >= time || signals.received().is_some() {
            break;
        }
        sleep(TICK);
    }
    Ok(start.elapsed())
}

fn versions() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("ipvsadm {}\nLinux {}\n", env!("CARGO_PKG_VERSION"), kernel.trim())
}

/// The text of a status, without colours.
fn status(host: &'static str) -> String {
    match host::status(host, None, None) {
        Ok(report) => host_report::text(&report, Paint(false)),
        Err(error) => format!("cannot read the state of this host: {error}\n"),
    }
}

/// The table as `ipvsadm -S -n` writes it. Rules that this language cannot express are left out.
fn rules(sample: &Sample) -> String {
    let mut lines = Vec::new();
    for service in &sample.services {
        lines.extend(service_line(&service.entry.service, &Numbers));
        let key = &service.entry.service.key;
        let servers = service.servers.iter();
        lines.extend(servers.flat_map(|it| destination_line(key, &it.destination, &Numbers)));
    }
    lines.extend(sample.daemons.iter().map(daemon_line));
    lines.join("\n")
}
