//! The desired state of a host: a real server or a director, with its options.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::quote::option;

/// Forwarding method by which the director reaches the real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Direct routing (`-g`): frames arrive with the virtual address as destination.
    Direct,
    /// Tunnelling (`-i`).
    Tunnel(Encapsulation),
    /// Masquerading (`-m`): replies go back through the director.
    Nat,
}

/// Encapsulation of packets in [`Mode::Tunnel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encapsulation {
    /// IP in IP, for both families.
    Ipip,
    /// Generic routing encapsulation (GRE).
    Gre {
        /// Packets carry a checksum. Both ends must agree.
        checksum: bool,
    },
    /// Generic UDP encapsulation (GUE), with or without checksums.
    Gue {
        /// UDP port at which the real server receives.
        port: u16,
    },
}

/// How ARP is suppressed, so that the real server does not answer for the virtual address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArpMethod {
    /// `arp_ignore` and `arp_announce`.
    Sysctl,
    /// An nftables table.
    Nft,
    /// arptables rules.
    Arptables,
    /// Not suppressed: the front gateway has a static entry.
    None,
}

/// Desired state of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "host", rename_all = "snake_case")]
pub enum Spec {
    RealServer(RealServer),
    Director(Director),
}

impl Spec {
    /// `rs` or `director`, as in commands and file names.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::RealServer(_) => "rs",
            Self::Director(_) => "director",
        }
    }

    /// Holders of the steps, which decide how long a step is needed: the virtual addresses, or
    /// [`NAT_HOLDER`].
    pub fn holders(&self) -> Vec<String> {
        match self {
            Self::RealServer(RealServer { mode: Mode::Nat, .. }) => vec![NAT_HOLDER.to_owned()],
            Self::RealServer(RealServer { vips, .. }) | Self::Director(Director { vips, .. }) => {
                vips.iter().map(IpAddr::to_string).collect()
            }
        }
    }

    /// Reduces the spec to one holder.
    #[must_use]
    pub fn only(&self, holder: &str) -> Self {
        let mut spec = self.clone();
        let (Self::RealServer(RealServer { vips, .. }) | Self::Director(Director { vips, .. })) =
            &mut spec;
        vips.retain(|vip| vip.to_string() == holder);
        spec
    }

    /// Arguments after `prepare` that give the same spec for one holder.
    pub fn arguments(&self, holder: &str) -> Vec<String> {
        match self {
            Self::RealServer(spec) => spec.arguments(holder),
            Self::Director(spec) => spec.arguments(holder),
        }
    }

    /// Whether an interface, address or route must exist before. Only a real server with its
    /// address on `lo` and ARP suppression by kernel parameters needs none.
    pub fn needs_network(&self) -> bool {
        let Self::RealServer(spec) = self else { return true };
        let on_lo = spec.device.as_ref().is_none_or(|device| device == "lo");
        let by_sysctl = spec.arp == ArpMethod::Sysctl && spec.interfaces.is_empty();
        !(spec.mode == Mode::Direct && on_lo && by_sysctl && spec.advmss.is_none())
    }
}

/// Desired state of a real server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServer {
    /// Forwarding method of the director.
    pub mode: Mode,
    /// The virtual addresses.
    pub vips: Vec<IpAddr>,
    /// Interface of the virtual addresses. `None`: `lo`, or the tunnel.
    pub device: Option<String>,
    /// Interfaces on which ARP is suppressed; empty: all.
    pub interfaces: Vec<String>,
    /// Method of ARP suppression.
    pub arp: ArpMethod,
    /// Address to which the director sends tunnelled packets.
    pub own: Option<IpAddr>,
    /// Addresses of the directors in the network of the real server, for [`Mode::Nat`].
    pub directors: Vec<IpAddr>,
    /// Largest TCP segment to advertise to clients, in bytes.
    pub advmss: Option<u32>,
}

/// Holder of the steps of [`Mode::Nat`], which has no virtual address.
pub const NAT_HOLDER: &str = "nat";

impl RealServer {
    /// Arguments after `ipvsadm rs prepare` that give the same spec for one holder.
    pub fn arguments(&self, holder: &str) -> Vec<String> {
        let mut arguments = match self.mode {
            Mode::Direct => option("--mode", "dr"),
            Mode::Tunnel(encapsulation) => {
                [option("--mode", "tun"), option("--tunnel", &encapsulation.to_string())].concat()
            }
            Mode::Nat => option("--mode", "nat"),
        };
        let mut push = |name: &str, value: &str| arguments.extend(option(name, value));
        if holder != NAT_HOLDER {
            push("--vip", holder);
        }
        if let Some(device) = &self.device {
            push("--dev", device);
        }
        for interface in &self.interfaces {
            push("--iface", interface);
        }
        if self.mode != Mode::Nat && self.arp != ArpMethod::Sysctl {
            push("--arp", &self.arp.to_string());
        }
        if let Some(own) = self.own {
            push("--rip", &own.to_string());
        }
        for director in &self.directors {
            push("--director", &director.to_string());
        }
        if let Some(advmss) = self.advmss {
            push("--advmss", &advmss.to_string());
        }
        arguments
    }
}

/// Desired state of a director.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Director {
    /// The virtual addresses.
    pub vips: Vec<IpAddr>,
    /// Interface towards the clients.
    pub interface: String,
    /// The real servers use masquerading: their replies come back through this host.
    pub nat: bool,
    /// IPVS parameters by name, with checked values.
    pub parameters: BTreeMap<String, String>,
    /// Schedulers whose modules are loaded.
    pub schedulers: Vec<String>,
    /// Add the address even if another host answers for it.
    pub takeover: bool,
}

impl Director {
    /// Arguments after `ipvsadm director prepare` that give the same spec for one address.
    pub fn arguments(&self, holder: &str) -> Vec<String> {
        let mut arguments = [option("--vip", holder), option("--iface", &self.interface)].concat();
        if self.nat {
            arguments.extend(option("--mode", "nat"));
        }
        for (name, value) in &self.parameters {
            arguments.extend(option("--set", &format!("{name}={}", value.replace('\t', ","))));
        }
        for scheduler in &self.schedulers {
            arguments.extend(option("--scheduler", scheduler));
        }
        if self.takeover {
            arguments.push("--takeover".to_owned());
        }
        arguments
    }

    /// Path below `/proc/sys/net` and value of each parameter.
    pub(super) fn keys(&self) -> impl Iterator<Item = (String, &str)> {
        let key = |name: &String| format!("ipv4/vs/{name}");
        self.parameters.iter().map(move |(name, value)| (key(name), &value[..]))
    }
}

impl fmt::Display for Encapsulation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Ipip => f.write_str("ipip"),
            Self::Gre { checksum: false } => f.write_str("gre"),
            Self::Gre { checksum: true } => f.write_str("gre:csum"),
            Self::Gue { port } => write!(f, "gue:{port}"),
        }
    }
}

impl fmt::Display for ArpMethod {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Sysctl => "sysctl",
            Self::Nft => "nft",
            Self::Arptables => "arptables",
            Self::None => "none",
        })
    }
}
