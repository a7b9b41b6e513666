//! [`Owner`]: the program that has added an address which prevents a preparation.

use std::net::IpAddr;

/// The program that has probably added an address. The address may be in use, so no hint deletes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Owner {
    /// The other verb of this program, `rs` or `director`.
    Ours(&'static str),
    /// keepalived, which marks its addresses.
    Keepalived,
    /// Unknown, but keepalived runs.
    PerhapsKeepalived,
    /// kube-proxy, which adds the addresses of all services to one interface.
    Kubernetes,
    /// Docker, since the interface is one of its bridges.
    Docker,
    /// The host's own address: it has a subnet or a lifetime.
    Host {
        /// keepalived runs, and the address may belong to it.
        keepalived: bool,
    },
    /// Unknown: the address has no sign of any of the others.
    Unknown,
}

impl Owner {
    /// Names the owner and a remedy, for `ipvsadm VERB prepare`.
    pub(super) fn remedy(self, verb: &str, address: IpAddr, device: &str) -> String {
        match self {
            Self::Ours(other) => format!(
                "`{other} prepare' put the address there, and a host cannot be real server and \
                 director for one address; to change its role, first run `ipvsadm {other} undo \
                 --vip {address}'"
            ),
            Self::Keepalived => format!(
                "keepalived put the address there and moves it between directors: leave it to \
                 keepalived, and do not run `ipvsadm {verb} prepare' for it; or remove it from keepalived's \
                 configuration first"
            ),
            Self::PerhapsKeepalived => format!(
                "keepalived is running and may have put the address there: look for {address} in \
                 its configuration; if it is there, leave the address to keepalived"
            ),
            Self::Kubernetes => {
                "kube-proxy put the address there for a Kubernetes service: leave it there, and \
                 choose another address or another host"
                    .to_owned()
            }
            Self::Docker => {
                "the address belongs to a Docker network: choose another virtual address".to_owned()
            }
            Self::Host { keepalived } => {
                let perhaps =
                    if keepalived { "; or keepalived, which is running, added it" } else { "" };
                format!(
                    "the address looks like this host's own on {device}, without which the host \
                     cannot be reached: choose another virtual address"
                ) + perhaps
            }
            Self::Unknown => "the address may be in use: find out what put it there (a start-up \
                              script, a network service, a cluster manager), and remove it there"
                .to_owned(),
        }
    }
}
