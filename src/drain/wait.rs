//! End and remaining time of a drain, from counts of connections. Pure.

use std::time::Duration;

use super::request::Until;

/// Connections of a drained real server, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections in use: the established ones and those of all UDP clients, which the kernel
    /// remembers until the UDP time-out.
    pub active: u32,
    /// Connections that are closing, or finished and still remembered, as in `TIME_WAIT`.
    pub inactive: u32,
    /// Persistence templates.
    pub persistent: u32,
    /// Whether the templates still send known clients here.
    pub is_held: bool,
    /// Seconds until the kernel forgets the last UDP client and the last template in force, unless
    /// their clients return.
    pub forgotten_in: Option<u64>,
    /// Seconds until the kernel forgets the last connection.
    pub all_forgotten_in: Option<u64>,
}

impl Counts {
    /// Adds the counts of two real servers.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            active: self.active.saturating_add(other.active),
            inactive: self.inactive.saturating_add(other.inactive),
            persistent: self.persistent.saturating_add(other.persistent),
            is_held: self.is_held || other.is_held,
            forgotten_in: self.forgotten_in.max(other.forgotten_in),
            all_forgotten_in: self.all_forgotten_in.max(other.all_forgotten_in),
        }
    }

    fn is_done(self, until: Until) -> bool {
        let held = self.is_held && self.persistent > 0;
        let left = match until {
            Until::Active => self.active,
            Until::All => self.active.saturating_add(self.inactive),
        };
        left == 0 && !held
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Connections are left.
    Waiting,
    /// No connection that the drain waits for is left.
    Idle,
    /// Connections are left at the time limit.
    Deadline,
}

/// Connections and state of a drain at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The time since the start.
    pub elapsed: Duration,
    pub counts: Counts,
    /// Estimated seconds until the end; `None` if unknown.
    pub remaining: Option<u64>,
    pub state: State,
}

/// Follows the counts of a drain and estimates its end.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    until: Until,
    limit: Option<Duration>,
    /// The first counts, and when they were taken.
    first: Option<(Duration, Counts)>,
}

impl Course {
    pub fn new(until: Until, limit: Option<Duration>) -> Self {
        Self { until, limit, first: None }
    }

    /// Evaluates counts that were taken `elapsed` after the start.
    pub fn look(&mut self, elapsed: Duration, counts: Counts) -> Tick {
        let first = *self.first.get_or_insert((elapsed, counts));
        let state = match () {
            () if counts.is_done(self.until) => State::Idle,
            () if self.limit.is_some_and(|limit| elapsed >= limit) => State::Deadline,
            () => State::Waiting,
        };
        let remaining = (state == State::Waiting).then(|| self.remaining(first, elapsed, counts));
        Tick { elapsed, counts, remaining: remaining.flatten(), state }
    }

    fn remaining(
        &self,
        (start, first): (Duration, Counts),
        elapsed: Duration,
        now: Counts,
    ) -> Option<u64> {
        let left = |counts: Counts| match self.until {
            Until::Active => counts.active,
            Until::All => counts.active.saturating_add(counts.inactive),
        };
        let known = match self.until {
            Until::Active => now.forgotten_in,
            Until::All => now.all_forgotten_in.max(now.forgotten_in),
        };
        // The kernel's timers are more reliable than the trend.
        if known.is_some() {
            return known;
        }
        let ended = u64::from(left(first).checked_sub(left(now)).filter(|ended| *ended > 0)?);
        let took = u64::try_from(elapsed.saturating_sub(start).as_millis()).ok()?;
        Some((took.checked_mul(u64::from(left(now)))? / ended).div_ceil(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(active: u32, inactive: u32, persistent: u32) -> Counts {
        Counts { active, inactive, persistent, ..Counts::default() }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn finished_connections_count_only_if_all_are_waited_for() {
        let state = |until, counts| Course::new(until, None).look(at(1), counts).state;
        assert_eq!(state(Until::Active, counts(0, 7, 0)), State::Idle);
        assert_eq!(state(Until::All, counts(0, 7, 0)), State::Waiting);
        assert_eq!(state(Until::All, counts(0, 0, 0)), State::Idle);
        assert_eq!(state(Until::Active, counts(1, 0, 0)), State::Waiting);
    }

    #[test]
    fn templates_count_while_they_send_clients() {
        let mut course = Course::new(Until::Active, None);
        let held = Counts { is_held: true, ..counts(0, 0, 3) };
        assert_eq!(course.look(at(1), held).state, State::Waiting);
        assert_eq!(course.look(at(2), counts(0, 0, 3)).state, State::Idle);
        let none = Counts { is_held: true, ..counts(0, 0, 0) };
        assert_eq!(course.look(at(3), none).state, State::Idle);
    }

    #[test]
    fn the_deadline_comes_even_if_idle_is_not_reached() {
        let mut course = Course::new(Until::Active, Some(at(10)));
        assert_eq!(course.look(at(9), counts(1, 0, 0)).state, State::Waiting);
        assert_eq!(course.look(at(10), counts(1, 0, 0)).state, State::Deadline);
        assert_eq!(course.look(at(11), counts(0, 0, 0)).state, State::Idle);
        let mut forever = Course::new(Until::Active, None);
        assert_eq!(forever.look(at(1 << 30), counts(1, 0, 0)).state, State::Waiting);
    }

    #[test]
    fn the_estimate_follows_the_course_or_the_clock_of_the_kernel() {
        let mut course = Course::new(Until::Active, None);
        assert_eq!(course.look(at(0), counts(10, 0, 0)).remaining, None);
        assert_eq!(course.look(at(4), counts(8, 0, 0)).remaining, Some(16));
        assert_eq!(course.look(at(5), counts(12, 0, 0)).remaining, None);
        let udp = Counts { forgotten_in: Some(250), ..counts(3, 0, 0) };
        assert_eq!(course.look(at(6), udp).remaining, Some(250));
        assert_eq!(course.look(at(7), counts(0, 0, 0)).remaining, None);
    }
}
