//! How a packet to a real server is wrapped.

/// Types: `IP_VS_CONN_F_TUNNEL_TYPE_*` in `linux/ip_vs.h`.
const IPIP: u8 = 0;
const GUE: u8 = 1;
const GRE: u8 = 2;

/// Flags: `IP_VS_TUNNEL_ENCAP_FLAG_*`, same place.
const NOCSUM: u16 = 0;
const CSUM: u16 = 1;
const REMCSUM: u16 = 2;

/// The encapsulation of a tunnelled destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tunnel {
    /// IP in IP.
    Ipip,
    /// Generic UDP encapsulation.
    Gue {
        /// The UDP port of the real server, never 0.
        port: u16,
        /// How the outer packet is protected.
        checksum: Checksum,
    },
    /// GRE.
    Gre {
        /// How the outer packet is protected; remote checksum offload does not exist for GRE.
        checksum: Checksum,
    },
    /// What another program has set and the classic tool cannot say.
    Other {
        /// The type number.
        kind: u8,
        /// The port.
        port: u16,
        /// The checksum flags.
        flags: u16,
    },
}

/// Checksum mode of a GUE or GRE tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// None.
    #[default]
    None,
    /// In the outer header.
    Full,
    /// Remote checksum offload (GUE).
    Remote,
}

impl Tunnel {
    /// The tunnel of the kernel's numbers. Other programs can set what the classic tool cannot say,
    /// such as a port of GRE: kept as it is.
    pub fn from_numbers(kind: u8, port: u16, flags: u16) -> Self {
        match (kind, port, Checksum::from_number(flags)) {
            (IPIP, 0, Some(Checksum::None)) => Self::Ipip,
            (GUE, 1.., Some(checksum)) => Self::Gue { port, checksum },
            (GRE, 0, Some(checksum @ (Checksum::None | Checksum::Full))) => Self::Gre { checksum },
            _ => Self::Other { kind, port, flags },
        }
    }

    /// Type, port and checksum flags as the kernel's numbers.
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
    fn what_has_a_word_is_no_other() {
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
