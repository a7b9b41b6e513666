//! `-L -c`: lists the connection table.

use crate::error::Error;
use crate::model::Connection;
use crate::output::connections as text;
use crate::system::connections::connections;

use super::Session;
use super::list::{AT_ONCE, naming};

/// Sends a request to IPVS before the file is read, as the old tool does. The request loads IPVS,
/// and refuses callers without the privilege, who could read the file.
pub(super) fn ask_first(session: &mut Session<'_>) -> Result<(), Error> {
    session.client()?.info().map(drop)
}

pub(super) fn run(session: &mut Session<'_>, numeric: bool, engine: bool) -> Result<(), Error> {
    ask_first(session)?;
    let naming = naming(numeric);
    let mut connections = connections()?;
    text::title(&mut session.listing(), engine)?;
    loop {
        let some: Vec<Connection> = connections.by_ref().take(AT_ONCE).collect::<Result<_, _>>()?;
        if some.is_empty() {
            return Ok(());
        }
        let ends = |it: &Connection| [it.client.0, it.virtual_server.0, it.destination.0];
        naming.prepare(&mut some.iter().flat_map(ends));
        for connection in &some {
            text::connection(&mut session.listing(), connection, engine, &*naming)?;
        }
    }
}
