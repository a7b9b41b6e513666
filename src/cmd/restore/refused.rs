//! What the kernel refuses of a file, told with the lines.

use std::cell::LazyCell;
use std::collections::HashMap;

use crate::classic::RuleLine;
use crate::classic::describe;
use crate::error::{Errno, Error, made_before};
use crate::model::{Change, DestinationKey, ServiceKey};

use super::Session;

/// A line that the kernel refuses, or would have refused on an empty table.
pub(super) struct Refused<'a> {
    pub line: &'a RuleLine,
    pub errno: Errno,
    /// What the line is about was there before, and stays.
    pub stays: bool,
}

/// Tells those of the lines of a file, and says the exit status.
pub(super) fn complain(
    session: &mut Session<'_>,
    refused: Vec<Refused<'_>>,
    lines: &[RuleLine],
) -> u8 {
    let mut status = 0;
    let makers = LazyCell::new(|| makers(lines));
    for Refused { line, errno, stays } in refused {
        let Some(change) = line.change() else { continue };
        let object = format!("line {}: {}", line.number, describe(change));
        let error = Error::Kernel { operation: change.operation(), errno, object };
        let mut hints = error.hints();
        if errno == Errno::EEXIST
            && let Some(number) = made(change).and_then(|made| makers.get(&made))
            && *number < line.number
        {
            // To change what is there is no advice for a file.
            hints.truncate(1);
            hints.push(made_before(&format!("line {number}")));
        }
        session.complain_with(&error, hints);
        if stays {
            session.hint(&["it was there before, and stays as it is".to_owned()]);
        }
        status = error.exit_code();
    }
    status
}

/// A service, or a real server of it.
type Made = (ServiceKey, Option<DestinationKey>);

fn made(change: &Change) -> Option<Made> {
    match change {
        Change::AddService(service) => Some((service.key, None)),
        Change::AddDestination(key, server) => Some((*key, Some(server.key))),
        _ => None,
    }
}

/// The first line that makes each thing.
fn makers(lines: &[RuleLine]) -> HashMap<Made, u32> {
    let mut makers = HashMap::new();
    for line in lines {
        if let Some(made) = line.change().and_then(made) {
            makers.entry(made).or_insert(line.number);
        }
    }
    makers
}
