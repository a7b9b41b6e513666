//! Lines of a file that the kernel refuses, and why.

use std::cell::LazyCell;
use std::collections::HashMap;

use crate::classic::RuleLine;
use crate::classic::describe;
use crate::error::{Errno, Error, made_before};
use crate::model::{Change, DestinationKey, ServiceKey};

/// A line that the kernel refuses, or would have refused on an empty table.
#[derive(Debug)]
pub struct Refused<'a> {
    /// The line.
    pub line: &'a RuleLine,
    /// Why.
    pub errno: Errno,
    /// The service or real server of the line was there before, and stays.
    pub stays: bool,
}

/// Why a line was refused.
#[derive(Debug)]
pub struct Reason {
    /// Names the line.
    pub error: Error,
    /// What is to be said with the error, in place of its own hints.
    pub hints: Vec<String>,
    /// The service or real server of the line was there before, and stays.
    pub stays: bool,
}

/// Why each of these lines of a file was refused.
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
            // To change what is there is no advice for a file.
            hints.truncate(1);
            hints.push(made_before(&format!("line {number}")));
        }
        Some(Reason { error, hints, stays })
    })
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
