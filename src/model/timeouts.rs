//! Time-outs of connections, and what the kernel says of itself.

/// The longest time-out that the classic tool takes, in seconds: 31 days.
pub const MAX_TIMEOUT: u32 = 31 * 24 * 60 * 60;

/// How long idle connections are kept, in seconds. In a change, 0 keeps the present value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timeouts {
    /// TCP, established.
    pub tcp: u32,
    /// TCP after a FIN.
    pub tcp_fin: u32,
    /// UDP.
    pub udp: u32,
}

impl Timeouts {
    /// Each keeps its value.
    pub const KEPT: Self = Self { tcp: 0, tcp_fin: 0, udp: 0 };

    /// These, with the values of `before` where they say 0.
    #[must_use]
    pub fn over(self, before: Option<Self>) -> Self {
        let pick = |wish, before| if wish == 0 { before } else { wish };
        before.map_or(self, |before| Self {
            tcp: pick(self.tcp, before.tcp),
            tcp_fin: pick(self.tcp_fin, before.tcp_fin),
            udp: pick(self.udp, before.udp),
        })
    }

    /// These, with 0, which keeps a value, where `other` has the same.
    #[must_use]
    pub fn differing_from(self, other: Self) -> Self {
        let left = |mine, other| if mine == other { 0 } else { mine };
        Self {
            tcp: left(self.tcp, other.tcp),
            tcp_fin: left(self.tcp_fin, other.tcp_fin),
            udp: left(self.udp, other.udp),
        }
    }
}

/// What `IPVS_CMD_GET_INFO` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Major, minor and patch level of IPVS, for example 1.2.1.
    pub version: (u8, u8, u8),
    /// Buckets of the connection table. Kernel 7.1 and newer: the present size, 0 without services.
    pub connection_table_size: u32,
}
