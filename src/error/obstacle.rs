//! [`Obstacle`]: reasons why a host cannot be prepared.

use std::net::IpAddr;

use super::Owner;
use crate::model::quote::{shell, shell_option};
use crate::model::{nearest_schedulers, set_parameter};

/// Reason why a host cannot be prepared, found before the first change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// The caller lacks a capability.
    #[error("the caller lacks {capability}, which this command needs")]
    NotCapable {
        /// Name of the capability, such as `CAP_NET_ADMIN`.
        capability: String,
        /// The caller is root, but in a container or unit with fewer capabilities.
        is_root: bool,
    },
    /// The address cannot be a virtual one.
    #[error("{address} cannot be a virtual address: it is {why}")]
    BadAddress {
        /// The address as given.
        address: IpAddr,
        /// Kind of the address, such as `multicast`.
        why: &'static str,
    },
    /// The address exists already, and this program has not added it.
    #[error(
        "{address}/{prefix} is already on {device}, but `{verb} prepare' did not put \
             it there"
    )]
    AddressTaken {
        /// The existing address.
        address: IpAddr,
        /// Prefix length in bits.
        prefix: u8,
        /// Interface that has the address.
        device: String,
        /// Verb that was called: `rs` or `director`.
        verb: &'static str,
        /// Probable owner of the address.
        owner: Owner,
    },
    /// No interface has that name.
    #[error("there is no interface {name}")]
    NoInterface {
        /// Name as given.
        name: String,
        /// Names of the existing interfaces.
        present: Vec<String>,
    },
    /// The interface is down.
    #[error("interface {name} is down")]
    InterfaceDown {
        /// Name of the interface.
        name: String,
    },
    /// The interface does not fit the purpose.
    #[error("interface {name} cannot be used: {why}")]
    InterfaceUnfit {
        /// Name of the interface.
        name: String,
        /// What the interface lacks, as the end of the message.
        why: String,
    },
    /// An interface would answer ARP in spite of the steps.
    #[error("net/{key} is {value}: {name} would answer ARP for the virtual address")]
    AnswersArp {
        /// Name of the interface.
        name: String,
        /// Kernel parameter below `/proc/sys/net`.
        key: String,
        /// Value of the parameter.
        value: String,
    },
    /// An interface would announce the virtual address in spite of the steps.
    #[error("net/{key} is {value}: {name} may announce the virtual address in ARP requests")]
    AnnouncesVip {
        /// Name of the interface.
        name: String,
        /// Kernel parameter below `/proc/sys/net`.
        key: String,
        /// Value of the parameter.
        value: String,
    },
    /// Reverse path filtering would drop packets from a tunnel.
    #[error(
        "net/ipv4/conf/all/rp_filter is {value}: the kernel would drop the packets that \
             {tunnel} unpacks"
    )]
    ReversePath {
        /// Value of the kernel parameter.
        value: u32,
        /// Name of the tunnel interface.
        tunnel: String,
        /// Interface to propose for the virtual address.
        device: String,
    },
    /// Another host answers for the address.
    #[error("{mac} on {name} already answers for {address}")]
    Answered {
        /// Virtual address.
        address: IpAddr,
        /// Hardware address of the other host.
        mac: String,
        /// Interface on which this host asked.
        name: String,
    },
    /// A proxy entry answers for the address.
    #[error("a proxy neighbour entry on {name} answers for {address}")]
    Proxy {
        /// Virtual address.
        address: IpAddr,
        /// Interface of the proxy entry.
        name: String,
    },
    /// IPv6 is disabled.
    #[error("IPv6 is off on {name}")]
    NoIpv6 {
        /// Name of the interface, or `this host`.
        name: String,
    },
    /// The kernel lacks a module.
    #[error("the kernel has no module {name}")]
    NoModule {
        /// Name of the module.
        name: String,
    },
    /// Kernel parameters cannot be written.
    #[error("the kernel parameters below /proc/sys/net are read-only here")]
    ReadOnly {
        /// The parameters would suppress ARP, for which there are other methods.
        is_arp_suppression: bool,
    },
    /// An external program is not installed.
    #[error("the program {name} is not installed")]
    NoProgram {
        /// Name of the program.
        name: String,
    },
    /// The kernel lacks support for a feature that an installed program needs.
    #[error("the kernel does not support {what}")]
    Unsupported {
        /// Name of the feature.
        what: String,
    },
    /// The real server's own address is ambiguous or missing.
    #[error("cannot tell which IPv{version} address of this host is the real server's")]
    NoOwnAddress {
        /// IP version: 4 or 6.
        version: u8,
        /// Addresses of this host.
        found: Vec<IpAddr>,
    },
    /// The default route is missing or unsuitable.
    #[error("{0}")]
    Route(String),
    /// A file that `prepare` would write exists already.
    #[error("{0} exists, and this program did not make it")]
    FileExists(String),
    /// Options that exclude each other.
    #[error("{0}")]
    Options(String),
    /// Another run holds the lock.
    #[error("another ipvsadm is preparing this host")]
    Busy,
    /// Neither `/proc` nor a file of an earlier run says which network namespace this is.
    #[error("cannot tell which network namespace this is: /proc does not show process 1")]
    UnknownNamespace,
    /// The caller may not use a lock or state file, since these belong to root.
    #[error("cannot use {path}: Permission denied")]
    NotOurs {
        /// Path of the file or folder.
        path: String,
    },
    /// Another user could have written a state file, a lock file or their folder.
    #[error("{path} is not used: {why}")]
    Untrusted {
        /// Path of the file or folder.
        path: String,
        /// Its owner, mode or kind, because of which the program refuses it.
        why: String,
        /// Text of the hint.
        remedy: String,
    },
    /// A record of the history is malformed.
    #[error("the record {path} cannot be read: {why}")]
    History {
        /// Path of the file.
        path: String,
        /// Error of the JSON parser, or another reason.
        why: String,
    },
    /// The state file is malformed.
    #[error("the state file {path} cannot be read: {why}")]
    StateFile {
        /// Path of the file.
        path: String,
        /// Error of the JSON parser, or another reason.
        why: String,
    },
}

impl Obstacle {
    /// Remedy, if the message does not contain it.
    pub(crate) fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NotCapable { is_root: false, .. } => {
                "run the command as root, for example with sudo".to_owned()
            }
            Self::NotCapable { capability, .. } => format!(
                "root has fewer capabilities here, as in a container or a restricted unit: run the \
                 command on the host, or give the container or the unit {capability}"
            ),
            Self::BadAddress { .. } => "give a unicast address, without a prefix length".to_owned(),
            Self::AddressTaken { address, device, verb, owner, .. } => {
                owner.remedy(verb, *address, device)
            }
            Self::NoInterface { present, .. } => format!("the interfaces are: {}", present.join(", ")),
            Self::InterfaceDown { name } => format!("ip link set dev {} up", shell(name)),
            Self::AnswersArp { key, .. } => greater_value(key, "1"),
            Self::AnnouncesVip { key, .. } => greater_value(key, "2"),
            Self::ReversePath { device, .. } => format!(
                "with --dev the tunnel has no address, so every rp_filter other than 0 drops its \
                 packets, also that of `all': leave out `{}', or switch the filter of the whole \
                 host off: sysctl -w net.ipv4.conf.all.rp_filter=0",
                shell_option("--dev", device)
            ),
            Self::Answered { .. } => {
                "the other host is a real server without ARP suppression (run `rs prepare' there), \
                 or another director; --takeover adds the address anyway"
                    .to_owned()
            }
            Self::Proxy { address, name } => {
                format!(
                    "remove the entry in the configuration of the program that added it; to see \
                     the entry: ip neighbour show proxy {address} dev {}",
                    shell(name)
                )
            }
            Self::NoIpv6 { name } => {
                set_parameter(&["ipv6/conf", name, "disable_ipv6"].join("/"), "0")
            }
            Self::NoModule { name } => no_module(name),
            Self::ReadOnly { is_arp_suppression: true } => format!(
                "{CONTAINER}, or use --arp nft, or give the front gateway a static entry and use \
                 --arp none"
            ),
            Self::ReadOnly { is_arp_suppression: false } => CONTAINER.to_owned(),
            Self::NoProgram { name } => no_program(name),
            Self::NoOwnAddress { found, .. } if found.is_empty() => {
                "use --rip to give the address to which the director sends".to_owned()
            }
            Self::NoOwnAddress { found, .. } => {
                let found: Vec<String> = found.iter().map(IpAddr::to_string).collect();
                format!("use --rip to name the address to which the director sends: {}", found.join(", "))
            }
            Self::Busy => "wait until the other run has finished".to_owned(),
            Self::UnknownNamespace => {
                "locks and state files are named after the network namespace: run the \
                                       command once with CAP_SYS_PTRACE, or with a /proc that is not mounted with \
                                       hidepid (in a systemd unit: ProtectProc=default)"
                    .to_owned()
            }
            Self::NotOurs { .. } => "locks, journals and state files belong to root, and \
                                     CAP_NET_ADMIN is not enough to open them: run the command as root, \
                                     for example with sudo"
                .to_owned(),
            Self::Untrusted { remedy, .. } => remedy.clone(),
            Self::History { path, .. } => format!(
                "the file is damaged, or another version wrote it; to continue without it: mv {path} \
                 {path}.bad"
            ),
            // The path needs no quoting, because this program chose it.
            Self::StateFile { path, .. } => format!(
                "the file is damaged, or another version wrote it, so this program cannot undo the \
                 steps in it; look at the file, and then continue without it: mv {path} {path}.bad"
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

/// Start of the hint about read-only parameters.
const CONTAINER: &str = "kernel parameters are usually read-only in a container: run the command on the host with --netns PID";

/// Hint about a parameter of an interface or of `all`.
fn greater_value(key: &str, value: &str) -> String {
    let command = set_parameter(key, value);
    format!("the greater value of `all' and the interface takes effect: {command}")
}

/// Hint about a missing program. Only ARP suppression can do without it.
fn no_program(name: &str) -> String {
    let methods = ["nft", "arptables"];
    match methods.into_iter().find(|method| name.starts_with(method)) {
        Some(method) => format!("install the program, or use another method than --arp {method}"),
        None => "install the program".to_owned(),
    }
}

/// Hint about a missing module. A scheduler's name may be mistyped; another module may not be
/// installed.
fn no_module(name: &str) -> String {
    let nearest = name.strip_prefix("ip_vs_").map(nearest_schedulers).unwrap_or_default();
    if nearest.is_empty() {
        format!(
            "the module belongs to the kernel's package; to see why it does not load: modprobe {}",
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
    fn only_a_packet_filter_can_be_replaced_by_another_method() {
        let other = |name: &str| {
            let hint = Obstacle::NoProgram { name: name.to_owned() }.remedy().unwrap();
            hint.split_once(" --arp ").map(|(_, method)| method.to_owned())
        };
        assert_eq!(other("nft").as_deref(), Some("nft"));
        assert_eq!(other("arptables-legacy").as_deref(), Some("arptables"));
        assert_eq!(other("modprobe"), None);
    }

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
