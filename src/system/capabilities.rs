//! What the caller may do. Not the user number decides: root of a restricted unit can lack a
//! capability, and another user can have it.

use caps::CapSet;
use nix::unistd::geteuid;

use crate::error::{Error, Obstacle};

/// A capability that the program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// To change interfaces, addresses, routes and kernel parameters.
    NetAdmin,
    /// To send and receive ARP and neighbour discovery packets.
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

/// Whether the caller has it. A kernel that does not tell has none.
pub fn has(capability: Capability) -> bool {
    is_in(CapSet::Effective, capability)
}

/// Refuses a caller without it.
pub fn need(capability: Capability) -> Result<(), Error> {
    if has(capability) { Ok(()) } else { Err(lack(capability)) }
}

/// Refuses a caller whose programs, such as nft, would run without it. A program that root runs has
/// root's capabilities; one that another user runs has the ambient ones.
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
