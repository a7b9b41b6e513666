//! Keys of virtual services.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

/// Address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4, `AF_INET`.
    V4,
    /// IPv6, `AF_INET6`.
    V6,
}

impl Family {
    /// Family of `address`; IPv4-mapped addresses count as IPv6.
    pub fn of(address: &IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

/// Transport protocol of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP, 6.
    Tcp,
    /// UDP, 17.
    Udp,
    /// SCTP, 132.
    Sctp,
    /// Another IP protocol number. The kernel accepts any, so another program can have added such a
    /// service.
    Other(u16),
}

impl Protocol {
    /// IP protocol number, such as 6 for TCP.
    pub fn number(self) -> u16 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
            Self::Other(number) => number,
        }
    }
}

impl From<u16> for Protocol {
    fn from(number: u16) -> Self {
        match number {
            6 => Self::Tcp,
            17 => Self::Udp,
            132 => Self::Sctp,
            other => Self::Other(other),
        }
    }
}

/// Key of a virtual service: an address and port, or a firewall mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceKey {
    /// Packets to this VIP and port.
    Address {
        /// Transport protocol.
        protocol: Protocol,
        /// Virtual address (VIP).
        address: IpAddr,
        /// Virtual port; 0 is every port and needs persistence.
        port: u16,
    },
    /// Packets that netfilter has marked.
    Fwmark {
        /// Firewall mark; 0 is excluded because it means "unmarked".
        mark: NonZeroU32,
        /// Address family of the packets.
        family: Family,
    },
}

/// Hashed as two numbers, because tables look up keys all the time. Hashing each field takes three
/// times as long.
impl Hash for ServiceKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Address { protocol, address, port } => {
                hash_endpoint(state, *address, *port, protocol.number());
            }
            Self::Fwmark { mark, family } => {
                state.write_u128(u128::from(mark.get()));
                state.write_u64(*family as u64);
            }
        }
    }
}

/// Feeds an address, its port and `other` into `state`.
pub(super) fn hash_endpoint(state: &mut impl Hasher, address: IpAddr, port: u16, other: u16) {
    let (bits, family) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 4),
        IpAddr::V6(address) => (address.to_bits(), 6),
    };
    state.write_u128(bits);
    state.write_u64(u64::from(port) << 32 | u64::from(other) << 8 | family);
}

impl ServiceKey {
    /// A TCP service on `address`.
    pub fn tcp(address: SocketAddr) -> Self {
        Self::Address { protocol: Protocol::Tcp, address: address.ip(), port: address.port() }
    }

    /// A UDP service on `address`.
    pub fn udp(address: SocketAddr) -> Self {
        Self::Address { protocol: Protocol::Udp, address: address.ip(), port: address.port() }
    }

    /// Address family of the packets.
    pub fn family(&self) -> Family {
        match self {
            Self::Address { address, .. } => Family::of(address),
            Self::Fwmark { family, .. } => *family,
        }
    }

    /// Transport protocol; `Other(0)` for a service by firewall mark, which accepts every protocol.
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Address { protocol, .. } => *protocol,
            Self::Fwmark { .. } => Protocol::Other(0),
        }
    }

    /// Virtual address; `None` for a service by firewall mark.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address { address, .. } => Some(*address),
            Self::Fwmark { .. } => None,
        }
    }

    /// Virtual port; 0 for a service by firewall mark.
    pub fn port(&self) -> u16 {
        match self {
            Self::Address { port, .. } => *port,
            Self::Fwmark { .. } => 0,
        }
    }

    /// Firewall mark; 0 for a service by address.
    pub fn mark(&self) -> u32 {
        match self {
            Self::Address { .. } => 0,
            Self::Fwmark { mark, .. } => mark.get(),
        }
    }
}

/// Writes the name, such as `tcp`, or `protocol 50` for a protocol without a name.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp => f.write_str("tcp"),
            Self::Udp => f.write_str("udp"),
            Self::Sctp => f.write_str("sctp"),
            Self::Other(number) => write!(f, "protocol {number}"),
        }
    }
}

/// Writes text for people: `tcp 192.0.2.80:80`, `fwmark 7`, `fwmark 7 (IPv6)`.
impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { protocol, address, port } => {
                write!(f, "{protocol} {}", SocketAddr::new(*address, *port))
            }
            Self::Fwmark { mark, family: Family::V4 } => write!(f, "fwmark {mark}"),
            Self::Fwmark { mark, family: Family::V6 } => write!(f, "fwmark {mark} (IPv6)"),
        }
    }
}

#[cfg(test)]
#[test]
fn keys_are_formatted_for_people() {
    let mark = |family| ServiceKey::Fwmark { mark: NonZeroU32::MIN, family };
    let udp = ServiceKey::udp("[2001:db8::1]:53".parse().unwrap());
    assert_eq!(udp.to_string(), "udp [2001:db8::1]:53");
    assert_eq!(mark(Family::V4).to_string(), "fwmark 1");
    assert_eq!(mark(Family::V6).to_string(), "fwmark 1 (IPv6)");
}
