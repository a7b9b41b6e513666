//! `-S`: the table as rule lines.

use crate::cli::Save;
use crate::error::Error;
use crate::model::{Change, Destination, Naming, Numbers, Service, ServiceKey};
use crate::output::order;
use crate::rules::{
    Unsayable, daemon_line, describe_destination, describe_service, destination_line, parse_line,
    service_line, timeouts_line,
};
use crate::system::names::ReversibleNames;

use super::{Session, json};

pub(super) fn run(session: &mut Session<'_>, save: Save) -> Result<u8, Error> {
    if save.json {
        return json::save(session, save);
    }
    let naming: &dyn Naming = if save.numeric { &Numbers } else { &ReversibleNames };
    let services = session.client()?.configured_services()?;
    let services = order::by_service(services, |service| service.key);
    let mut complete = true;
    for service in &services {
        complete &= save_service(session, service, naming, save.full)?;
    }
    if save.full {
        save_rest(session)?;
    }
    Ok(u8::from(!complete))
}

/// Time-outs and sync daemons, which the old tool's `-R` knows too but its `-S` does not write.
fn save_rest(session: &mut Session<'_>) -> Result<(), Error> {
    let timeouts = session.client()?.timeouts()?;
    writeln!(session.out, "{}", timeouts_line(&timeouts))?;
    for daemon in session.client()?.daemons()? {
        writeln!(session.out, "{}", daemon_line(&daemon))?;
    }
    Ok(())
}

/// With `--full`: the line, read again, is the same thing. Other programs can make what the line
/// says otherwise, such as another port of a real server that is not reached by masquerading.
fn loads_as(line: Result<String, Unsayable>, change: &Change) -> bool {
    line.is_ok_and(|line| parse_line(&line).as_ref() == Some(change))
}

/// The same of a real server; whether a line can say it is another question.
fn server_loads(key: &ServiceKey, destination: &Destination) -> bool {
    let made = Change::AddDestination(*key, *destination);
    let line = destination_line(key, destination, &Numbers);
    line.is_err() || loads_as(line, &made)
}

/// Says whether everything could be said in rule lines.
fn save_service(
    session: &mut Session<'_>,
    service: &Service,
    naming: &dyn Naming,
    full: bool,
) -> Result<bool, Error> {
    let key = &service.key;
    let mut complete = true;
    match service_line(service, naming) {
        Ok(line) => writeln!(session.out, "{line}")?,
        Err(unsayable) => {
            left_out(session, &describe_service(key), &unsayable);
            return Ok(false);
        }
    }
    let destinations = session.client()?.configured_destinations(key)?;
    let destinations = order::destinations(destinations, |destination| destination.key);
    if full {
        let made = Change::AddService(service.clone());
        if !loads_as(service_line(service, &Numbers), &made) {
            changed(session, &describe_service(key));
            complete = false;
        }
    }
    for destination in &destinations {
        if full && !server_loads(key, destination) {
            changed(session, &describe_destination(key, &destination.key));
            complete = false;
        }
        match destination_line(key, destination, naming) {
            Ok(line) => writeln!(session.out, "{line}")?,
            Err(unsayable) => {
                left_out(session, &describe_destination(key, &destination.key), &unsayable);
                complete = false;
            }
        }
    }
    Ok(complete)
}

fn left_out(session: &mut Session<'_>, object: &str, why: &Unsayable) {
    let text = format!("{object} is not saved: no rule line can say {why}");
    let _ = writeln!(session.complaints, "{text}");
}

fn changed(session: &mut Session<'_>, object: &str) {
    let text =
        format!("{object} is not saved as it is: its rule line loads as another; use --json");
    let _ = writeln!(session.complaints, "{text}");
}
