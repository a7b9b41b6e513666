//! Weights and times of `undrain --ramp`, which raises weights in steps. Pure.

use std::time::Duration;

use super::plan::Target;
use crate::model::{DestinationKey, ServiceKey};

/// Maximum number of steps. Each step is a change that other programs see.
const MOST: u32 = 20;

/// The weights of a ramp and their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ramp {
    targets: Vec<Target>,
    steps: u32,
    length: Duration,
}

/// A step of a ramp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The time since the start at which it is due.
    pub at: Duration,
    pub weights: Vec<(ServiceKey, DestinationKey, u32)>,
}

impl Ramp {
    /// A ramp from the current to the final weights of the targets that takes `length`.
    pub fn new(targets: &[Target], length: Duration) -> Self {
        let targets: Vec<Target> = targets.iter().filter(|it| it.from < it.to).cloned().collect();
        let most = targets.iter().map(|it| it.to - it.from.max(1)).max().unwrap_or(0);
        Self { targets, steps: most.min(MOST), length }
    }

    /// Every step before the last one, which is an undrain without a ramp. The first one is due at
    /// once, and gives each real server a weight of at least 1.
    pub fn stages(&self) -> impl Iterator<Item = Stage> + '_ {
        (0..self.steps).map(|step| Stage {
            at: self.length * step / self.steps,
            weights: self
                .targets
                .iter()
                .map(|it| (it.service, it.server, self.weight(it, step)))
                .collect(),
        })
    }

    /// The weight that a real server has at the end.
    pub fn goal(&self, service: &ServiceKey, server: &DestinationKey) -> Option<u32> {
        let is_it = |it: &&Target| it.service == *service && it.server == *server;
        self.targets.iter().find(is_it).map(|it| it.to)
    }

    /// Weight of a target at this step. It never falls from one step to the next.
    fn weight(&self, target: &Target, step: u32) -> u32 {
        let first = target.from.max(1);
        let rise = u64::from(target.to - first) * u64::from(step) / u64::from(self.steps.max(1));
        first + u32::try_from(rise).unwrap_or(0)
    }

    /// Time from the start until the last step.
    pub fn length(&self) -> Duration {
        if self.steps == 0 { Duration::ZERO } else { self.length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(from: u32, to: u32) -> Target {
        let service = ServiceKey::tcp("192.0.2.80:80".parse().unwrap());
        let server = "198.51.100.1:80".parse::<std::net::SocketAddr>().unwrap().into();
        Target { service, server, from, to }
    }

    fn stages(targets: &[Target], seconds: u64) -> Vec<(u64, Vec<u32>)> {
        let ramp = Ramp::new(targets, Duration::from_secs(seconds));
        let weights = |it: Stage| it.weights.iter().map(|it| it.2).collect();
        ramp.stages().map(|it| (it.at.as_secs(), weights(it))).collect()
    }

    #[test]
    fn weights_rise_from_one_to_the_recorded_one() {
        assert_eq!(
            stages(&[target(0, 5)], 40),
            [(0, vec![1]), (10, vec![2]), (20, vec![3]), (30, vec![4])]
        );
        assert_eq!(stages(&[target(0, 3), target(0, 2)], 10), [(0, vec![1, 1]), (5, vec![2, 1])]);
        let many = stages(&[target(0, 1_000_000)], 100);
        assert_eq!((many.len(), &many[19]), (20, &(95, vec![950_000])));
    }

    #[test]
    fn a_ramp_that_was_stopped_goes_on_from_its_weight() {
        assert_eq!(stages(&[target(3, 5)], 10), [(0, vec![3]), (5, vec![4])]);
    }

    #[test]
    fn there_is_nothing_between_zero_and_one() {
        assert_eq!(stages(&[target(0, 1)], 10), []);
        assert_eq!(stages(&[target(4, 4)], 10), []);
        assert_eq!(Ramp::new(&[target(0, 1)], Duration::from_secs(10)).length(), Duration::ZERO);
    }
}
