//! `-S`: the table as rule lines.

use crate::cli::Save;
use crate::error::Error;
use crate::model::{Naming, Numbers, ServiceEntry};
use crate::output::order;
use crate::rules::{Unsayable, describe_service, destination_line, service_line};
use crate::system::names::ReversibleNames;

use super::Session;

pub(super) fn run(session: &mut Session<'_>, save: Save) -> Result<u8, Error> {
    let naming: &dyn Naming = if save.numeric { &Numbers } else { &ReversibleNames };
    let services = order::services(session.client()?.services()?);
    let mut complete = true;
    for entry in &services {
        complete &= save_service(session, entry, naming)?;
    }
    Ok(u8::from(!complete))
}

/// Says whether everything could be said in rule lines.
fn save_service(
    session: &mut Session<'_>,
    entry: &ServiceEntry,
    naming: &dyn Naming,
) -> Result<bool, Error> {
    let key = &entry.service.key;
    match service_line(&entry.service, naming) {
        Ok(line) => writeln!(session.out, "{line}")?,
        Err(unsayable) => {
            left_out(session, &describe_service(key), &unsayable);
            return Ok(false);
        }
    }
    let destinations = session.client()?.destinations(key)?;
    let destinations = order::destinations(destinations, |entry| entry.destination.key);
    let mut complete = true;
    for entry in &destinations {
        match destination_line(key, &entry.destination, naming) {
            Ok(line) => writeln!(session.out, "{line}")?,
            Err(unsayable) => {
                let server = entry.destination.key;
                let object =
                    format!("{} -r {}:{}", describe_service(key), server.address, server.port);
                left_out(session, &object, &unsayable);
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
