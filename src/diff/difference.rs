//! The differences between two tables, object by object.

use indexmap::IndexSet;

use super::Delta;
use crate::model::{Daemon, Destination, DestinationKey, Service, ServiceKey, Timeouts};

/// An object that only one table has, or that differs between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference<'a> {
    Service(Sides<'a, Service>),
    Destination(ServiceKey, Sides<'a, Destination>),
    Timeouts(Sides<'a, Timeouts>),
    Daemon(Sides<'a, Daemon>),
}

/// The values of an object in both tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides<'a, T> {
    /// Only the first table has the object.
    Removed(&'a T),
    /// Only the second table has the object.
    Added(&'a T),
    /// Both tables have the object, with these different values.
    Edited(&'a T, &'a T),
}

impl<'a, T: PartialEq> Sides<'a, T> {
    /// `None` if both sides are equal.
    fn of(before: Option<&'a T>, after: Option<&'a T>) -> Option<Self> {
        match (before, after) {
            (Some(before), None) => Some(Self::Removed(before)),
            (None, Some(after)) => Some(Self::Added(after)),
            (Some(before), Some(after)) if before != after => Some(Self::Edited(before, after)),
            _ => None,
        }
    }
}

impl Difference<'_> {
    /// Key of the service that differs, or of the service whose real server differs.
    pub fn service(&self) -> Option<ServiceKey> {
        match self {
            Self::Service(
                Sides::Removed(service) | Sides::Added(service) | Sides::Edited(_, service),
            ) => Some(service.key),
            Self::Destination(key, _) => Some(*key),
            Self::Timeouts(_) | Self::Daemon(_) => None,
        }
    }
}

/// Numbers of objects that the delta adds, edits and deletes.
pub fn count(delta: &Delta) -> [usize; 3] {
    let mut counts = [0; 3];
    for difference in differences(delta) {
        let place = match difference {
            Difference::Service(Sides::Added(_))
            | Difference::Destination(_, Sides::Added(_))
            | Difference::Timeouts(Sides::Added(_))
            | Difference::Daemon(Sides::Added(_)) => 0,
            Difference::Service(Sides::Removed(_))
            | Difference::Destination(_, Sides::Removed(_))
            | Difference::Timeouts(Sides::Removed(_))
            | Difference::Daemon(Sides::Removed(_)) => 2,
            _ => 1,
        };
        counts[place] += 1;
    }
    counts
}

/// All differences: each service followed by its real servers, then time-outs and daemons.
pub fn differences(delta: &Delta) -> Vec<Difference<'_>> {
    let mut found = Vec::new();
    for key in delta.services() {
        let (before, after) = (delta.before.pools.get(&key), delta.after.pools.get(&key));
        let sides = Sides::of(before.map(|it| &it.service), after.map(|it| &it.service));
        found.extend(sides.map(Difference::Service));
        let servers: IndexSet<DestinationKey> = [before, after]
            .into_iter()
            .flatten()
            .flat_map(|pool| pool.destinations.keys().copied())
            .collect();
        for server in servers {
            let before = before.and_then(|pool| pool.destinations.get(&server));
            let after = after.and_then(|pool| pool.destinations.get(&server));
            let sides = Sides::of(before, after);
            found.extend(sides.map(|sides| Difference::Destination(key, sides)));
        }
    }
    let timeouts = Sides::of(delta.before.timeouts.as_ref(), delta.after.timeouts.as_ref());
    found.extend(timeouts.map(Difference::Timeouts));
    for (role, after) in &delta.after.daemons {
        let before = delta.before.daemons.get(role).and_then(Option::as_ref);
        found.extend(Sides::of(before, after.as_ref()).map(Difference::Daemon));
    }
    found
}
