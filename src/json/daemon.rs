//! The JSON form of sync daemons and time-outs.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::field::find;
use crate::model::{Daemon, DaemonRole, InterfaceName, Timeouts};

const ROLES: [(&str, DaemonRole); 2] =
    [("master", DaemonRole::Master), ("backup", DaemonRole::Backup)];

/// A sync daemon as in `daemons`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaemonFields {
    role: String,
    interface: String,
    sync_id: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u8>,
}

impl From<&Daemon> for DaemonFields {
    fn from(daemon: &Daemon) -> Self {
        Self {
            role: daemon.role.as_str().to_owned(),
            interface: daemon.interface.to_string(),
            sync_id: daemon.sync_id,
            max_length: daemon.max_length,
            group: daemon.group,
            port: daemon.port,
            ttl: daemon.ttl,
        }
    }
}

impl DaemonFields {
    pub(super) fn daemon(&self) -> Result<Daemon, String> {
        Ok(Daemon {
            role: find("role", &self.role, &ROLES)?,
            interface: InterfaceName::new(&self.interface).map_err(|error| error.to_string())?,
            sync_id: self.sync_id,
            max_length: self.max_length,
            group: self.group,
            port: self.port,
            ttl: self.ttl,
        })
    }
}

/// Time-outs of connections, in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeoutsFields {
    #[serde(default)]
    tcp: u32,
    #[serde(default)]
    tcp_fin: u32,
    #[serde(default)]
    udp: u32,
}

impl From<&Timeouts> for TimeoutsFields {
    fn from(Timeouts { tcp, tcp_fin, udp }: &Timeouts) -> Self {
        Self { tcp: *tcp, tcp_fin: *tcp_fin, udp: *udp }
    }
}

impl TimeoutsFields {
    /// The time-outs without a check of their range.
    pub(super) fn timeouts(&self) -> Timeouts {
        let Self { tcp, tcp_fin, udp } = *self;
        Timeouts { tcp, tcp_fin, udp }
    }
}
