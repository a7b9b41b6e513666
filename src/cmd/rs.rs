//! `ipvsadm rs`: prepares a real server, undoes that, shows its status.

use super::{Session, on_host};
use crate::cli::HostVerb;
use crate::error::Error;

pub(super) fn run(
    session: &mut Session<'_>,
    verb: &HostVerb,
    netns: Option<&str>,
    json: bool,
) -> Result<u8, Error> {
    on_host::run(session, "rs", verb, netns, json)
}
