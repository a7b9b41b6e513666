//! Metrics of `watch`.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text};
use prometheus_client::registry::Registry;

use super::{Metric, counter, family, gauge};

/// What `watch` has seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Objects that were added, edited and deleted; `None` with `--against`.
    pub counts: Option<[u64; 3]>,
    /// Seconds since 1970 of the last change.
    pub last: Option<u64>,
    /// Differences from the file of `--against`.
    pub drift: Option<u64>,
}

/// Metrics of `watch --textfile`. They have no labels.
pub const WATCH: [Metric<Seen>; 5] = [
    counter("ipvs_watch_added", "Objects that were added since watch began.", |it| {
        it.counts.map(|it| it[0])
    }),
    counter("ipvs_watch_edited", "Objects that were edited since watch began.", |it| {
        it.counts.map(|it| it[1])
    }),
    counter("ipvs_watch_deleted", "Objects that were deleted since watch began.", |it| {
        it.counts.map(|it| it[2])
    }),
    gauge(
        "ipvs_watch_last_change_seconds",
        "Time of the last change in seconds since 1970; absent if there was none.",
        |it| it.last,
    ),
    gauge(
        "ipvs_watch_drift_changes",
        "With --against: differences between the table and the file.",
        |it| it.drift,
    ),
];

/// The metrics in Prometheus' own text format.
///
/// # Errors
/// None in practice: text is written to memory.
pub fn text(seen: Seen) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(seen));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Seen {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        WATCH.iter().try_for_each(|metric| family(&mut encoder, metric, &[(Vec::new(), self)]))
    }
}
