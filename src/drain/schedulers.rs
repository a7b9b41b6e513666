//! Behaviour of schedulers towards a real server of weight 0.
//!
//! Measured on 6.1 with two real servers and a hundred clients: rr, wrr, lc, wlc, lblc, lblcr, sed,
//! nq, fo, ovf and twos send every new client to the other one. dh, sh and mh refuse the share of
//! the one with weight 0 (ECONNREFUSED), unless sh and mh have their fallback flag.

use crate::model::{SchedulerFlags, Service};

/// Treatment of the new clients of a real server whose weight becomes 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Other real servers get them.
    Moves,
    /// Other real servers get them, because the fallback flag is set.
    FallsBack,
    /// They are refused until this flag is set: its name, and all flags of the service with it.
    NeedsFlag(&'static str, SchedulerFlags),
    /// They are refused, and there is no flag against it.
    Refuses,
}

/// `SCHED1`, which both schedulers that have a fallback use for it.
const FALLBACK: u8 = 1;

impl Habit {
    /// Behaviour of the scheduler of `service` with its flags.
    pub fn of(service: &Service) -> Self {
        let flag = match service.scheduler.as_str() {
            "mh" => "mh-fallback",
            "sh" => "sh-fallback",
            "dh" => return Self::Refuses,
            _ => return Self::Moves,
        };
        let bits = service.flags.bits();
        if bits & FALLBACK != 0 {
            return Self::FallsBack;
        }
        Self::NeedsFlag(flag, SchedulerFlags::from_bits(bits | FALLBACK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SCHEDULERS, SchedulerName, ServiceKey};

    fn habit(scheduler: &str, flags: &str) -> Habit {
        let key = ServiceKey::tcp("192.0.2.80:80".parse().unwrap());
        let mut service = Service::new(key, SchedulerName::new(scheduler).unwrap());
        service.flags = SchedulerFlags::parse(flags, scheduler).unwrap();
        Habit::of(&service)
    }

    #[test]
    fn only_hashes_refuse_clients() {
        for kind in SCHEDULERS {
            let moves = habit(kind.name, "") == Habit::Moves;
            assert_eq!(moves, !["dh", "sh", "mh"].contains(&kind.name), "{}", kind.name);
        }
        assert_eq!(habit("dh", ""), Habit::Refuses);
        let both = SchedulerFlags::parse("mh-fallback,mh-port", "mh").unwrap();
        assert_eq!(habit("mh", "mh-port"), Habit::NeedsFlag("mh-fallback", both));
        assert_eq!(habit("mh", "mh-fallback,mh-port"), Habit::FallsBack);
        assert_eq!(habit("sh", "sh-fallback"), Habit::FallsBack);
    }
}
