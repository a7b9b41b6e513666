//! Options and formats that all listings share.

use crate::error::Error;
use crate::model::{Naming, Numbers};
use crate::output::order;
use crate::reader::{Reader, Row};
use crate::system::names::Resolver;

use super::Session;

/// Number of services that are read before the first is printed, so that their names are looked up
/// together.
pub(super) const AT_ONCE: usize = 256;

/// Number of services that are read before the first is printed if no names are looked up: fewer
/// need less memory.
const WITHOUT_NAMES: usize = 16;

/// Number of services that are read before the first is printed.
pub(super) fn at_once(numeric: bool) -> usize {
    if numeric { WITHOUT_NAMES } else { AT_ONCE }
}

/// Source of names; with `numeric` it gives none.
pub(super) fn naming(numeric: bool) -> Box<dyn Naming> {
    if numeric { Box::new(Numbers) } else { Box::<Resolver>::default() }
}

/// The services, sorted by key or in the kernel's order.
pub(super) fn rows(reader: &mut Reader, sort: bool) -> Vec<Row> {
    let rows = reader.take_rows();
    if sort { order::by_service(rows, |row| reader.key(*row)) } else { rows }
}

/// Sends a request to IPVS before the file is read, as the old tool does. The request loads IPVS,
/// and refuses callers without the privilege, who could read the file.
pub(super) fn ask_first(session: &mut Session<'_>) -> Result<(), Error> {
    session.client()?.info().map(drop)
}
