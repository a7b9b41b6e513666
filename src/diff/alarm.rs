//! [`Alarms`]: what needs attention in a table, apart from changes: overloaded real servers, and
//! services that nobody serves.

use std::collections::HashMap;

use indexmap::IndexSet;

use crate::model::{DestinationKey, ServiceKey, Table};

/// The table at one moment.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// Services, time-outs and daemons.
    pub table: Table,
    /// Connections of each real server that has an upper threshold, active and inactive ones.
    pub connections: HashMap<(ServiceKey, DestinationKey), u64>,
}

/// Something that begins or ends to need attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A real server has reached its upper threshold, so it gets no new connections.
    Overloaded { service: ServiceKey, server: DestinationKey, connections: u64, limit: u32 },
    /// It gets new connections again.
    Relieved(ServiceKey, DestinationKey),
    /// No real server of a service has a weight, so new clients are refused.
    WithoutWeight(ServiceKey),
    /// A real server of that service has a weight again.
    WithWeight(ServiceKey),
}

/// Everything that needs attention now.
#[derive(Debug, Default)]
pub struct Alarms {
    overloaded: IndexSet<(ServiceKey, DestinationKey)>,
    weightless: IndexSet<ServiceKey>,
}

impl Alarms {
    /// Compares the table with the last look. An object that is gone is forgotten without a word.
    pub fn look(&mut self, now: &Moment) -> Vec<Alarm> {
        let (mut alarms, mut overloaded, mut weightless) =
            (Vec::new(), IndexSet::new(), IndexSet::new());
        for (key, pool) in &now.table.pools {
            let weight = pool.destinations.values().any(|server| server.weight > 0);
            let was = self.weightless.contains(key);
            match (was, weight) {
                (false, false) => alarms.push(Alarm::WithoutWeight(*key)),
                (true, true) => alarms.push(Alarm::WithWeight(*key)),
                _ => {}
            }
            if !weight {
                weightless.insert(*key);
            }
            for server in pool.destinations.values() {
                let place = (*key, server.key);
                let connections = now.connections.get(&place).copied().unwrap_or_default();
                let limits = (server.upper_threshold, server.lower_threshold);
                let was = self.overloaded.contains(&place);
                let is = is_overloaded(connections, limits, was);
                if is && !was {
                    let (service, server, limit) = (*key, server.key, limits.0);
                    alarms.push(Alarm::Overloaded { service, server, connections, limit });
                } else if was && !is {
                    alarms.push(Alarm::Relieved(*key, server.key));
                }
                if is {
                    overloaded.insert(place);
                }
            }
        }
        (self.overloaded, self.weightless) = (overloaded, weightless);
        alarms
    }
}

/// Like the kernel, which lets an overloaded real server rest until it has fewer connections than
/// its lower threshold, or than three quarters of the upper one if there is no lower one.
fn is_overloaded(connections: u64, (upper, lower): (u32, u32), was: bool) -> bool {
    let (upper, lower) = (u64::from(upper), u64::from(lower));
    match (upper, lower) {
        (0, _) => false,
        _ if connections >= upper => true,
        _ if !was => false,
        (_, 0) => connections * 4 >= upper * 3,
        _ => connections >= lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overload_lasts_until_the_lower_threshold_as_in_the_kernel() {
        for (connections, limits, was, is) in [
            (9, (0, 0), true, false),
            (9, (10, 0), false, false),
            (10, (10, 0), false, true),
            (8, (10, 0), true, true),
            (7, (10, 0), true, false),
            (3, (10, 3), true, true),
            (2, (10, 3), true, false),
        ] {
            assert_eq!(is_overloaded(connections, limits, was), is, "{connections} {limits:?}");
        }
    }
}
