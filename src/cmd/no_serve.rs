//! `ipvsadm serve` and `ipvsadm report` in a program without the feature `serve`.

use crate::error::Error;

use super::Session;

/// Exit status if the program lacks the verb.
const ABSENT: u8 = 1;

#[allow(clippy::unnecessary_wraps)] // the signature of every verb
pub(super) fn run<T>(session: &mut Session<'_>, _: &T) -> Result<u8, Error> {
    session.say("this ipvsadm was built without the feature `serve'");
    Ok(ABSENT)
}
