//! The connection synchronisation daemons.

use std::net::IpAddr;

use super::InterfaceName;

/// Longest sync message in bytes: 65535 less an IPv4 and a UDP header, 20 and 8 bytes.
pub const MAX_SYNC_LENGTH: u16 = 65507;

/// Role of a sync daemon. A director can run one daemon of each role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DaemonRole {
    /// Sends connections to the backups.
    Master,
    /// Receives connections from the master.
    Backup,
}

impl DaemonRole {
    /// The role's name in the classic language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Backup => "backup",
        }
    }
}

/// A sync daemon, as desired or as running. For `None` the kernel uses its default.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Daemon {
    /// The kernel runs at most one daemon of each role.
    pub role: DaemonRole,
    /// Interface that joins the multicast group.
    pub interface: InterfaceName,
    /// Sync ID, 0..=255. A backup accepts messages of its own ID; with ID 0 it accepts all.
    pub sync_id: u8,
    /// Longest sync message in bytes, without IP and UDP headers, 1..=[`MAX_SYNC_LENGTH`].
    pub max_length: Option<u16>,
    /// Multicast group; the kernel's default is 224.0.0.81.
    pub group: Option<IpAddr>,
    /// UDP port, never 0; the kernel's default is 8848.
    pub port: Option<u16>,
    /// Time to live of sync packets, never 0; the kernel's default is 1.
    pub ttl: Option<u8>,
}

impl Daemon {
    /// Message length, group, port and time to live as text, in the order in which every line of a
    /// sync daemon has them. `None`: the kernel's default.
    pub(crate) fn settings(&self) -> [Option<String>; 4] {
        [
            self.max_length.map(|it| it.to_string()),
            self.group.map(|it| it.to_string()),
            self.port.map(|it| it.to_string()),
            self.ttl.map(|it| it.to_string()),
        ]
    }
}
