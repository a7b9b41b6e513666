//! `-L -c`: the connections.

use crate::error::Error;
use crate::model::Connection;
use crate::output::connections as text;
use crate::system::connections::connections;

use super::Session;
use super::list::{AT_ONCE, naming};

/// The old tool looks for IPVS first, and so loads it, whatever it is asked. The file would tell
/// anybody; IPVS itself answers only those whom it obeys.
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
