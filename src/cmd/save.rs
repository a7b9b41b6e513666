//! `-S`: prints the table as rule lines.

use std::io::Write;

use crate::classic::Save;
use crate::classic::{
    NotExpressible, daemon_line, describe, describe_destination, describe_service,
    destination_line, fits, parse_line, readable_daemon, readable_destination, readable_service,
    readable_timeouts, service_line, timeouts_line,
};
use crate::error::Error;
use crate::model::{
    Change, Destination, DestinationEntry, Forwarding, Naming, Numbers, Service, ServiceKey,
};
use crate::output::order;
use crate::reader::{Columns, Reader};
use crate::system::names::ReversibleNames;

use super::listing::{at_once, rows};
use super::{Session, json};

pub(super) fn run(session: &mut Session<'_>, save: Save) -> Result<u8, Error> {
    if save.json {
        return json::save(session, save);
    }
    let names = ReversibleNames::default();
    let naming: &dyn Naming = if save.numeric { &Numbers } else { &names };
    let mut reader = Reader::open(session.client()?, Columns::CONFIGURED)?;
    let mut complete = true;
    for rows in rows(&mut reader, true).chunks(at_once(save.numeric)) {
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

/// Prints time-outs and sync daemons. The old tool's `-S` does not print them, but its `-R` reads
/// them.
fn save_rest(session: &mut Session<'_>) -> Result<bool, Error> {
    let timeouts = session.client()?.timeouts()?;
    let line = readable_timeouts(&timeouts).map(|()| timeouts_line(&timeouts));
    let mut complete = save_line(session, line, || "the time-out setting".to_owned())?;
    for daemon in session.client()?.daemons()? {
        let line = readable_daemon(&daemon).map(|()| daemon_line(&daemon));
        complete &= save_line(session, line, || describe(&Change::StartDaemon(daemon)))?;
    }
    Ok(complete)
}

/// Prints a line and returns whether it was printed. A line that cannot be read again is left out,
/// because it would make the whole file unreadable.
fn save_line(
    session: &mut Session<'_>,
    line: Result<String, NotExpressible>,
    object: impl FnOnce() -> String,
) -> Result<bool, Error> {
    match line {
        Ok(line) => writeln!(session.listing(), "{line}")?,
        Err(why) => {
            let object = object();
            session.say(&format!(
                "{object} is not saved: no rule line can express {why}; use \
                                  --json"
            ));
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the line, read again, gives the same change. Other programs can set values for which it
/// does not.
fn loads_as(line: Result<String, NotExpressible>, change: &Change) -> bool {
    line.is_ok_and(|line| parse_line(&line).as_ref() == Some(change))
}

/// Whether the service has nothing but an address and a scheduler, so that its line surely reads
/// back. Parsing the lines of common tables again would cost a third of `-S`.
fn is_plain_service(service: &Service) -> bool {
    matches!(service.key, ServiceKey::Address { .. })
        && *service == Service::new(service.key, service.scheduler)
}

/// Whether the real server's line surely reads back: masqueraded, or with the port of its service.
fn is_plain_server(key: &ServiceKey, destination: &Destination) -> bool {
    matches!(key, ServiceKey::Address { .. })
        && matches!(destination.forwarding, Forwarding::Masquerade | Forwarding::Route)
        && fits(key, destination)
}

/// The real server that its line would load as, if that is a different one.
fn other_server(key: &ServiceKey, destination: &Destination) -> Option<String> {
    if is_plain_server(key, destination) {
        return None;
    }
    let made = Change::AddDestination(*key, *destination);
    if loads_as(destination_line(key, destination, &Numbers), &made) {
        return None;
    }
    Some(match destination.forwarding {
        Forwarding::Local => "-g, since no option means local".to_owned(),
        _ if !fits(key, destination) => {
            format!("port {}: only -m can have a port of its own", key.port())
        }
        _ => "another".to_owned(),
    })
}

/// Prints a service and its real servers. Returns whether rule lines could express all of them.
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
    if !is_plain_service(service)
        && !loads_as(service_line(service, &Numbers), &Change::AddService(service.clone()))
    {
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::model::SchedulerName;

    #[test]
    fn plain_objects_load_as_themselves() {
        let addresses = ["192.0.2.80:80", "[2001:db8::80]:443"];
        let servers = ["10.0.0.1:80", "10.0.0.1:8080", "[2001:db8::1]:443", "[2001:db8::1]:1"];
        let [addresses, servers] = [&addresses[..], &servers[..]]
            .map(|it| it.iter().map(|it| it.parse().unwrap()).collect::<Vec<SocketAddr>>());
        let mut plain = 0;
        let keys = addresses.iter().flat_map(|&it| [ServiceKey::tcp(it), ServiceKey::udp(it)]);
        for key in keys {
            for scheduler in ["rr", "none", "a-b"] {
                let service = Service::new(key, SchedulerName::new(scheduler).unwrap());
                let line = service_line(&service, &Numbers);
                assert!(is_plain_service(&service));
                assert!(loads_as(line, &Change::AddService(service)), "{key} {scheduler}");
            }
            for (server, forwarding) in servers
                .iter()
                .flat_map(|it| [(it, Forwarding::Masquerade), (it, Forwarding::Route)])
            {
                for (weight, upper_threshold, lower_threshold) in
                    [(1, 0, 0), (0, 7, 3), (65536, 9, 0)]
                {
                    let destination = Destination {
                        forwarding,
                        weight,
                        upper_threshold,
                        lower_threshold,
                        ..Destination::new(*server)
                    };
                    let line = destination_line(&key, &destination, &Numbers);
                    let same = loads_as(line, &Change::AddDestination(key, destination));
                    assert_eq!(is_plain_server(&key, &destination), same, "{destination:?}");
                    plain += u32::from(same);
                }
            }
        }
        assert_eq!(plain, 2 * 2 * 3 * 3);
    }
}
