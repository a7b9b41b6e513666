//! The scope of an apply: the part of the table that it may change.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

use crate::model::{Prefix, Protocol, ServiceKey, Table};

/// A condition on services. All of its parts must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    protocol: Option<Protocol>,
    network: Option<Prefix>,
    ports: Option<RangeInclusive<u32>>,
    marks: Option<RangeInclusive<u32>>,
}

/// Reason why a word is not a valid part of a scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadScope {
    /// The word is no condition.
    #[error(
        "`{0}' is not a scope: expected ADDRESS, ADDRESS/LENGTH, port=N, port=N-M, fwmark, fwmark=N, \
         fwmark=N-M, tcp, udp or sctp"
    )]
    Unknown(String),
    /// Mark 0, which packets without a mark have.
    #[error("`fwmark=0' is not a scope: mark 0 means \"unmarked\"; no service can use it")]
    NoMark,
    /// The word applies to services by firewall mark and an earlier word to services by address, or
    /// the other way round.
    #[error(
        "no service matches both `{0}' and the conditions before it: to match either, give \
         --scope twice"
    )]
    Apart(String),
    /// The word is the second condition of its kind, and no service meets both.
    #[error("`{0}' is a second condition of the same kind: to match either, give --scope twice")]
    Again(String),
}

impl FromStr for Scope {
    type Err = BadScope;

    /// Parses a comma-separated list, such as `tcp,192.0.2.0/24,port=80-89`.
    fn from_str(text: &str) -> Result<Self, BadScope> {
        let mut scope = Self::default();
        for word in text.split(',') {
            let part = Self::part(word).ok_or_else(|| match word {
                "fwmark=0" | "fwmark=0-0" => BadScope::NoMark,
                _ => BadScope::Unknown(word.to_owned()),
            })?;
            scope.narrow(part).ok_or_else(|| BadScope::Again(word.to_owned()))?;
            if scope.marks.is_some() && scope.asks_for_an_address() {
                return Err(BadScope::Apart(word.to_owned()));
            }
        }
        Ok(scope)
    }
}

impl Scope {
    /// Parses one condition.
    fn part(word: &str) -> Option<Self> {
        let mut scope = Self::default();
        match word.split_once('=') {
            Some(("port", value)) => scope.ports = Some(range(value, 65535)?),
            Some(("fwmark", value)) => scope.marks = Some(marks(value)?),
            Some(_) => return None,
            None => match word {
                "tcp" => scope.protocol = Some(Protocol::Tcp),
                "udp" => scope.protocol = Some(Protocol::Udp),
                "sctp" => scope.protocol = Some(Protocol::Sctp),
                "fwmark" => scope.marks = Some(1..=u32::MAX),
                _ => scope.network = Some(word.parse().ok()?),
            },
        }
        Some(scope)
    }

    /// Adds a condition; `None` if there is one of its kind already.
    fn narrow(&mut self, part: Self) -> Option<()> {
        fn once<T>(slot: &mut Option<T>, value: Option<T>) -> Option<()> {
            if value.is_some() && std::mem::replace(slot, value).is_some() {
                return None;
            }
            Some(())
        }
        let Self { protocol, network, ports, marks } = part;
        once(&mut self.protocol, protocol)?;
        once(&mut self.network, network)?;
        once(&mut self.ports, ports)?;
        once(&mut self.marks, marks)
    }

    /// Whether the scope has a condition that only services by address can meet.
    fn asks_for_an_address(&self) -> bool {
        self.protocol.is_some() || self.network.is_some() || self.ports.is_some()
    }

    pub fn contains(&self, key: &ServiceKey) -> bool {
        match key {
            ServiceKey::Fwmark { mark, .. } => {
                !self.asks_for_an_address()
                    && self.marks.as_ref().is_none_or(|marks| marks.contains(&mark.get()))
            }
            ServiceKey::Address { protocol, address, port } => {
                self.marks.is_none()
                    && self.protocol.is_none_or(|wanted| wanted == *protocol)
                    && self.ports.as_ref().is_none_or(|ports| ports.contains(&u32::from(*port)))
                    && self.network.is_none_or(|network| network.contains(*address))
            }
        }
    }
}

fn range(value: &str, most: u32) -> Option<RangeInclusive<u32>> {
    let (first, last) = value.split_once('-').unwrap_or((value, value));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last <= most).then_some(first..=last)
}

/// Parses marks. Mark 0 alone is refused: it means "unmarked", and no service can use it.
fn marks(value: &str) -> Option<RangeInclusive<u32>> {
    range(value, u32::MAX).filter(|marks| *marks != (0..=0))
}

/// Limits of a plan: the services and attributes that it may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The plan changes only services in any of these scopes; then time-outs and daemons stay too.
    /// If the list is empty, the plan may change everything.
    pub scopes: Vec<Scope>,
    /// Existing real servers keep their weight.
    pub keep_weights: bool,
}

impl Limits {
    /// Whether the plan may change the service.
    pub fn contain(&self, key: &ServiceKey) -> bool {
        self.scopes.is_empty() || self.scopes.iter().any(|scope| scope.contains(key))
    }

    /// Whether the plan may change time-outs and sync daemons.
    pub(super) fn contain_the_rest(&self) -> bool {
        self.scopes.is_empty()
    }

    /// The table to reach: the desired state within the limits, the current state elsewhere.
    pub fn target<'a>(&self, current: &Table, desired: &'a Table) -> Cow<'a, Table> {
        if *self == Self::default() {
            return Cow::Borrowed(desired);
        }
        let mut target = Table::default();
        if self.contain_the_rest() {
            target.timeouts = desired.timeouts;
            target.daemons.clone_from(&desired.daemons);
        }
        let foreign = current.pools.iter().filter(|(key, _)| !self.contain(key));
        let ours = desired.pools.iter().filter(|(key, _)| self.contain(key));
        target.pools.extend(ours.chain(foreign).map(|(key, pool)| (*key, pool.clone())));
        if self.keep_weights {
            for (key, pool) in &mut target.pools {
                let Some(now) = current.pools.get(key).filter(|now| *now != pool) else { continue };
                for server in Arc::make_mut(pool).destinations.values_mut() {
                    let now = now.destinations.get(&server.key);
                    server.weight = now.map_or(server.weight, |now| now.weight);
                }
            }
        }
        Cow::Owned(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn key(text: &str) -> ServiceKey {
        match text.split_once('=') {
            Some((_, mark)) => ServiceKey::Fwmark {
                mark: NonZeroU32::new(mark.parse().unwrap()).unwrap(),
                family: crate::model::Family::V4,
            },
            None => ServiceKey::tcp(text.parse().unwrap()),
        }
    }

    #[test]
    fn all_parts_must_hold() {
        let rows = [
            ("192.0.2.80", "192.0.2.80:80", true),
            ("192.0.2.80", "192.0.2.81:80", false),
            ("192.0.2.0/24", "192.0.2.81:80", true),
            ("192.0.2.0/24,port=443", "192.0.2.81:80", false),
            ("port=80-89", "192.0.2.81:80", true),
            ("0.0.0.0/0", "[2001:db8::1]:80", false),
            ("2001:db8::/32,tcp", "[2001:db8::1]:80", true),
            ("[2001:db8::1]", "[2001:db8::1]:80", true),
            ("udp", "192.0.2.80:80", false),
            ("fwmark", "192.0.2.80:80", false),
            ("fwmark", "mark=7", true),
            ("fwmark=8-9", "mark=7", false),
            ("tcp", "mark=7", false),
        ];
        for (scope, service, inside) in rows {
            let scope: Scope = scope.parse().unwrap();
            assert_eq!(scope.contains(&key(service)), inside, "{scope:?} {service}");
        }
    }

    #[test]
    fn bad_words_are_named() {
        let bad = ["", "10.0.0.0/33", "port=x", "port=9-8", "weight=1", "tcp,icmp", "port=65536"];
        for bad in bad {
            assert!(matches!(bad.parse::<Scope>(), Err(BadScope::Unknown(_))), "{bad}");
        }
        for bad in ["fwmark=0", "fwmark=0-0"] {
            assert_eq!(bad.parse::<Scope>(), Err(BadScope::NoMark), "{bad}");
        }
    }

    #[test]
    fn a_mark_and_an_address_exclude_each_other() {
        for (bad, word) in [
            ("fwmark,tcp", "tcp"),
            ("tcp,fwmark", "fwmark"),
            ("fwmark=7,192.0.2.0/24", "192.0.2.0/24"),
            ("port=80,udp,fwmark=1-9", "fwmark=1-9"),
        ] {
            assert_eq!(bad.parse::<Scope>(), Err(BadScope::Apart(word.to_owned())), "{bad}");
        }
        assert!("fwmark=0-9".parse::<Scope>().is_ok(), "there are 1 to 9");
    }

    #[test]
    fn two_conditions_of_a_kind_exclude_each_other() {
        for bad in ["tcp,udp", "192.0.2.80,192.0.2.81", "port=80,tcp,port=443", "fwmark,fwmark=7"] {
            assert!(matches!(bad.parse::<Scope>(), Err(BadScope::Again(_))), "{bad}");
        }
    }
}
