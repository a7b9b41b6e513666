//! Rates from two readings of counters. Pure.

use std::time::Duration;

use super::Stats;

/// Amounts per second between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Connections scheduled.
    pub connections: f64,
    /// Packets from clients.
    pub in_packets: f64,
    /// Packets to clients, as far as they pass through the director.
    pub out_packets: f64,
    /// Bytes from clients.
    pub in_bytes: f64,
    /// Bytes to clients, as far as they pass through the director.
    pub out_bytes: f64,
}

/// Shortest packet in bytes: an IPv4 header.
const SHORTEST: u64 = 20;

impl Rates {
    /// Computes the rates from two readings of the same object, `elapsed` apart.
    ///
    /// Of connections and packets only the lowest 32 bits need to be right, because the socket
    /// options of IPVS cut them. `None` if no time has passed, or if the counters were set to zero
    /// in between: by `-Z`, or because the object was deleted and added again.
    pub fn between(before: &Stats, after: &Stats, elapsed: Duration) -> Option<Self> {
        if elapsed.is_zero() {
            return None;
        }
        let in_bytes = after.in_bytes.checked_sub(before.in_bytes)?;
        let out_bytes = after.out_bytes.checked_sub(before.out_bytes)?;
        let packets = |before, after, bytes: u64| {
            let packets = growth(before, after);
            // If the counters began again, the difference is usually huge: more packets than fit
            // into the bytes.
            (u64::from(packets) * SHORTEST <= bytes).then_some(packets)
        };
        let in_packets = packets(before.in_packets, after.in_packets, in_bytes)?;
        let out_packets = packets(before.out_packets, after.out_packets, out_bytes)?;
        let connections = growth(before.connections, after.connections);
        // A counter that went down by less than half of its range was set to zero.
        if connections > u32::MAX / 2 {
            return None;
        }
        let seconds = elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "53 bits are enough for people")]
        let bytes = |count: u64| count as f64 / seconds;
        Some(Self {
            connections: f64::from(connections) / seconds,
            in_packets: f64::from(in_packets) / seconds,
            out_packets: f64::from(out_packets) / seconds,
            in_bytes: bytes(in_bytes),
            out_bytes: bytes(out_bytes),
        })
    }

    /// The rates of the kernel, which follow the load slowly: after 8 seconds by two thirds.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are enough for people")]
    pub fn of_kernel(stats: &Stats) -> Self {
        Self {
            connections: stats.connection_rate as f64,
            in_packets: stats.in_packet_rate as f64,
            out_packets: stats.out_packet_rate as f64,
            in_bytes: stats.in_byte_rate as f64,
            out_bytes: stats.out_byte_rate as f64,
        }
    }

    /// Adds the rates of another object.
    pub fn add(&mut self, other: &Self) {
        self.connections += other.connections;
        self.in_packets += other.in_packets;
        self.out_packets += other.out_packets;
        self.in_bytes += other.in_bytes;
        self.out_bytes += other.out_bytes;
    }

    /// Bits per second from clients.
    pub fn in_bits(&self) -> f64 {
        self.in_bytes * 8.0
    }

    /// Bits per second to clients.
    pub fn out_bits(&self) -> f64 {
        self.out_bytes * 8.0
    }

    /// Bits per second in both directions.
    pub fn bits(&self) -> f64 {
        self.in_bits() + self.out_bits()
    }
}

/// Difference of two counters of which the lowest 32 bits are known. The counter grew by less than
/// 2^32.
fn growth(before: u64, after: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits are wanted")]
    let low = |count: u64| count as u32;
    low(after).wrapping_sub(low(before))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn stats(connections: u64, packets: u64, bytes: u64) -> Stats {
        Stats { connections, in_packets: packets, in_bytes: bytes, ..Stats::default() }
    }

    /// The same counters as the socket options of IPVS have them.
    fn cut(stats: Stats) -> Stats {
        let low = |count: u64| count & u64::from(u32::MAX);
        Stats {
            connections: low(stats.connections),
            in_packets: low(stats.in_packets),
            out_packets: low(stats.out_packets),
            ..stats
        }
    }

    #[test]
    fn rates_are_per_second() {
        let (before, after) = (stats(5, 100, 10_000), stats(9, 160, 20_000));
        let rates = Rates::between(&before, &after, SECOND * 2).unwrap();
        assert_eq!((rates.connections, rates.in_packets, rates.in_bytes), (2.0, 30.0, 5000.0));
        assert_eq!((rates.in_bits(), rates.out_bits()), (40_000.0, 0.0));
    }

    #[test]
    fn a_counter_of_32_bits_may_wrap() {
        let before = stats(u64::from(u32::MAX), u64::from(u32::MAX) - 1, 1 << 40);
        let after = stats(1, 2, (1 << 40) + 400);
        let rates = Rates::between(&before, &after, SECOND).unwrap();
        assert_eq!((rates.connections, rates.in_packets), (2.0, 4.0));
    }

    #[test]
    fn counters_that_were_set_to_zero_have_no_rate() {
        let before = stats(10, 100, 10_000);
        for after in [stats(0, 0, 0), stats(1, 5, 300), stats(3, 90, 12_000), stats(9, 101, 12_000)]
        {
            assert_eq!(Rates::between(&before, &after, SECOND), None, "{after:?}");
        }
    }

    #[test]
    fn without_time_there_is_no_rate() {
        let after = stats(1, 1, 40);
        assert_eq!(Rates::between(&stats(0, 0, 0), &after, Duration::ZERO), None);
    }

    proptest! {
        #[test]
        fn cut_counters_have_the_rates_of_whole_ones(
            start in 0..1_u64 << 40,
            connections in 0..=u64::from(u32::MAX / 2),
            packets in [0..=u64::from(u32::MAX), 0..=u64::from(u32::MAX)],
            length in 20..1500_u64,
            milliseconds in 1..100_000_u64,
        ) {
            let [in_packets, out_packets] = packets;
            let before = Stats {
                connections: start,
                in_packets: start,
                out_packets: start * 3,
                in_bytes: start * 40,
                out_bytes: start * 60,
                ..Stats::default()
            };
            let after = Stats {
                connections: before.connections + connections,
                in_packets: before.in_packets + in_packets,
                out_packets: before.out_packets + out_packets,
                in_bytes: before.in_bytes + in_packets * length,
                out_bytes: before.out_bytes + out_packets * length,
                ..Stats::default()
            };
            let elapsed = Duration::from_millis(milliseconds);
            let whole = Rates::between(&before, &after, elapsed);
            prop_assert!(whole.is_some());
            prop_assert_eq!(Rates::between(&cut(before), &cut(after), elapsed), whole);
            prop_assert_eq!(Rates::between(&before, &cut(after), elapsed), whole);
        }

        #[test]
        fn rates_are_finite_and_never_negative(
            before in proptest::array::uniform5(any::<u64>()),
            after in proptest::array::uniform5(any::<u64>()),
            nanoseconds in any::<u64>(),
        ) {
            let stats = |[connections, in_packets, out_packets, in_bytes, out_bytes]: [u64; 5]| {
                Stats { connections, in_packets, out_packets, in_bytes, out_bytes, ..Stats::default() }
            };
            let elapsed = Duration::from_nanos(nanoseconds);
            if let Some(rates) = Rates::between(&stats(before), &stats(after), elapsed) {
                for rate in [rates.connections, rates.in_packets, rates.out_packets, rates.bits()] {
                    prop_assert!(rate.is_finite() && rate >= 0.0, "{}", rate);
                }
            }
        }
    }
}
