//! The last values of a rate, for sparklines and shares.

use std::collections::VecDeque;

/// Number of values that are kept: four minutes at an interval of 2 seconds.
pub const LENGTH: usize = 120;

/// Number of values in a share of load: one minute at an interval of 2 seconds.
const RECENT: usize = 30;

/// The last values of a rate, the oldest one first.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// `None`: unknown, because the counters began again.
    values: VecDeque<Option<f32>>,
    /// Number of values added so far, including those that were dropped.
    count: usize,
}

impl History {
    /// Adds a value, and drops the oldest one if there are too many.
    pub fn push(&mut self, value: Option<f64>) {
        if self.values.len() == LENGTH {
            self.values.pop_front();
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is drawn with eight levels")]
        self.values.push_back(value.map(|it| it as f32));
        self.count += 1;
    }

    /// Mean of the values of the last minute; `None` if none is known.
    pub fn recent(&self) -> Option<f64> {
        let skipped = self.values.len().saturating_sub(RECENT);
        mean(self.values.iter().skip(skipped).copied())
    }

    /// The whole history in at most `width` means, the last one at the end. A mean that is complete
    /// stays as it is when later values arrive.
    #[cfg(feature = "top")]
    pub fn bins(&self, width: usize) -> Vec<Option<f64>> {
        let size = LENGTH.div_ceil(width.max(1));
        let dropped = self.count - self.values.len();
        let mut values = self.values.iter().copied();
        // The first bin is incomplete if some of its values were dropped.
        let first = size - dropped % size;
        let mut bins = vec![mean(values.by_ref().take(first))];
        let mut left = self.values.len().saturating_sub(first);
        while left > 0 {
            bins.push(mean(values.by_ref().take(size)));
            left = left.saturating_sub(size);
        }
        let excess = bins.len().saturating_sub(width);
        bins.split_off(excess)
    }
}

fn mean(values: impl Iterator<Item = Option<f32>>) -> Option<f64> {
    let (sum, count) = values
        .flatten()
        .fold((0.0, 0.0), |(sum, count), value| (sum + f64::from(value), count + 1.0));
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn history(values: impl IntoIterator<Item = Option<f64>>) -> History {
        let mut history = History::default();
        values.into_iter().for_each(|value| history.push(value));
        history
    }

    #[test]
    fn bins_are_means_and_unknown_values_do_not_count() {
        let history = history([Some(1.0), Some(3.0), None, Some(4.0), None, None, Some(7.0)]);
        let bins = history.bins(LENGTH / 2);
        assert_eq!(bins, [Some(2.0), Some(4.0), None, Some(7.0)]);
        assert_eq!(history.recent(), Some(3.75));
        assert_eq!(History::default().recent(), None);
    }

    proptest! {
        #[test]
        fn complete_bins_stay(count in 0..3 * LENGTH, more in 0..LENGTH, width in 1..200_usize) {
            let number = |it: usize| Some(f64::from(u16::try_from(it).unwrap()));
            let before = history((0..count).map(number)).bins(width);
            let after = history((0..count + more).map(number)).bins(width);
            prop_assert!(before.len() <= width && after.len() <= width);
            // The first and the last bin may be incomplete.
            for bin in before.iter().skip(1).rev().skip(1) {
                let is_dropped = after.first().is_some_and(|first| bin < first);
                prop_assert!(is_dropped || after.contains(bin) || after.first() >= Some(bin));
            }
        }
    }
}
