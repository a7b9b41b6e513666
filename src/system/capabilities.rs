//! The caller's capabilities. The user id does not decide: root in a restricted unit may lack a
//! capability, and another user may have it.

use caps::CapSet;
use nix::unistd::geteuid;

use crate::error::{Error, Obstacle};

/// A capability that some commands need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// `CAP_NET_ADMIN`: change interfaces, addresses, routes and kernel parameters.
    NetAdmin,
    /// `CAP_NET_RAW`: send and receive ARP and neighbour discovery frames.
    NetRaw,
}

impl Capability {
    fn of_kernel(self) -> caps::Capability {
        match self {
            Self::NetAdmin => caps::Capability::CAP_NET_ADMIN,
            Self::NetRaw => caps::Capability::CAP_NET_RAW,
        }
    }
}

/// Whether the capability is effective. False if the kernel does not tell.
pub fn has(capability: Capability) -> bool {
    is_in(CapSet::Effective, capability)
}

/// Returns an error if the caller lacks the capability.
pub fn need(capability: Capability) -> Result<(), Error> {
    if has(capability) { Ok(()) } else { Err(lack(capability)) }
}

/// Returns an error if a program started by the caller, such as nft, would lack the capability. A
/// program started by root gets root's capabilities; a program started by another user gets the
/// ambient ones.
pub fn need_to_pass_on(capability: Capability) -> Result<(), Error> {
    need(capability)?;
    if geteuid().is_root() || is_in(CapSet::Ambient, capability) {
        return Ok(());
    }
    Err(lack(capability))
}

fn is_in(set: CapSet, capability: Capability) -> bool {
    caps::has_cap(None, set, capability.of_kernel()).unwrap_or(false)
}

fn lack(capability: Capability) -> Error {
    let capability = capability.of_kernel().to_string();
    Obstacle::NotCapable { capability, is_root: geteuid().is_root() }.into()
}
