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

/// Gives up every other capability for good, for this process and the programs that it starts.
#[cfg(feature = "serve")]
pub fn keep_only(capability: Capability) -> Result<(), Error> {
    use caps::CapsHashSet;
    use nix::sys::prctl::set_no_new_privs;

    let failed = |source: std::io::Error| Error::System {
        action: "give up capabilities".to_owned(),
        source,
    };
    set_no_new_privs().map_err(|errno| failed(errno.into()))?;
    let kept = capability.of_kernel();
    let wanted = CapsHashSet::from([kept]);
    let failed = |error: caps::errors::CapsError| failed(std::io::Error::other(error));
    // Only a process with CAP_SETPCAP may change its bounding set. Without new privileges, that set
    // has no effect any more.
    for other in caps::all().into_iter().filter(|it| *it != kept) {
        let _ = caps::drop(None, CapSet::Bounding, other);
    }
    caps::clear(None, CapSet::Ambient).map_err(failed)?;
    caps::set(None, CapSet::Inheritable, &CapsHashSet::new()).map_err(failed)?;
    caps::set(None, CapSet::Effective, &wanted).map_err(failed)?;
    caps::set(None, CapSet::Permitted, &wanted).map_err(failed)
}

fn is_in(set: CapSet, capability: Capability) -> bool {
    caps::has_cap(None, set, capability.of_kernel()).unwrap_or(false)
}

fn lack(capability: Capability) -> Error {
    let capability = capability.of_kernel().to_string();
    Obstacle::NotCapable { capability, is_root: geteuid().is_root() }.into()
}
