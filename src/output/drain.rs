//! Reports of `drain` and `undrain`.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;

use crate::classic::{describe_destination, describe_service};
use crate::drain::{Counts, Fate, Listed, Look, Note, Plan, Record, Standing, State, Target, Tick};
use crate::json::{SCHEMA, ServiceFields};
use crate::model::{DestinationKey, ServiceKey, printable};

/// Formats the remarks about a plan, one line each.
pub fn notes(plan: &Plan) -> Vec<String> {
    plan.notes.iter().map(note).collect()
}

fn note(note: &Note) -> String {
    let named = describe_destination;
    match note {
        Note::ZeroBefore(service, server) => format!(
            "the weight of {} was already 0 before the drain: undrain needs --weight N",
            named(service, server)
        ),
        Note::Again(service, server, weight) => format!(
            "{} is drained again: another program had given it weight {weight}",
            named(service, server)
        ),
        Note::FlagSet(service, flag) => format!(
            "{}: {flag} is set until its drains end, because the scheduler would otherwise refuse \
             clients; only clients of drained real servers move",
            describe_service(service)
        ),
        Note::FlagsBack(service) => {
            format!("{}: the scheduler flags are as before the drain", describe_service(service))
        }
        Note::FlagsForeign(service) => format!(
            "{}: another program has changed the scheduler or its flags: they are not changed back",
            describe_service(service)
        ),
        Note::TemplatesKept(service, seconds) => format!(
            "{} has persistence: known clients keep coming until {seconds} s after their last \
             connection, so the drain may never end; --persistent expire moves them",
            describe_service(service)
        ),
        Note::TemplatesExpire => {
            "net.ipv4.vs.expire_quiescent_template is 1 until the drain ends: in every service, \
             weight 0 also ends persistence"
                .to_owned()
        }
        Note::TemplatesBack(value) => {
            format!("net.ipv4.vs.expire_quiescent_template is {value} again")
        }
        Note::TemplatesForeign => {
            "another program has changed net.ipv4.vs.expire_quiescent_template: it is not changed \
             back"
                .to_owned()
        }
        Note::NoTemplateParameter => {
            "this kernel has no net.ipv4.vs.expire_quiescent_template in this network namespace: \
             persistence keeps its clients"
                .to_owned()
        }
        Note::Udp(seconds) => format!(
            "the UDP time-out is {seconds} s: a UDP client counts as active until it has been \
             silent for that time"
        ),
        Note::ReuseOff => "net.ipv4.vs.conn_reuse_mode is 0: a client that uses the port of a \
                           finished connection again within two minutes comes back to the \
                           drained real server"
            .to_owned(),
        Note::PortsHeld => "net.ipv4.vs.expire_nodest_conn is 0: a client of a persistent service \
                            that uses the port of a finished connection again within two \
                            minutes comes back to the drained real server"
            .to_owned(),
        Note::NodestOff => "net.ipv4.vs.expire_nodest_conn is 0: the kernel drops the packets of \
                            the connections that were left, until they time out; 1 ends them at \
                            once"
            .to_owned(),
        Note::Undone(service, server, weight) => format!(
            "another program has given {} weight {weight}: the weight is not changed",
            named(service, server)
        ),
        Note::StaysZero(service, server) => {
            format!("the weight of {} was 0 before the drain: it stays 0", named(service, server))
        }
        Note::NotDrained(service, server) => format!(
            "{} has weight 0, which `ipvsadm drain' did not set: the weight is not changed",
            named(service, server)
        ),
        Note::Gone(service, server) => {
            format!("{} does not exist any more", named(service, server))
        }
    }
}

/// Formats weights: for each real server a line `-t 192.0.2.80:80 -r 10.0.0.11:80: weight 3 -> 0`.
pub fn weights(word: &str, unchanged: &str, targets: &[Target]) -> String {
    let line = |it: &Target| {
        let name = describe_destination(&it.service, &it.server);
        if it.from == it.to {
            format!("{unchanged} {name}: weight {}\n", it.to)
        } else {
            format!("{word} {name}: weight {} -> {}\n", it.from, it.to)
        }
    };
    targets.iter().map(line).collect()
}

/// Formats the weights during a ramp: for each real server a line `12 s: -t 192.0.2.80:80 -r
/// 10.0.0.11:80: weight 2`.
pub fn standing(
    word: &str,
    weights: &[(ServiceKey, DestinationKey, u32)],
    elapsed: Duration,
) -> String {
    let seconds = elapsed.as_secs();
    let line = |(service, server, weight): &(ServiceKey, DestinationKey, u32)| {
        let name = describe_destination(service, server);
        format!("{seconds} s: {name}: {word}weight {weight}\n")
    };
    weights.iter().map(line).collect()
}

/// Formats the names of real servers, one line each.
pub fn names(word: &str, targets: &[Target]) -> String {
    let name = |it: &Target| describe_destination(&it.service, &it.server);
    targets.iter().map(|it| format!("{word} {}\n", name(it))).collect()
}

/// Formats counts: `4 active, 5 inactive, 0 persistent`.
fn connections(counts: &Counts) -> String {
    let Counts { active, inactive, persistent, .. } = counts;
    format!("{active} active, {inactive} inactive, {persistent} persistent")
}

/// Formats a running drain: `12 s: 4 active, 5 inactive, 0 persistent; about 5 s left`.
pub fn progress(tick: &Tick) -> String {
    let seconds = tick.elapsed.as_secs();
    let text = format!("{seconds} s: {}", connections(&tick.counts));
    match tick.remaining {
        Some(remaining) => format!("{text}; about {remaining} s left"),
        None => text,
    }
}

/// Formats the last line of a drain.
pub fn end(tick: &Tick) -> String {
    let (seconds, connections) = (tick.elapsed.as_secs(), connections(&tick.counts));
    match tick.state {
        State::Idle => format!("idle after {seconds} s: {connections}"),
        State::Waiting => format!("not idle after {seconds} s: {connections}"),
        State::Deadline => {
            format!("not idle after {seconds} s, and the time is over: {connections}")
        }
    }
}

/// Formats interference by other programs, one line each.
pub fn fates(look: &Look) -> Vec<String> {
    let fate = |(service, server, fate): &(ServiceKey, DestinationKey, Fate)| match fate {
        Fate::Counted(_) => None,
        Fate::Undone(weight) => Some(note(&Note::Undone(*service, *server, *weight))),
        Fate::Gone => Some(note(&Note::Gone(*service, *server))),
    };
    look.servers.iter().filter_map(fate).collect()
}

/// Formats the records with the state of their real servers, two lines each.
pub fn list(listed: &[Listed]) -> String {
    if listed.is_empty() {
        return "no real server is drained\n".to_owned();
    }
    listed.iter().map(listed_text).collect()
}

fn listed_text(it: &Listed) -> String {
    let record = &it.record;
    let name = describe_destination(&record.service, &record.server);
    let [active, inactive, persistent] = it.connections;
    let counts = format!("{active} active, {inactive} inactive, {persistent} persistent");
    let state = match it.standing {
        Standing::Draining => format!("drained: {counts}"),
        Standing::Refusing(flag) => {
            format!("drained, but its new clients are refused: {flag} is not set: {counts}")
        }
        Standing::Rising => format!("{}: {counts}", rising(it)),
        Standing::Undone => format!("not drained: {}", undone(it)),
        Standing::NoServer => NO_SERVER.to_owned(),
        Standing::NoService => NO_SERVICE.to_owned(),
    };
    let reason = record.reason.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
    let (since, by, weight) = (&record.since, &record.by, record.weight);
    let origin = format!("since {since} by {by}, weight {weight} before{reason}");
    format!("{} {}\n  {}\n", printable(&name), printable(&state), printable(&origin))
}

/// Formats a record: `-t 192.0.2.80:80 -r 10.0.0.11:80 is recorded as drained since …`.
pub fn record(record: &Record) -> String {
    let reason = record.reason.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
    recorded(record) + &reason
}

fn recorded(record: &Record) -> String {
    let name = describe_destination(&record.service, &record.server);
    format!("{name} is recorded as drained since {} by {}", record.since, record.by)
}

/// The same, with what became of the drain.
pub fn listed_note(it: &Listed) -> String {
    let fate = match it.standing {
        Standing::Draining => return record(&it.record),
        Standing::Refusing(flag) => {
            format!("but its new clients are refused: {flag} is not set")
        }
        Standing::Rising => format!("and is {}", rising(it)),
        Standing::Undone => format!("but is not: {}", undone(it)),
        Standing::NoServer => format!("but {NO_SERVER}"),
        Standing::NoService => format!("but {NO_SERVICE}"),
    };
    let reason = it.record.reason.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
    format!("{}{reason}, {fate}", recorded(&it.record))
}

const NO_SERVER: &str = "the service does not have this real server any more";
const NO_SERVICE: &str = "the service does not exist any more";

fn rising(it: &Listed) -> String {
    let goal = if it.record.goal > 0 { it.record.goal } else { it.record.weight };
    format!("coming back: weight {} of {goal}", it.weight.unwrap_or(0))
}

fn undone(it: &Listed) -> String {
    let (weight, recorded) = (it.weight.unwrap_or(0), it.record.weight);
    format!("another program has set the weight to {weight}; the recorded weight is {recorded}")
}

/// A real server in JSON.
#[derive(Serialize)]
struct ServerFields<'a> {
    service: ServiceFields,
    address: IpAddr,
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_before: Option<u32>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    connections: Option<ConnectionFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// Counts of connections, named as in `-L --json`.
#[derive(Clone, Copy, Serialize)]
struct ConnectionFields {
    #[serde(rename = "active_connections")]
    active: u32,
    #[serde(rename = "inactive_connections")]
    inactive: u32,
    #[serde(rename = "persistent_connections")]
    persistent: u32,
}

impl From<&Counts> for ConnectionFields {
    fn from(counts: &Counts) -> Self {
        Self { active: counts.active, inactive: counts.inactive, persistent: counts.persistent }
    }
}

impl ServerFields<'_> {
    fn of(service: &ServiceKey, server: &DestinationKey) -> Self {
        Self {
            service: service.into(),
            address: server.address,
            port: server.port,
            state: None,
            weight: None,
            weight_before: None,
            connections: None,
            since: None,
            by: None,
            reason: None,
        }
    }
}

/// `drain --list --json`: the records as one object.
#[derive(Serialize)]
pub struct ListFields<'a> {
    schema: u32,
    drains: Vec<ServerFields<'a>>,
}

impl<'a> From<&'a [Listed]> for ListFields<'a> {
    fn from(listed: &'a [Listed]) -> Self {
        let fields = |it: &'a Listed| {
            let record = &it.record;
            let [active, inactive, persistent] = it.connections;
            ServerFields {
                state: Some(match it.standing {
                    Standing::Draining => "drained",
                    Standing::Refusing(_) => "refusing",
                    Standing::Rising => "rising",
                    Standing::Undone => "undone",
                    Standing::NoServer | Standing::NoService => "gone",
                }),
                weight: it.weight,
                weight_before: Some(record.weight),
                connections: it.weight.map(|_| ConnectionFields { active, inactive, persistent }),
                since: Some(&record.since),
                by: Some(&record.by),
                reason: record.reason.as_deref(),
                ..ServerFields::of(&record.service, &record.server)
            }
        };
        Self { schema: SCHEMA, drains: listed.iter().map(fields).collect() }
    }
}

/// An event of `drain --json` or `undrain --json`: one line of JSON.
#[derive(Serialize)]
pub struct Event {
    schema: u32,
    #[serde(rename = "event")]
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    connections: Option<ConnectionFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    servers: Vec<ServerFields<'static>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl Event {
    fn new(name: &'static str) -> Self {
        Self {
            schema: SCHEMA,
            name,
            changed: None,
            seconds: None,
            connections: None,
            remaining_seconds: None,
            servers: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Event: a plan was carried out.
    pub fn of_plan(event: &'static str, plan: &Plan, changed: bool) -> Self {
        let server = |it: &Target| ServerFields {
            weight: Some(it.to),
            weight_before: Some(it.from),
            ..ServerFields::of(&it.service, &it.server)
        };
        Self {
            changed: Some(changed),
            servers: plan.targets.iter().map(server).collect(),
            notes: notes(plan),
            ..Self::new(event)
        }
    }

    /// Event: the connections were counted.
    pub fn of_look(event: &'static str, look: &Look) -> Self {
        let server = |(service, server, fate): &(ServiceKey, DestinationKey, Fate)| {
            let (state, weight, connections) = match fate {
                Fate::Counted(counts) => (None, None, Some(counts.into())),
                Fate::Undone(weight) => (Some("undone"), Some(*weight), None),
                Fate::Gone => (Some("gone"), None, None),
            };
            ServerFields { state, weight, connections, ..ServerFields::of(service, server) }
        };
        Self {
            seconds: Some(look.tick.elapsed.as_secs()),
            connections: Some((&look.tick.counts).into()),
            remaining_seconds: look.tick.remaining,
            servers: look.servers.iter().map(server).collect(),
            ..Self::new(event)
        }
    }

    /// Event: weights were set.
    pub fn of_weights(
        event: &'static str,
        seconds: u64,
        weights: &[(ServiceKey, DestinationKey, u32)],
    ) -> Self {
        let server = |(service, server, weight): &(ServiceKey, DestinationKey, u32)| ServerFields {
            weight: Some(*weight),
            ..ServerFields::of(service, server)
        };
        Self {
            seconds: Some(seconds),
            servers: weights.iter().map(server).collect(),
            ..Self::new(event)
        }
    }
}
