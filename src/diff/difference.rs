//! What differs between two tables, thing by thing.

use indexmap::IndexSet;

use super::Delta;
use crate::model::{Daemon, Destination, DestinationKey, Service, ServiceKey, Timeouts};

/// Something that is in one table and not, or otherwise, in the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference<'a> {
    /// A service.
    Service(Sides<'a, Service>),
    /// A real server of a service.
    Destination(ServiceKey, Sides<'a, Destination>),
    /// Time-outs.
    Timeouts(Sides<'a, Timeouts>),
    /// A sync daemon.
    Daemon(Sides<'a, Daemon>),
}

/// On which side a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides<'a, T> {
    /// Only before.
    Removed(&'a T),
    /// Only after.
    Added(&'a T),
    /// On both, before and after.
    Edited(&'a T, &'a T),
}

impl<'a, T: PartialEq> Sides<'a, T> {
    /// `None` where both sides are equal.
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
    /// The service that this is about, or whose real server.
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

/// Every difference: each service, then its real servers; then the rest.
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
