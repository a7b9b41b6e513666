//! Codec of sync daemons.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Attributes, read};
use crate::error::Error;
use crate::model::{Daemon, DaemonRole, InterfaceName};
use crate::netlink::uapi::{daemon as attr, message};

/// Encodes the role, which identifies a daemon: the kernel runs at most one of each role.
pub fn key(to: &mut Attributes, role: DaemonRole) {
    let state = match role {
        DaemonRole::Master => attr::STATE_MASTER,
        DaemonRole::Backup => attr::STATE_BACKUP,
    };
    to.u32(attr::STATE, state);
}

/// Encodes a whole daemon. An attribute that is not set stays out, and the kernel uses its default.
pub fn encode(to: &mut Attributes, daemon: &Daemon) {
    key(to, daemon.role);
    to.text(attr::MCAST_IFN, daemon.interface.as_str())
        .u32(attr::SYNC_ID, u32::from(daemon.sync_id));
    if let Some(length) = daemon.max_length {
        to.u16(attr::SYNC_MAXLEN, length);
    }
    if let Some(port) = daemon.port {
        // This port is in host byte order, unlike every other port.
        to.u16(attr::MCAST_PORT, port);
    }
    if let Some(ttl) = daemon.ttl {
        to.u8(attr::MCAST_TTL, ttl);
    }
    match daemon.group {
        Some(IpAddr::V4(group)) => {
            to.u32(attr::MCAST_GROUP, u32::from_ne_bytes(group.octets()));
        }
        Some(group @ IpAddr::V6(_)) => {
            to.address(attr::MCAST_GROUP6, group);
        }
        None => {}
    }
}

/// Decodes an answer about one daemon.
pub fn decode(answer: &[u8]) -> Result<Daemon, Error> {
    let (mut role, mut interface, mut sync_id) = (None, None, None);
    let (mut max_length, mut group, mut port, mut ttl) = (None, None, None, None);
    read::each(read::find(answer, message::DAEMON, "sync daemon")?, |kind, value| {
        match kind {
            attr::STATE => role = Some(read_role(value)?),
            attr::MCAST_IFN => interface = Some(InterfaceName::from_kernel(value)),
            attr::SYNC_ID => sync_id = Some(read::u32(value)?),
            attr::SYNC_MAXLEN => max_length = given(read::u16(value)?),
            attr::MCAST_GROUP => {
                group = Some(Ipv4Addr::from(read::bytes::<4>(value)?).into());
            }
            attr::MCAST_GROUP6 => {
                group = Some(Ipv6Addr::from(read::bytes::<16>(value)?).into());
            }
            attr::MCAST_PORT => port = given(read::u16(value)?),
            attr::MCAST_TTL => ttl = given(read::u8(value)?),
            _ => {}
        }
        Ok(())
    })?;
    // The attribute has 32 bits, but sync messages carry only the low byte.
    let [.., sync_id] = read::required(sync_id, "sync daemon id")?.to_be_bytes();
    Ok(Daemon {
        role: read::required(role, "sync daemon role")?,
        interface: read::required(interface, "sync daemon interface")?,
        sync_id,
        max_length,
        group,
        port,
        ttl,
    })
}

/// Maps 0 to `None`: the kernel reports 0 for its default, and a request cannot set 0.
fn given<T: Default + PartialEq>(value: T) -> Option<T> {
    Some(value).filter(|value| *value != T::default())
}

fn read_role(value: &[u8]) -> Result<DaemonRole, Error> {
    match read::u32(value)? {
        attr::STATE_MASTER => Ok(DaemonRole::Master),
        attr::STATE_BACKUP => Ok(DaemonRole::Backup),
        other => Err(Error::Answer(format!("unknown state {other} of a sync daemon"))),
    }
}
