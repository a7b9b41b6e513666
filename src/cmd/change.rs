//! `-A -E -D -C -a -e -d -Z --set --start-daemon --stop-daemon`: one request each.

use crate::error::Error;
use crate::model::Change;
use crate::rules::describe;

use super::Session;

pub(super) fn run(session: &mut Session<'_>, change: &Change) -> Result<u8, Error> {
    session.client()?.change(change).map_err(|error| error.about(describe(change)))?;
    Ok(0)
}
