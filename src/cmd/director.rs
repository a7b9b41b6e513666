//! `ipvsadm director`: prepares a director, undoes that, shows its status.

use super::Session;
use super::on_host::{self, Call};
use crate::error::Error;

pub(super) fn run(session: &mut Session<'_>, call: Call<'_>) -> Result<u8, Error> {
    on_host::run(session, "director", call)
}
