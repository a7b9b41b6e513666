//! Events of `watch`: one line each, as text or as JSON.

use serde::Serialize;

use super::changes::{ChangeFields, line, sorted};
use crate::classic::{describe_destination, describe_service};
use crate::diff::{Alarm, Delta, Difference, Sides};
use crate::drain::Records;
use crate::json::SCHEMA;
use crate::model::{Destination, DestinationKey, ServiceKey};

/// An event of the table.
#[derive(Serialize)]
pub struct Event {
    schema: u32,
    /// RFC 3339, in UTC.
    pub time: String,
    #[serde(rename = "event")]
    name: &'static str,
    /// The line of the text output, without the time.
    pub text: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    change: Option<ChangeFields>,
    /// The real server of an alarm.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    server: Option<Server>,
    /// Who drained it with `ipvsadm drain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Server {
    address: std::net::IpAddr,
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_threshold: Option<u32>,
}

impl Event {
    /// An event without an object.
    pub fn new(time: &str, name: &'static str, text: String) -> Self {
        Self {
            schema: SCHEMA,
            time: time.to_owned(),
            name,
            text,
            change: None,
            server: None,
            by: None,
            reason: None,
        }
    }

    /// The line for people.
    pub fn line(&self) -> String {
        format!("{} {}", self.time, self.text)
    }
}

/// One event for each difference, in the order of listings.
pub fn changes(delta: &Delta, records: &Records, time: &str) -> Vec<Event> {
    sorted(delta).iter().map(|difference| change(difference, records, time)).collect()
}

fn change(difference: &Difference<'_>, records: &Records, time: &str) -> Event {
    let mut event = Event::new(time, name(difference), line(difference).1);
    event.change = Some(difference.into());
    if let ("drained", Difference::Destination(key, Sides::Edited(_, server))) =
        (event.name, difference)
        && let Some(record) = records.of(key, &server.key)
    {
        let reason = record.reason.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
        event.text += &format!(", drained by {}{reason}", record.by);
        event.by = Some(record.by.clone());
        event.reason.clone_from(&record.reason);
    }
    event
}

fn name(difference: &Difference<'_>) -> &'static str {
    match difference {
        Difference::Service(Sides::Added(_)) => "service_added",
        Difference::Service(Sides::Removed(_)) => "service_removed",
        Difference::Service(Sides::Edited(..)) => "service_edited",
        Difference::Destination(_, Sides::Added(_)) => "server_added",
        Difference::Destination(_, Sides::Removed(_)) => "server_removed",
        Difference::Destination(_, Sides::Edited(before, after)) => edited(before, after),
        Difference::Timeouts(_) => "timeouts",
        Difference::Daemon(_) => "daemon",
    }
}

fn edited(before: &Destination, after: &Destination) -> &'static str {
    match (before.weight, after.weight) {
        (1.., 0) => "drained",
        (0, 1..) => "undrained",
        _ if (Destination { weight: before.weight, ..*after }) == *before => "weight",
        _ => "server_edited",
    }
}

/// The event of an alarm.
pub fn alarm(alarm: &Alarm, time: &str) -> Event {
    let of_server = |name, text, service: &ServiceKey, server: &DestinationKey| {
        let (address, port) = (server.address, server.port);
        let mut event = of_service(time, name, text, service);
        event.server = Some(Server { address, port, connections: None, upper_threshold: None });
        event
    };
    match alarm {
        Alarm::Overloaded { service, server, connections, limit } => {
            let named = describe_destination(service, server);
            let text = format!("! {named}: overloaded, {connections} of {limit} connections");
            let mut event = of_server("overloaded", text, service, server);
            if let Some(server) = &mut event.server {
                (server.connections, server.upper_threshold) = (Some(*connections), Some(*limit));
            }
            event
        }
        Alarm::Relieved(service, server) => {
            let text = format!("= {}: not overloaded", describe_destination(service, server));
            of_server("relieved", text, service, server)
        }
        Alarm::WithoutWeight(service) => {
            let text =
                format!("! {}: no real server has a weight above 0", describe_service(service));
            of_service(time, "without_weight", text, service)
        }
        Alarm::WithWeight(service) => {
            let text =
                format!("= {}: a real server has a weight above 0", describe_service(service));
            of_service(time, "with_weight", text, service)
        }
    }
}

fn of_service(time: &str, name: &'static str, text: String, service: &ServiceKey) -> Event {
    let mut event = Event::new(time, name, text);
    event.change = Some(ChangeFields::of_service(service));
    event
}
