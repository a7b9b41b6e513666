//! The JSON form of counters and rates.

use serde::{Deserialize, Serialize};

use crate::model::Stats;

/// The counters that a listing contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counters {
    /// No counters.
    #[default]
    None,
    /// `stats`: totals.
    Stats,
    /// `rate`: rates.
    Rate,
    /// `stats` and `rate`.
    Both,
}

impl Counters {
    pub(super) fn of(self, stats: &Stats) -> (Option<StatsFields>, Option<RateFields>) {
        match self {
            Self::None => (None, None),
            Self::Stats => (Some(stats.into()), None),
            Self::Rate => (None, Some(stats.into())),
            Self::Both => (Some(stats.into()), Some(stats.into())),
        }
    }
}

/// Totals since the counters were last zeroed, not rounded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatsFields {
    connections: u64,
    in_packets: u64,
    out_packets: u64,
    in_bytes: u64,
    out_bytes: u64,
}

impl From<&Stats> for StatsFields {
    fn from(stats: &Stats) -> Self {
        let Stats { connections, in_packets, out_packets, in_bytes, out_bytes, .. } = *stats;
        Self { connections, in_packets, out_packets, in_bytes, out_bytes }
    }
}

/// Rates per second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateFields {
    connections: u64,
    in_packets: u64,
    out_packets: u64,
    in_bytes: u64,
    out_bytes: u64,
}

impl From<&Stats> for RateFields {
    fn from(stats: &Stats) -> Self {
        Self {
            connections: stats.connection_rate,
            in_packets: stats.in_packet_rate,
            out_packets: stats.out_packet_rate,
            in_bytes: stats.in_byte_rate,
            out_bytes: stats.out_byte_rate,
        }
    }
}
