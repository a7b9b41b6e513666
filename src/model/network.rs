//! What a host's network is made of, as far as real servers and directors need it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::quote::shell;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The kernel's number.
    pub index: u32,
    /// For example `eth0`.
    pub name: String,
    /// Set to be up.
    pub up: bool,
    /// The loopback interface.
    pub loopback: bool,
    /// Takes part in ARP: Ethernet, and not told otherwise as a dummy is.
    pub arp: bool,
    /// The hardware address; empty where there is none.
    pub mac: Vec<u8>,
    /// The driver's word for its kind, for example `dummy` or `ipip`; empty for hardware.
    pub kind: String,
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// The interface's number.
    pub index: u32,
    /// The address.
    pub address: IpAddr,
    /// Bits of the subnet.
    pub prefix: u8,
    /// Reachable from elsewhere: neither host nor link scope.
    pub global: bool,
    /// IPv6: found to be a duplicate, so not usable.
    pub duplicate: bool,
    /// It has no lifetime: neither DHCP nor a router gave it.
    pub permanent: bool,
    /// Who set it, a number as routes have it; kernels before 5.18 do not tell, and most programs
    /// leave it out.
    pub protocol: Option<u8>,
}

/// A route as the kernel keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Next hop, where it has one.
    pub gateway: Option<IpAddr>,
    /// Interface, where it has one.
    pub device: Option<u32>,
    /// The smaller goes first.
    pub metric: u32,
    /// The greatest TCP segment to ask for, where it says one.
    pub advmss: Option<u32>,
    /// Leads to this host itself.
    pub local: bool,
    /// The kernel's own message, to restore the route exactly.
    pub image: RouteImage,
}

/// A route in the kernel's own bytes, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RouteImage(pub String);

/// A virtual interface that can be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NewLink {
    /// Carries addresses, nothing else.
    Dummy,
    /// IPv4 in IPv4.
    Ipip {
        /// The address at which packets arrive.
        local: std::net::Ipv4Addr,
    },
    /// IPv6 in IPv4.
    Sit {
        /// The address at which packets arrive.
        local: std::net::Ipv4Addr,
    },
    /// Both families in GRE in IPv4.
    Gre {
        /// The address at which packets arrive.
        local: std::net::Ipv4Addr,
        /// Packets carry a checksum.
        checksum: bool,
    },
    /// Both families in IPv6.
    Ip6tnl {
        /// The address at which packets arrive.
        local: std::net::Ipv6Addr,
    },
    /// Both families in GRE in IPv6.
    Ip6gre {
        /// The address at which packets arrive.
        local: std::net::Ipv6Addr,
        /// Packets carry a checksum.
        checksum: bool,
    },
}

impl NewLink {
    /// The kernel's word for the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dummy => "dummy",
            Self::Ipip { .. } => "ipip",
            Self::Sit { .. } => "sit",
            Self::Gre { .. } => "gre",
            Self::Ip6tnl { .. } => "ip6tnl",
            Self::Ip6gre { .. } => "ip6gre",
        }
    }

    /// The module that makes it.
    pub fn module(&self) -> &'static str {
        match self {
            Self::Dummy => "dummy",
            Self::Ipip { .. } => "ipip",
            Self::Sit { .. } => "sit",
            Self::Gre { .. } => "ip_gre",
            Self::Ip6tnl { .. } => "ip6_tunnel",
            Self::Ip6gre { .. } => "ip6_gre",
        }
    }

    /// The words behind `ip link add NAME type`.
    pub fn words(&self) -> String {
        match self {
            Self::Dummy => "dummy".to_owned(),
            Self::Ipip { local } => format!("ipip mode ipip local {local}"),
            Self::Sit { local } => format!("sit mode ip6ip local {local}"),
            Self::Gre { local, checksum } => format!("gre local {local}{}", words(*checksum)),
            Self::Ip6tnl { local } => format!("ip6tnl local {local} mode any"),
            Self::Ip6gre { local, checksum } => {
                format!("ip6gre local {local}{}", words(*checksum))
            }
        }
    }
}

fn words(checksum: bool) -> &'static str {
    if checksum { " icsum" } else { "" }
}

/// The name that sysctl(8) takes for a path below `/proc/sys/net`: dots between the parts, and then a
/// slash for a dot within one. `None` where it has none: in names of interfaces with such characters
/// sysctl sees patterns, or where the value begins.
pub fn sysctl_name(key: &str) -> Option<String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@+,".contains(letter);
    let swapped = key.chars().map(|letter| match letter {
        '/' => '.',
        '.' => '/',
        other => other,
    });
    key.chars().all(plain).then(|| format!("net.{}", swapped.collect::<String>()))
}

/// A command for a shell that sets the parameter with this path below `/proc/sys/net`.
pub fn set_parameter(key: &str, value: &str) -> String {
    match sysctl_name(key) {
        Some(name) => format!("sysctl -w {}", shell(&format!("{name}={value}"))),
        None => write_parameter(key, value),
    }
}

/// The same without sysctl.
pub fn write_parameter(key: &str, value: &str) -> String {
    format!("echo {} >{}", shell(value), shell(&format!("/proc/sys/net/{key}")))
}

/// A UDP port at which the kernel unpacks generic UDP encapsulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuePort {
    /// The port.
    pub port: u16,
    /// Of packets in IPv6 instead of IPv4.
    pub ipv6: bool,
}
