//! Interfaces, addresses and routes, as far as real servers and directors need them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::quote::shell;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Index in the kernel.
    pub index: u32,
    /// Name, such as `eth0`.
    pub name: String,
    /// Administratively up.
    pub up: bool,
    /// Loopback interface.
    pub loopback: bool,
    /// Uses ARP: Ethernet without the flag NOARP, which a dummy interface has.
    pub arp: bool,
    /// Hardware address; empty if it has none.
    pub mac: Vec<u8>,
    /// The driver's name for the kind, such as `dummy` or `ipip`; empty for hardware.
    pub kind: String,
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// Index of the interface that has the address.
    pub index: u32,
    /// The interface's own address, even if it has a peer.
    pub address: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
    /// Scope is neither host nor link, so other hosts can reach the address.
    pub global: bool,
    /// Duplicate address detection failed (IPv6), so the address is not usable.
    pub duplicate: bool,
    /// Has no lifetime, so neither DHCP nor a router advertisement assigned it.
    pub permanent: bool,
    /// Number of the program that set the address, as in `rt_protos`. `None` on kernels before 5.18
    /// and for most programs, which do not set it.
    pub protocol: Option<u8>,
}

/// A route as the kernel keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Next hop, if any.
    pub gateway: Option<IpAddr>,
    /// Index of the interface, if any.
    pub device: Option<u32>,
    /// Metric; the kernel prefers the smallest.
    pub metric: u32,
    /// Largest TCP segment to advertise in bytes (`advmss`), if set.
    pub advmss: Option<u32>,
    /// Leads to this host itself (route type `local`).
    pub local: bool,
    /// The complete netlink message, from which the route can be restored exactly.
    pub image: RouteImage,
}

/// A route's netlink message in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RouteImage(pub String);

/// Length of `struct rtmsg` in bytes.
pub(crate) const ROUTE_HEADER: usize = 12;

impl RouteImage {
    /// The bytes of the message; `None` if the text is not that of a whole header at least.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        let digits = self.0.as_bytes();
        // `from_str_radix` also accepts a plus sign.
        if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Vec<u8> = digits.chunks(2).map(byte).collect::<Option<_>>()?;
        (bytes.len() >= ROUTE_HEADER).then_some(bytes)
    }
}

/// For state files, which somebody may have edited.
impl TryFrom<String> for RouteImage {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let image = Self(text);
        if image.bytes().is_some() { Ok(image) } else { Err(format!("`{}' is no route", image.0)) }
    }
}

impl From<RouteImage> for String {
    fn from(image: RouteImage) -> Self {
        image.0
    }
}

/// Kind and parameters of a virtual interface to add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NewLink {
    /// Carries addresses only.
    Dummy,
    /// IPv4 in IPv4.
    Ipip {
        /// Destination address of the tunnel's packets.
        local: std::net::Ipv4Addr,
    },
    /// IPv6 in IPv4.
    Sit {
        /// Destination address of the tunnel's packets.
        local: std::net::Ipv4Addr,
    },
    /// IPv4 and IPv6 in GRE in IPv4.
    Gre {
        /// Destination address of the tunnel's packets.
        local: std::net::Ipv4Addr,
        /// Packets must have a checksum.
        checksum: bool,
    },
    /// IPv4 and IPv6 in IPv6.
    Ip6tnl {
        /// Destination address of the tunnel's packets.
        local: std::net::Ipv6Addr,
    },
    /// IPv4 and IPv6 in GRE in IPv6.
    Ip6gre {
        /// Destination address of the tunnel's packets.
        local: std::net::Ipv6Addr,
        /// Packets must have a checksum.
        checksum: bool,
    },
}

impl NewLink {
    /// Name of the kind in the kernel and in `ip link`.
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

    /// Kernel module of the kind.
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

    /// Arguments after `ip link add NAME type`.
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

/// Name of the parameter `/proc/sys/net/KEY` for sysctl(8), which swaps dots and slashes. `None` if
/// sysctl would misread the name: in interface names with certain characters it sees a pattern or
/// the start of the value.
pub fn sysctl_name(key: &str) -> Option<String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@+,".contains(letter);
    let swapped = key.chars().map(|letter| match letter {
        '/' => '.',
        '.' => '/',
        other => other,
    });
    key.chars().all(plain).then(|| format!("net.{}", swapped.collect::<String>()))
}

/// Shell command that sets the parameter `/proc/sys/net/KEY`.
pub fn set_parameter(key: &str, value: &str) -> String {
    match sysctl_name(key) {
        Some(name) => format!("sysctl -w {}", shell(&format!("{name}={value}"))),
        None => write_parameter(key, value),
    }
}

/// Like [`set_parameter`], but without the program sysctl.
pub fn write_parameter(key: &str, value: &str) -> String {
    format!("echo {} >{}", shell(value), shell(&format!("/proc/sys/net/{key}")))
}

/// A UDP port at which the kernel unpacks generic UDP encapsulation (GUE).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuePort {
    /// Port number in host order.
    pub port: u16,
    /// Unpacks packets in IPv6 instead of IPv4.
    pub ipv6: bool,
}
