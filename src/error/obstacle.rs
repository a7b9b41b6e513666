//! Why a host cannot be prepared.

use std::net::IpAddr;

use super::Owner;
use crate::model::quote::{shell, shell_option};
use crate::model::{nearest_schedulers, set_parameter};

/// What stands in the way of a preparation. It is found before the first change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// The caller may not change the network.
    #[error("this needs {capability}, which the caller does not have")]
    NotCapable {
        /// For example `CAP_NET_ADMIN`.
        capability: String,
        /// The caller is root, of a container or of a unit with fewer capabilities.
        is_root: bool,
    },
    /// An address that cannot be a virtual one.
    #[error("{address} cannot be a virtual address: it is {why}")]
    BadAddress {
        /// The address.
        address: IpAddr,
        /// What it is instead.
        why: &'static str,
    },
    /// The address is configured already, and not by this program.
    #[error(
        "{address}/{prefix} is already on {device}, but `ipvsadm {verb} prepare' did not put \
             it there"
    )]
    AddressTaken {
        /// The address.
        address: IpAddr,
        /// Bits of its subnet.
        prefix: u8,
        /// Where it is.
        device: String,
        /// `rs` or `director`.
        verb: &'static str,
        /// Who put it there, as far as is known.
        owner: Owner,
    },
    /// No interface has that name.
    #[error("there is no interface {name}")]
    NoInterface {
        /// The name.
        name: String,
        /// Those that there are.
        present: Vec<String>,
    },
    /// The interface is down.
    #[error("interface {name} is down")]
    InterfaceDown {
        /// The name.
        name: String,
    },
    /// The interface cannot serve for that.
    #[error("interface {name} cannot be used: {why}")]
    InterfaceUnfit {
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
    /// An interface answers ARP in spite of everything.
    #[error("net/{key} is {value}: {name} would answer ARP for the virtual address")]
    AnswersArp {
        /// The interface.
        name: String,
        /// The kernel parameter, below `/proc/sys/net`.
        key: String,
        /// Its value.
        value: String,
    },
    /// What comes out of a tunnel would be dropped.
    #[error(
        "net/ipv4/conf/all/rp_filter is {value}: the kernel would drop the packets that \
             {tunnel} unpacks"
    )]
    ReversePath {
        /// The kernel parameter's value.
        value: u32,
        /// The tunnel's interface.
        tunnel: String,
        /// Where the virtual address is to be instead.
        device: String,
    },
    /// Another host answers for the address.
    #[error("{mac} on {name} already answers for {address}")]
    Answered {
        /// The address.
        address: IpAddr,
        /// The hardware address of the other.
        mac: String,
        /// The interface on which it was asked.
        name: String,
    },
    /// A proxy entry answers for the address.
    #[error("a proxy neighbour entry on {name} answers for {address}")]
    Proxy {
        /// The address.
        address: IpAddr,
        /// The interface.
        name: String,
    },
    /// IPv6 is off.
    #[error("IPv6 is off on {name}")]
    NoIpv6 {
        /// The interface, or `this host`.
        name: String,
    },
    /// The kernel has no such module.
    #[error("the kernel has no module {name}")]
    NoModule {
        /// The module.
        name: String,
    },
    /// Kernel parameters cannot be written.
    #[error("the kernel parameters below /proc/sys/net are read-only here")]
    ReadOnly,
    /// A program that is needed is not installed.
    #[error("the program {name} is not installed")]
    NoProgram {
        /// The program.
        name: String,
    },
    /// The program is there, but not the kernel's side of it.
    #[error("the kernel does not support {what}")]
    Unsupported {
        /// What it lacks.
        what: String,
    },
    /// The real server's own address is not clear.
    #[error("cannot tell which IPv{version} address of this host is the real server's")]
    NoOwnAddress {
        /// 4 or 6.
        version: u8,
        /// Those that there are.
        found: Vec<IpAddr>,
    },
    /// The default route does not fit.
    #[error("{0}")]
    Route(String),
    /// A file is in the way.
    #[error("{0} exists, and this program did not make it")]
    FileExists(String),
    /// Options that do not go together.
    #[error("{0}")]
    Options(String),
    /// Another run is at work.
    #[error("another ipvsadm is preparing this host")]
    Busy,
    /// Neither `/proc` nor a file of an earlier run says which network namespace this is.
    #[error("cannot tell which network namespace this is: /proc does not show process 1")]
    UnknownNamespace,
    /// Locks and state files belong to root.
    #[error("cannot use {path}: Permission denied")]
    NotOurs {
        /// The file or folder.
        path: String,
    },
    /// A state file, a lock file or their folder can have been written by anybody.
    #[error("{path} is not used: {why}")]
    Untrusted {
        /// The file or folder.
        path: String,
        /// What is wrong with it.
        why: String,
        /// How to get out of it.
        remedy: String,
    },
    /// The state file cannot be understood.
    #[error("the state file {path} cannot be read: {why}")]
    Journal {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
}

impl Obstacle {
    /// What to do about it, where that is not in the message.
    pub(crate) fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NotCapable { is_root: false, .. } => {
                "run it as root, for example with sudo".to_owned()
            }
            Self::NotCapable { capability, .. } => format!(
                "root has fewer capabilities here, as in a container or a restricted unit: run it on \
                 the host, or give the container or the unit {capability}"
            ),
            Self::BadAddress { .. } => "give a unicast address, without a prefix length".to_owned(),
            Self::AddressTaken { address, device, verb, owner, .. } => {
                owner.remedy(verb, *address, device)
            }
            Self::NoInterface { present, .. } => format!("there are: {}", present.join(", ")),
            Self::InterfaceDown { name } => format!("ip link set dev {} up", shell(name)),
            Self::AnswersArp { key, .. } => {
                let command = set_parameter(key, "1");
                format!("the greater value of `all' and the interface takes effect; {command}")
            }
            Self::ReversePath { device, .. } => format!(
                "it applies to every interface, and a tunnel without an address passes no filter: \
                 leave out `{}', or, for the whole host: sysctl -w \
                 net.ipv4.conf.all.rp_filter=0",
                shell_option("--dev", device)
            ),
            Self::Answered { .. } => {
                "it is a real server without ARP suppression (run `ipvsadm rs prepare' there), or \
                 another director; --takeover adds the address anyway"
                    .to_owned()
            }
            Self::Proxy { address, name } => {
                format!("ip neighbour del proxy {address} dev {}", shell(name))
            }
            Self::NoIpv6 { name } => {
                set_parameter(&["ipv6/conf", name, "disable_ipv6"].join("/"), "0")
            }
            Self::NoModule { name } => no_module(name),
            Self::ReadOnly => "this is usual in a container: run this on the host with --netns \
                               PID, or use --arp nft, or give the front gateway a static entry \
                               and use --arp none"
                .to_owned(),
            Self::NoProgram { name } => format!("install it, or use another method than --arp \
                                                 {name}"),
            Self::NoOwnAddress { found, .. } if found.is_empty() => {
                "use --rip to give the address to which the director sends".to_owned()
            }
            Self::NoOwnAddress { found, .. } => {
                let found: Vec<String> = found.iter().map(IpAddr::to_string).collect();
                format!("use --rip to name the one to which the director sends: {}", found.join(", "))
            }
            Self::Busy => "wait until it has finished".to_owned(),
            Self::UnknownNamespace => {
                "locks and state files are named after the network namespace: run this once with \
                                       CAP_SYS_PTRACE, or with a /proc that is not mounted with \
                                       hidepid (in a systemd unit: ProtectProc=default)"
                    .to_owned()
            }
            Self::NotOurs { .. } => "locks, journals and state files belong to root, and \
                                     CAP_NET_ADMIN is not enough to open them: run this as root, for example \
                                     with sudo"
                .to_owned(),
            Self::Untrusted { remedy, .. } => remedy.clone(),
            // The paths are made by this program: no shell finds anything in them.
            Self::Journal { path, .. } => format!(
                "another version wrote it, or it is damaged, so this program cannot undo the \
                 steps in it; look at it, and then continue without it: mv {path} {path}.bad"
            ),
            Self::Unsupported { .. } => "--arp sysctl needs no packet filter".to_owned(),
            Self::InterfaceUnfit { .. }
            | Self::Route(_)
            | Self::FileExists(_)
            | Self::Options(_) => {
                return None;
            }
        })
    }
}

/// A scheduler that does not exist was misspelt, another module is not installed.
fn no_module(name: &str) -> String {
    let nearest = name.strip_prefix("ip_vs_").map(nearest_schedulers).unwrap_or_default();
    if nearest.is_empty() {
        format!(
            "it belongs to the kernel's package; to see why it does not load: modprobe {}",
            shell(name)
        )
    } else {
        format!("did you mean {}?", nearest.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_keep_dots_of_interfaces() {
        let key = "ipv4/conf/eth0.10/arp_ignore".to_owned();
        let answers =
            Obstacle::AnswersArp { name: "eth0.10".to_owned(), key, value: "3".to_owned() };
        let hint = answers.remedy().unwrap();
        assert!(hint.ends_with(" net.ipv4.conf.eth0/10.arp_ignore=1"), "{hint}");
        let off = Obstacle::NoIpv6 { name: "eth0.10".to_owned() };
        let hint = off.remedy().unwrap();
        assert!(hint.ends_with(" net.ipv6.conf.eth0/10.disable_ipv6=0"), "{hint}");
    }
}
