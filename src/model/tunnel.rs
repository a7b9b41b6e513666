//! Encapsulation of packets to a real server.

/// Tunnel types: `IP_VS_CONN_F_TUNNEL_TYPE_*` in `linux/ip_vs.h`.
const IPIP: u8 = 0;
const GUE: u8 = 1;
const GRE: u8 = 2;

/// Checksum flags: `IP_VS_TUNNEL_ENCAP_FLAG_*` in `linux/ip_vs.h`.
const NOCSUM: u16 = 0;
const CSUM: u16 = 1;
const REMCSUM: u16 = 2;

/// The encapsulation of a tunnelled destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tunnel {
    /// IP in IP (`ipip`).
    Ipip,
    /// Generic UDP encapsulation (`gue`).
    Gue {
        /// UDP port of the real server, never 0.
        port: u16,
        /// Checksum of the outer packet.
        checksum: Checksum,
    },
    /// Generic routing encapsulation (`gre`).
    Gre {
        /// Checksum of the outer packet; `Remote` does not exist for GRE.
        checksum: Checksum,
    },
    /// Numbers that another program has set and no rule line can express.
    Other {
        /// Tunnel type (`IP_VS_CONN_F_TUNNEL_TYPE_*`).
        kind: u8,
        /// Port, whether the type uses it or not.
        port: u16,
        /// Checksum flags (`IP_VS_TUNNEL_ENCAP_FLAG_*`).
        flags: u16,
    },
}

/// Checksum mode of a GUE or GRE tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// No checksum.
    #[default]
    None,
    /// Checksum in the outer header.
    Full,
    /// Remote checksum offload (GUE).
    Remote,
}

impl Tunnel {
    /// Decodes the kernel's numbers. A combination that no rule line can express, such as GRE with
    /// a port, becomes [`Self::Other`] and stays as it is.
    pub fn from_numbers(kind: u8, port: u16, flags: u16) -> Self {
        match (kind, port, Checksum::from_number(flags)) {
            (IPIP, 0, Some(Checksum::None)) => Self::Ipip,
            (GUE, 1.., Some(checksum)) => Self::Gue { port, checksum },
            (GRE, 0, Some(checksum @ (Checksum::None | Checksum::Full))) => Self::Gre { checksum },
            _ => Self::Other { kind, port, flags },
        }
    }

    /// Type, port and checksum flags in the kernel's numbers.
    pub fn numbers(self) -> (u8, u16, u16) {
        match self {
            Self::Ipip => (IPIP, 0, NOCSUM),
            Self::Gue { port, checksum } => (GUE, port, checksum.number()),
            Self::Gre { checksum } => (GRE, 0, checksum.number()),
            Self::Other { kind, port, flags } => (kind, port, flags),
        }
    }
}

impl Checksum {
    fn from_number(flags: u16) -> Option<Self> {
        match flags {
            NOCSUM => Some(Self::None),
            CSUM => Some(Self::Full),
            REMCSUM => Some(Self::Remote),
            _ => None,
        }
    }

    fn number(self) -> u16 {
        match self {
            Self::None => NOCSUM,
            Self::Full => CSUM,
            Self::Remote => REMCSUM,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_triple_of_numbers_is_one_tunnel() {
        for kind in 0..4 {
            for port in [0, 6080] {
                for flags in 0..4 {
                    let numbers = (kind, port, flags);
                    assert_eq!(Tunnel::from_numbers(kind, port, flags).numbers(), numbers);
                }
            }
        }
    }

    #[test]
    fn expressible_tunnels_are_never_other() {
        let full = Checksum::Full;
        assert_eq!(Tunnel::from_numbers(0, 0, 0), Tunnel::Ipip);
        assert_eq!(Tunnel::from_numbers(1, 6080, 1), Tunnel::Gue { port: 6080, checksum: full });
        assert_eq!(Tunnel::from_numbers(2, 0, 1), Tunnel::Gre { checksum: full });
        for (kind, port, flags) in [(0, 6080, 0), (1, 0, 0), (2, 6080, 0), (2, 0, 2), (3, 0, 0)] {
            let other = Tunnel::Other { kind, port, flags };
            assert_eq!(Tunnel::from_numbers(kind, port, flags), other);
        }
    }
}
