//! Time-outs of connections, and IPVS's version and table size.

/// Longest time-out of the classic tool, in seconds: 31 days.
pub const MAX_TIMEOUT: u32 = 31 * 24 * 60 * 60;

/// Lifetimes of idle connections, in seconds. In a change, 0 keeps the current value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timeouts {
    /// Established TCP connections.
    pub tcp: u32,
    /// TCP connections after a FIN.
    pub tcp_fin: u32,
    /// UDP connections.
    pub udp: u32,
}

impl Timeouts {
    /// All zeros, which keeps the current values.
    pub const KEPT: Self = Self { tcp: 0, tcp_fin: 0, udp: 0 };

    /// These time-outs, with each 0 replaced by the value in `before`.
    #[must_use]
    pub fn over(self, before: Option<Self>) -> Self {
        let pick = |desired, before| if desired == 0 { before } else { desired };
        before.map_or(self, |before| Self {
            tcp: pick(self.tcp, before.tcp),
            tcp_fin: pick(self.tcp_fin, before.tcp_fin),
            udp: pick(self.udp, before.udp),
        })
    }

    /// These time-outs, with each value that equals `other`'s replaced by 0.
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

/// Answer to `IPVS_CMD_GET_INFO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Major, minor and patch level of IPVS, such as 1.2.1.
    pub version: (u8, u8, u8),
    /// Number of hash buckets of the connection table. Since Linux 7.1 the current size, which is 0
    /// without services.
    pub connection_table_size: u32,
}
