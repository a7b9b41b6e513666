//! `-L -c`: lists the connection table.

use crate::error::Error;
use crate::model::Connection;
use crate::output::connections as text;
use crate::system::connections::connections;

use super::Session;
use super::listing::{AT_ONCE, ask_first, naming};

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
