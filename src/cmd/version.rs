//! `-v`: prints the version of ipvsadm that this program is compatible with, then its own.

use crate::error::Error;

use super::Session;

pub(super) fn run(session: &mut Session<'_>) -> Result<u8, Error> {
    writeln!(session.out, "ipvsadm v1.31 (compatible; version {})", env!("CARGO_PKG_VERSION"))?;
    Ok(0)
}
