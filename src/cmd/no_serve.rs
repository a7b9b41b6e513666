//! `ipvsadm serve` in a program without the feature `serve`.

use crate::cli::ServeVerb;
use crate::error::Error;

use super::Session;

/// Exit status if there is no server.
const ABSENT: u8 = 1;

#[allow(clippy::unnecessary_wraps)] // the signature of every verb
pub(super) fn run(session: &mut Session<'_>, _: &ServeVerb) -> Result<u8, Error> {
    session.say("this ipvsadm was built without the feature `serve'");
    Ok(ABSENT)
}
