//! `-L -c`: the connections.

use crate::error::Error;
use crate::model::{Naming, Numbers};
use crate::output::connections as text;
use crate::system::connections::connections;
use crate::system::names::Resolver;

use super::Session;

/// The old tool looks for IPVS first, and so loads it, whatever it is asked. The file would tell
/// anybody; IPVS itself answers only those whom it obeys.
pub(super) fn ask_first(session: &mut Session<'_>) -> Result<(), Error> {
    session.client()?.info().map(drop)
}

pub(super) fn run(session: &mut Session<'_>, numeric: bool, engine: bool) -> Result<(), Error> {
    ask_first(session)?;
    let naming: &dyn Naming = if numeric { &Numbers } else { &Resolver };
    let connections = connections()?;
    text::title(&mut session.listing(), engine)?;
    for connection in connections {
        text::connection(&mut session.listing(), &connection?, engine, naming)?;
    }
    Ok(())
}
