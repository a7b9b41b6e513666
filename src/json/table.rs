//! Reads and writes whole tables.

use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::daemon::{DaemonFields, TimeoutsFields};
use super::schema::check_schema;
use super::service::ServiceFields;
use super::writer::{Style, Writer};
use crate::error::{Errno, Rejection};
use crate::model::{Change, DaemonRole, OutOfRange, Table, impossible, odd_daemon};

/// The output of listings and of `-S`. Keys that do not belong to a table are ignored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: u32,
    #[serde(default)]
    services: Vec<ServiceFields>,
    timeouts: Option<TimeoutsFields>,
    daemons: Option<Vec<DaemonFields>>,
    #[serde(rename = "version")]
    _version: Option<IgnoredAny>,
    #[serde(rename = "connection_table_size")]
    _size: Option<IgnoredAny>,
}

/// Reads a table. Accepts everything that a kernel can hold, and so every saved table. If the file
/// has a list of daemons, a role that is not in the list is stopped.
pub fn read(text: &str) -> Result<Table, Rejection> {
    let document: Document =
        serde_json::from_str(text).map_err(|error| Rejection::Json(error.to_string()))?;
    check_schema(document.schema).map_err(Rejection::Json)?;
    let mut table = Table::default();
    for (number, fields) in document.services.iter().enumerate() {
        take_service(&mut table, fields, number)?;
    }
    table.timeouts = document.timeouts.map(|timeouts| timeouts.timeouts());
    if let Some(daemons) = document.daemons {
        table.daemons = BTreeMap::from([(DaemonRole::Master, None), (DaemonRole::Backup, None)]);
        for (number, daemon) in daemons.iter().enumerate() {
            let place = format!("daemons[{number}]");
            let daemon = daemon.daemon().map_err(|why| at(&place, &why))?;
            check(odd_daemon(&daemon), &place)?;
            take(&mut table, &Change::StartDaemon(daemon), &place, None)?;
        }
    }
    Ok(table)
}

fn take_service(table: &mut Table, fields: &ServiceFields, number: usize) -> Result<(), Rejection> {
    let place = format!("services[{number}]");
    let service = fields.service().map_err(|why| at(&place, &why))?;
    check(impossible(&service), &place)?;
    let key = service.key;
    let earlier = table.pools.get_index_of(&key).map(|number| format!("services[{number}]"));
    take(table, &Change::AddService(service), &place, earlier)?;
    let pool = place;
    for (number, fields) in fields.destinations.iter().flatten().enumerate() {
        let place = format!("{pool}.destinations[{number}]");
        let destination = fields.destination().map_err(|why| at(&place, &why))?;
        check(impossible(&destination), &place)?;
        let servers = table.pools.get(&key).map(|pool| &pool.destinations);
        let earlier = servers.and_then(|servers| servers.get_index_of(&destination.key));
        let earlier = earlier.map(|number| format!("{pool}.destinations[{number}]"));
        take(table, &Change::AddDestination(key, destination), &place, earlier)?;
    }
    Ok(())
}

fn check(odd: impl IntoIterator<Item = OutOfRange>, place: &str) -> Result<(), Rejection> {
    odd.into_iter().next().map_or(Ok(()), |odd| Err(at(place, &odd.to_string())))
}

fn take(
    table: &mut Table,
    change: &Change,
    place: &str,
    earlier: Option<String>,
) -> Result<(), Rejection> {
    table.change(change).map_err(|errno| Rejection::Contradiction {
        earlier: earlier.filter(|_| errno == Errno::EEXIST),
        place: None,
        operation: change.operation(),
        errno,
        object: place.to_owned(),
    })
}

fn at(place: &str, why: &str) -> Rejection {
    Rejection::Json(format!("{place}: {why}"))
}

/// Writes a table in compact style.
pub fn write(table: &Table, out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = Writer::new(out, Style::Compact)?;
    writer.list("services")?;
    for pool in table.pools.values() {
        writer.item(&ServiceFields::from(&**pool))?;
    }
    writer.end_list()?;
    if let Some(timeouts) = &table.timeouts {
        writer.field("timeouts", &TimeoutsFields::from(timeouts))?;
    }
    if !table.daemons.is_empty() {
        let daemons = table.daemons.values().flatten();
        writer.field("daemons", &daemons.map(DaemonFields::from).collect::<Vec<_>>())?;
    }
    writer.end()
}
