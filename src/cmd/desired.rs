//! Reads the desired state from a file of rule lines or JSON.

use std::fs::File;
use std::io::{self, Read};

use crate::classic::{LONGEST, LineNumbers, MOST_BYTES, long_line, table_of};
use crate::diff::Limits;
use crate::error::{Error, Rejection};
use crate::json;
use crate::model::Table;
use crate::system::sudo::caller_can_read;
use crate::transaction::{Effort, Needs};

use super::Session;

/// The desired state that a file describes.
pub(super) struct Desired {
    pub table: Table,
    /// Line number of each object; empty for JSON.
    pub lines: LineNumbers,
    /// Schedulers and engines that the services within the limits need.
    pub needs: Needs,
}

/// Checks that the kernel has the schedulers and engines that a file needs.
pub(super) fn check(session: &mut Session<'_>, needs: &Needs, effort: Effort) -> Result<(), Error> {
    let unseen = needs.unseen(effort);
    if unseen.is_empty() {
        return Ok(());
    }
    // If the kernel does not answer, the next request reports it.
    session.client().map_or(Ok(()), |client| unseen.check(client))
}

/// Reads a file; `-` is standard input. Only services within `limits` count as needs.
pub(super) fn read(
    session: &mut Session<'_>,
    path: &str,
    limits: &Limits,
) -> Result<Desired, Error> {
    if path == "-" {
        return whole(io::stdin().lock(), Error::Io)
            .and_then(|text| parse(session, &text, limits))
            .map_err(|error| error.in_file(path));
    }
    let failed = |source| Error::File { path: path.to_owned(), source };
    let mut file = File::open(session.args.path(path)).map_err(failed)?;
    let unread = |source| Error::System { action: format!("read {path}"), source };
    // A user who may run this program by sudo may not be allowed to read every file.
    whole(&mut file, unread).and_then(|text| parse(session, &text, limits)).map_err(|error| {
        if caller_can_read(&file) { error.in_file(path) } else { error.without_excerpt(path) }
    })
}

fn parse(session: &mut Session<'_>, file: &[u8], limits: &Limits) -> Result<Desired, Error> {
    if is_json(file) {
        let table = json::read(&String::from_utf8_lossy(file))?;
        let needs = Needs::of_table(&table, |key| limits.contain(key));
        return Ok(Desired { table, lines: LineNumbers::default(), needs });
    }
    let mut needs = Needs::default();
    let (table, lines) = table_of(&mut session.scanner, &session.program, file, |line| {
        needs.add_line(line, |key| limits.contain(key));
    })?;
    Ok(Desired { table, lines, needs })
}

/// Reads the whole input, up to the size limit of a table. If the first line never ends, stops at
/// the limit of a line.
fn whole(mut input: impl Read, failed: impl Fn(io::Error) -> Error) -> Result<Vec<u8>, Error> {
    let mut file = Vec::new();
    input.by_ref().take(LONGEST as u64 + 1).read_to_end(&mut file).map_err(&failed)?;
    if file.len() > LONGEST && !file.contains(&b'\n') && !is_json(&file) {
        return Err(long_line(1, &file));
    }
    input.take(MOST_BYTES).read_to_end(&mut file).map_err(&failed)?;
    if file.len() as u64 > MOST_BYTES {
        return Err(Rejection::LongFile.into());
    }
    Ok(file)
}

fn is_json(file: &[u8]) -> bool {
    file.trim_ascii_start().starts_with(b"{")
}
