//! `-S`: the table as rule lines.

use std::io::Write;

use crate::cli::Save;
use crate::error::Error;
use crate::model::{
    Change, Destination, DestinationEntry, Forwarding, Naming, Numbers, Service, ServiceKey,
};
use crate::output::order;
use crate::reader::{Columns, Reader};
use crate::rules::{
    Unsayable, daemon_line, describe, describe_destination, describe_service, destination_line,
    fits, parse_line, readable_daemon, readable_destination, readable_service, readable_timeouts,
    service_line, timeouts_line,
};
use crate::system::names::ReversibleNames;

use super::list::{AT_ONCE, rows};
use super::{Session, json};

pub(super) fn run(session: &mut Session<'_>, save: Save) -> Result<u8, Error> {
    if save.json {
        return json::save(session, save);
    }
    let names = ReversibleNames::default();
    let naming: &dyn Naming = if save.numeric { &Numbers } else { &names };
    let mut reader = Reader::open(session.client()?, Columns::CONFIGURED)?;
    let mut complete = true;
    for rows in rows(&reader, true).chunks(AT_ONCE) {
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(servers) = reader.servers(session.client()?, *row)? {
                read.push((reader.service(*row), servers));
            }
        }
        naming.prepare(&mut read.iter().flat_map(|(service, servers)| {
            let servers = servers.iter().map(|server| server.destination.key.address);
            service.key.address().into_iter().chain(servers)
        }));
        for (service, servers) in read {
            complete &= save_service(session, &service, servers, naming)?;
        }
    }
    if save.full {
        complete &= save_rest(session)?;
    }
    Ok(u8::from(!complete))
}

/// Time-outs and sync daemons, which the old tool's `-R` knows too but its `-S` does not write.
fn save_rest(session: &mut Session<'_>) -> Result<bool, Error> {
    let timeouts = session.client()?.timeouts()?;
    let line = readable_timeouts(&timeouts).map(|()| timeouts_line(&timeouts));
    let mut complete = save_line(session, line, || "the set of time-outs".to_owned())?;
    for daemon in session.client()?.daemons()? {
        let line = readable_daemon(&daemon).map(|()| daemon_line(&daemon));
        complete &= save_line(session, line, || describe(&Change::StartDaemon(daemon)))?;
    }
    Ok(complete)
}

/// Says whether there is a line; an unreadable one would make the whole file so.
fn save_line(
    session: &mut Session<'_>,
    line: Result<String, Unsayable>,
    object: impl FnOnce() -> String,
) -> Result<bool, Error> {
    match line {
        Ok(line) => writeln!(session.listing(), "{line}")?,
        Err(why) => {
            let object = object();
            session.say(&format!("{object} is not saved: no rule line can say {why}; use --json"));
            return Ok(false);
        }
    }
    Ok(true)
}

/// The line, read again, is the same thing. Other programs can make what the line says otherwise.
fn loads_as(line: Result<String, Unsayable>, change: &Change) -> bool {
    line.is_ok_and(|line| parse_line(&line).as_ref() == Some(change))
}

/// What the line of a real server is read as, where that is something else.
fn other_server(key: &ServiceKey, destination: &Destination) -> Option<String> {
    let made = Change::AddDestination(*key, *destination);
    if loads_as(destination_line(key, destination, &Numbers), &made) {
        return None;
    }
    Some(match destination.forwarding {
        Forwarding::Local => "-g, as no option says local".to_owned(),
        _ if !fits(key, destination) => {
            format!("port {}: only -m has a port of its own", key.port())
        }
        _ => "another".to_owned(),
    })
}

/// Says whether everything could be said in rule lines.
fn save_service(
    session: &mut Session<'_>,
    service: &Service,
    servers: Vec<DestinationEntry>,
    naming: &dyn Naming,
) -> Result<bool, Error> {
    let key = &service.key;
    let line = readable_service(service).and_then(|()| service_line(service, naming));
    if !save_line(session, line, || describe_service(key))? {
        return Ok(false);
    }
    let mut complete = true;
    if !loads_as(service_line(service, &Numbers), &Change::AddService(service.clone())) {
        changed(session, &describe_service(key), "another");
        complete = false;
    }
    for entry in &order::destinations(servers, |server| server.destination.key) {
        let destination = &entry.destination;
        let object = || describe_destination(key, &destination.key);
        let line = readable_destination(key, destination);
        let line = line.and_then(|()| destination_line(key, destination, naming));
        let said = save_line(session, line, object)?;
        if said && let Some(other) = other_server(key, destination) {
            changed(session, &object(), &other);
            complete = false;
        }
        complete &= said;
    }
    Ok(complete)
}

fn changed(session: &mut Session<'_>, object: &str, other: &str) {
    session.say(&format!(
        "{object} is not saved as it is: its rule line loads as {other}; use --json"
    ));
}
