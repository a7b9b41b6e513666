//! Explains the lines of a file that the kernel refuses.

use std::cell::LazyCell;
use std::collections::HashMap;

use crate::classic::RuleLine;
use crate::classic::describe;
use crate::error::{Errno, Error, made_before};
use crate::model::{Change, DestinationKey, ServiceKey};

/// A line that the kernel refused, or would have refused on an empty table.
#[derive(Debug)]
pub struct Refused<'a> {
    pub line: &'a RuleLine,
    pub errno: Errno,
    /// The line's service or real server existed before and stays.
    pub stays: bool,
}

/// Explanation of a refused line.
#[derive(Debug)]
pub struct Reason {
    /// The error, which names the line.
    pub error: Error,
    /// Hints that replace the error's own hints.
    pub hints: Vec<String>,
    /// The line's service or real server existed before and stays.
    pub stays: bool,
}

/// Explains each refused line.
pub fn reasons<'a>(
    refused: Vec<Refused<'a>>,
    lines: &'a [RuleLine],
) -> impl Iterator<Item = Reason> + 'a {
    let makers = LazyCell::new(|| makers(lines));
    refused.into_iter().filter_map(move |Refused { line, errno, stays }| {
        let change = line.change()?;
        let object = format!("line {}: {}", line.number, describe(change));
        let error = Error::Kernel { operation: change.operation(), errno, object };
        let mut hints = error.hints();
        if errno == Errno::EEXIST
            && let Some(number) = made(change).and_then(|made| makers.get(&made))
            && *number < line.number
        {
            // The other hints propose to edit the existing object, which does not help in a file.
            hints.truncate(1);
            hints.push(made_before(&format!("line {number}")));
        }
        Some(Reason { error, hints, stays })
    })
}

/// Key of an added service, or of one of its real servers.
type Made = (ServiceKey, Option<DestinationKey>);

fn made(change: &Change) -> Option<Made> {
    match change {
        Change::AddService(service) => Some((service.key, None)),
        Change::AddDestination(key, server) => Some((*key, Some(server.key))),
        _ => None,
    }
}

/// For each object, the number of the first line that adds it.
fn makers(lines: &[RuleLine]) -> HashMap<Made, u32> {
    let mut makers = HashMap::new();
    for line in lines {
        if let Some(made) = line.change().and_then(made) {
            makers.entry(made).or_insert(line.number);
        }
    }
    makers
}
