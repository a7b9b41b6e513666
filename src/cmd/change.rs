//! `-A -E -D -C -a -e -d -Z --set --start-daemon --stop-daemon`: one request for each.

use std::net::IpAddr;

use crate::classic::{describe, may_be_untranslated, untranslated};
use crate::error::{Errno, Error, other_ports};
use crate::model::field::{FieldChange, compare};
use crate::model::{Change, DestinationEntry};
use crate::netlink::Client;

use super::Session;

#[inline]
pub(super) fn run(session: &mut Session<'_>, change: &Change) -> Result<u8, Error> {
    let Err(error) = session.client()?.change(change) else {
        let hint = answers_lost(session.client()?, change);
        session.hint(hint.as_slice());
        return Ok(0);
    };
    let error = error.about(describe(change));
    let Some(hint) = present_ports(session.client()?, change, &error) else { return Err(error) };
    session.complain(&error);
    session.hint(&[hint]);
    Ok(error.exit_code())
}

/// A note about a real server whose replies the kernel does not translate back. Reads the service, or
/// its real servers, only if that can happen.
pub(super) fn answers_lost(client: &mut Client, change: &Change) -> Option<String> {
    match change {
        Change::AddDestination(key, server) | Change::UpdateDestination(key, server)
            if may_be_untranslated(key, server) =>
        {
            untranslated(&client.service(key).ok()?.service)
        }
        Change::UpdateService(service) => {
            let note = untranslated(service)?;
            let key = &service.key;
            let servers = client.destinations(key).ok()?;
            servers.iter().any(|it| may_be_untranslated(key, &it.destination)).then_some(note)
        }
        _ => None,
    }
}

/// If the real server does not exist, the ports of real servers with the same address.
fn present_ports(client: &mut Client, change: &Change, error: &Error) -> Option<String> {
    let (key, server) = match change {
        Change::UpdateDestination(key, server) => (key, server.key),
        Change::DeleteDestination(key, server) => (key, *server),
        _ => return None,
    };
    let Error::Kernel { errno: Errno::ENOENT, .. } = error else { return None };
    other_ports(&ports_of(&client.destinations(key).ok()?, server.address))
}

/// Ports of the real servers with this address.
pub(super) fn ports_of(entries: &[DestinationEntry], address: IpAddr) -> Vec<u16> {
    let servers = entries.iter().map(|entry| entry.destination.key);
    servers.filter(|server| server.address == address).map(|server| server.port).collect()
}

/// `-E` and `-e` from the command line. Hints name the fields that the command resets because it
/// does not mention them.
pub(super) fn edit(
    session: &mut Session<'_>,
    change: &Change,
    unnamed: &[&str],
) -> Result<u8, Error> {
    // If reading fails, the change fails too and reports the error.
    let differing = differing(session.client()?, change).unwrap_or_default();
    let status = run(session, change)?;
    let reset = differing.iter().filter(|field| unnamed.contains(&field.name));
    let reset: Vec<String> = reset.map(ToString::to_string).collect();
    if !reset.is_empty() {
        let reset = reset.join(", ");
        session.hint(&[
            format!("fields that the command did not give were reset: {reset}"),
            "to change only the fields that you name: ipvsadm set".to_owned(),
        ]);
    }
    Ok(status)
}

/// A text for each field that the change gives another value.
fn differing(client: &mut Client, change: &Change) -> Result<Vec<FieldChange>, Error> {
    Ok(match change {
        Change::UpdateService(service) => compare(&client.service(&service.key)?.service, service),
        Change::UpdateDestination(key, server) => {
            let entries = client.destinations(key)?;
            let live = entries.iter().find(|entry| entry.destination.key == server.key);
            live.map_or(Vec::new(), |live| compare(&live.destination, server))
        }
        _ => Vec::new(),
    })
}
