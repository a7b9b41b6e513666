//! Rates over the last ten seconds.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::{Rates, Stats};

/// Length of the window. The kernel brings the counters up to date every 2 seconds, at a moment of
/// its own: in a short time they grow by too much or by nothing.
const LENGTH: Duration = Duration::from_secs(10);
/// A shorter time says nothing.
const SHORTEST: Duration = Duration::from_secs(4);
/// Time between two readings that are kept.
const SPACING: Duration = Duration::from_secs(2);

/// The last readings of the counters of an object.
#[derive(Clone, Debug, Default)]
pub struct Window(VecDeque<(Duration, Stats)>);

/// What a reading tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Growth {
    /// The rates of the window.
    Known(Rates),
    /// The window is too short for rates.
    TooShort,
    /// The counters were set to zero.
    Reset,
}

impl Window {
    /// Adds a reading of the counters at `at`.
    pub fn push(&mut self, at: Duration, stats: &Stats) -> Growth {
        // The oldest reading is one that is as old as the window, if there is one.
        while self.0.get(1).is_some_and(|(second, _)| *second + LENGTH <= at) {
            self.0.pop_front();
        }
        let growth = self.growth(at, stats);
        if growth == Growth::Reset {
            self.0.clear();
        }
        if self.0.back().is_none_or(|(last, _)| *last + SPACING <= at) {
            self.0.push_back((at, *stats));
        }
        growth
    }

    fn growth(&self, at: Duration, stats: &Stats) -> Growth {
        let Some((first, before)) = self.0.front() else { return Growth::TooShort };
        let elapsed = at.saturating_sub(*first);
        match Rates::between(before, stats, elapsed) {
            _ if elapsed.is_zero() => Growth::TooShort,
            None => Growth::Reset,
            Some(_) if elapsed < SHORTEST => Growth::TooShort,
            Some(rates) => Growth::Known(rates),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stats(connections: u64) -> Stats {
        Stats { connections, ..Stats::default() }
    }

    /// Connections per second; `None` if they are not known.
    fn rate(growth: Growth) -> Option<f64> {
        let Growth::Known(rates) = growth else { return None };
        Some(rates.connections)
    }

    #[test]
    fn a_window_is_ten_seconds_long() {
        let mut window = Window::default();
        let mut last = Growth::TooShort;
        for (second, connections) in [(0, 0), (2, 100), (4, 200), (10, 500), (12, 500), (14, 500)] {
            last = window.push(Duration::from_secs(second), &stats(connections));
            assert_eq!(rate(last).is_some(), second >= 4);
        }
        assert_eq!(rate(last), Some(30.0));
    }

    #[test]
    fn a_reset_begins_a_new_window() {
        let mut window = Window::default();
        let mut push =
            |second, connections| window.push(Duration::from_secs(second), &stats(connections));
        push(0, 50);
        assert_eq!(push(4, 3), Growth::Reset);
        assert_eq!(push(6, 5), Growth::TooShort);
        // A clock that stands still changes nothing.
        assert_eq!(push(6, 5), Growth::TooShort);
        assert_eq!(rate(push(8, 11)), Some(2.0));
    }

    proptest! {
        /// The kernel updates the counters every 2 seconds; the readings come at any other interval.
        #[test]
        fn rates_are_near_the_truth(interval in 100..5000_u64, phase in 0..2000_u64) {
            let mut window = Window::default();
            for number in 0..100 {
                let at = phase + number * interval;
                let growth = window.push(Duration::from_millis(at), &stats(at / 2000 * 2000));
                if number * interval > 15_000 {
                    let rate = rate(growth).unwrap();
                    prop_assert!((790.0..1210.0).contains(&rate), "{}", rate);
                }
            }
        }
    }
}
