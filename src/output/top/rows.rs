//! The rows that are visible: sorted, filtered, and without those of closed services.

use std::cmp::Ordering;

use super::live::{Live, LiveServer, LiveService, Load};
use crate::model::{DestinationKey, ServiceKey};

/// Order of services, and of the real servers of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By address, as in listings.
    #[default]
    Name,
    /// Most active connections first.
    Active,
    /// Most connections per second first.
    Connections,
    /// Most bits per second first.
    Bits,
}

impl Sort {
    /// Compares two loads; the larger one comes first. Equal loads keep the order of names.
    fn compare(self, one: &Load, other: &Load) -> Ordering {
        let rate = |load: &Load| {
            let rates = load.rates.unwrap_or_default();
            if self == Self::Connections { rates.connections } else { rates.bits() }
        };
        match self {
            Self::Name => Ordering::Equal,
            Self::Active => other.active.cmp(&one.active),
            Self::Connections | Self::Bits => rate(other).total_cmp(&rate(one)),
        }
    }
}

/// Identity of a row: a service, or one of its real servers.
pub type RowKey = (ServiceKey, Option<DestinationKey>);

/// A visible row.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// A service; whether its real servers are visible.
    Service(ServiceKey, &'a LiveService, bool),
    /// A real server.
    Server(ServiceKey, DestinationKey, &'a LiveServer),
}

impl Row<'_> {
    /// Identity of the row.
    pub fn key(&self) -> RowKey {
        match self {
            Self::Service(key, ..) => (*key, None),
            Self::Server(service, key, _) => (*service, Some(*key)),
        }
    }
}

/// What is visible, and in which order.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    pub sort: Sort,
    /// The smallest comes first.
    pub is_reversed: bool,
    /// Text that a row must contain, in lower case.
    pub filter: &'a str,
}

/// Lists the visible rows. `is_open` is whether the real servers of a service are visible; a filter
/// shows every real server that it matches.
pub fn rows<'a>(
    live: &'a Live,
    selection: Selection<'_>,
    is_open: impl Fn(&ServiceKey) -> bool,
) -> Vec<Row<'a>> {
    let Selection { filter, .. } = selection;
    let mut rows = Vec::new();
    for (key, service) in sorted(live.services.iter().collect(), selection, |it| &it.load) {
        let is_match = matches_service(filter, key, service);
        let is_open = is_open(key);
        let head = rows.len();
        rows.push(Row::Service(*key, service, is_open));
        if is_match && !is_open {
            continue;
        }
        for (own, server) in sorted(service.servers.iter().collect(), selection, |it| &it.load) {
            if is_match || matches_server(filter, own, server) {
                rows.push(Row::Server(*key, *own, server));
            }
        }
        if !is_match {
            if rows.len() == head + 1 {
                rows.truncate(head);
            } else {
                rows[head] = Row::Service(*key, service, true);
            }
        }
    }
    rows
}

fn sorted<'a, K, V>(
    mut entries: Vec<(&'a K, &'a V)>,
    selection: Selection<'_>,
    load: impl Fn(&V) -> &Load,
) -> Vec<(&'a K, &'a V)> {
    if selection.sort != Sort::Name {
        entries.sort_by(|(_, one), (_, other)| selection.sort.compare(load(one), load(other)));
    }
    if selection.is_reversed {
        entries.reverse();
    }
    entries
}

fn matches_service(filter: &str, key: &ServiceKey, service: &LiveService) -> bool {
    filter.is_empty() || {
        let text = format!("{key} {} {}", service.scheduler, service.mark.word());
        text.to_lowercase().contains(filter)
    }
}

fn matches_server(filter: &str, key: &DestinationKey, server: &LiveServer) -> bool {
    format!("{key} {}", server.mark.word()).to_lowercase().contains(filter)
}
