//! Behaviour of schedulers towards a real server of weight 0.
//!
//! Measured on Linux 6.1 with two real servers and a hundred clients: rr, wrr, lc, wlc, lblc,
//! lblcr, sed, nq, fo, ovf and twos send every new client to the other real server. dh, sh and mh
//! refuse the clients whose hash selects the real server with weight 0 (ECONNREFUSED), unless sh
//! and mh have their fallback flag.

use crate::model::{SchedulerFlags, Service};

/// Treatment of the new clients of a real server whose weight becomes 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Other real servers get the clients.
    Moves,
    /// Other real servers get the clients, because the fallback flag is set.
    FallsBack,
    /// The kernel refuses the clients until this flag is set. Contains the flag's name, and all
    /// flags of the service with it.
    NeedsFlag(&'static str, SchedulerFlags),
    /// The kernel refuses the clients, and no flag changes that.
    Refuses,
}

/// Bit of `sh-fallback` and `mh-fallback` in [`SchedulerFlags::bits`] (`SCHED1`).
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
