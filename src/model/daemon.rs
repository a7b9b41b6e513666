//! The connection synchronisation daemons.

use std::net::IpAddr;

use super::InterfaceName;

/// The greatest sync message: 65535 bytes less an IPv4 and a UDP header.
pub const MAX_SYNC_LENGTH: u16 = 65507;

/// Which side of synchronisation a daemon is. Both can run on one director.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DaemonRole {
    /// Sends connections.
    Master,
    /// Receives connections.
    Backup,
}

impl DaemonRole {
    /// The word of the classic language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Backup => "backup",
        }
    }
}

/// A sync daemon, as asked for or as running. What is `None` is left to the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Daemon {
    /// Master or backup.
    pub role: DaemonRole,
    /// The interface of the multicast group.
    pub interface: InterfaceName,
    /// 0..=255; only daemons of one id talk to each other, 0 on a backup takes all.
    pub sync_id: u8,
    /// Greatest sync message in bytes, without IP and UDP headers, 1..=[`MAX_SYNC_LENGTH`].
    pub max_length: Option<u16>,
    /// The multicast group; the kernel takes 224.0.0.81.
    pub group: Option<IpAddr>,
    /// The UDP port, never 0; the kernel takes 8848.
    pub port: Option<u16>,
    /// The time to live of a sync packet, never 0; the kernel takes 1.
    pub ttl: Option<u8>,
}
