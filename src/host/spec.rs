//! What the user asks of a host: to be a real server, or to be a director.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::quote::option;

/// How the director reaches the real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Direct routing, `-g`: frames with the virtual address as their destination.
    Direct,
    /// Tunnelling, `-i`.
    Tunnel(Encapsulation),
    /// Masquerading, `-m`: answers go back through the director.
    Nat,
}

/// How packets are wrapped in [`Mode::Tunnel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encapsulation {
    /// IP in IP, of either family.
    Ipip,
    /// Generic routing encapsulation.
    Gre {
        /// With checksums; both ends must agree.
        checksum: bool,
    },
    /// Generic UDP encapsulation, with whatever checksums.
    Gue {
        /// The UDP port.
        port: u16,
    },
}

/// How ARP is suppressed, so that the real server does not speak for the virtual address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArpMethod {
    /// `arp_ignore` and `arp_announce`.
    Sysctl,
    /// An nftables table.
    Nft,
    /// arptables rules.
    Arptables,
    /// Not at all: the front gateway has a static entry.
    None,
}

/// What the user asks of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "host", rename_all = "snake_case")]
pub enum Spec {
    /// To be a real server.
    RealServer(RealServer),
    /// To be a director.
    Director(Director),
}

impl Spec {
    /// `rs` or `director`, as in commands and names of files.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::RealServer(_) => "rs",
            Self::Director(_) => "director",
        }
    }

    /// Who needs the steps: the virtual addresses, or [`NAT_HOLDER`].
    pub fn holders(&self) -> Vec<String> {
        match self {
            Self::RealServer(RealServer { mode: Mode::Nat, .. }) => vec![NAT_HOLDER.to_owned()],
            Self::RealServer(RealServer { vips, .. }) | Self::Director(Director { vips, .. }) => {
                vips.iter().map(IpAddr::to_string).collect()
            }
        }
    }

    /// The same for one holder alone.
    #[must_use]
    pub fn only(&self, holder: &str) -> Self {
        let mut spec = self.clone();
        let (Self::RealServer(RealServer { vips, .. }) | Self::Director(Director { vips, .. })) =
            &mut spec;
        vips.retain(|vip| vip.to_string() == holder);
        spec
    }

    /// The arguments after `prepare` that ask the same for one holder.
    pub fn arguments(&self, holder: &str) -> Vec<String> {
        match self {
            Self::RealServer(spec) => spec.arguments(holder),
            Self::Director(spec) => spec.arguments(holder),
        }
    }

    /// Whether an interface, an address or a route must exist first. Only a real server with its
    /// address on `lo` and with kernel parameters needs none.
    pub fn needs_network(&self) -> bool {
        let Self::RealServer(spec) = self else { return true };
        let on_lo = spec.device.as_ref().is_none_or(|device| device == "lo");
        let by_sysctl = spec.arp == ArpMethod::Sysctl && spec.interfaces.is_empty();
        !(spec.mode == Mode::Direct && on_lo && by_sysctl && spec.advmss.is_none())
    }
}

/// What the user asks of a real server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServer {
    /// How the director reaches it.
    pub mode: Mode,
    /// The virtual addresses.
    pub vips: Vec<IpAddr>,
    /// Where they go; `None`: on `lo`, or on the tunnel.
    pub device: Option<String>,
    /// The interfaces that must not speak for them; empty: all.
    pub interfaces: Vec<String>,
    /// How ARP is suppressed on these.
    pub arp: ArpMethod,
    /// The address to which the director sends tunnelled packets.
    pub own: Option<IpAddr>,
    /// The directors' addresses towards the real server, for [`Mode::Nat`].
    pub directors: Vec<IpAddr>,
    /// The greatest TCP segment to ask clients for.
    pub advmss: Option<u32>,
}

/// Holds the steps of [`Mode::Nat`], which needs no virtual address.
pub const NAT_HOLDER: &str = "nat";

impl RealServer {
    /// The arguments after `ipvsadm rs prepare` that ask the same for one holder.
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

/// What the user asks of a director.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Director {
    /// The virtual addresses.
    pub vips: Vec<IpAddr>,
    /// The interface towards the clients.
    pub interface: String,
    /// Real servers are masqueraded: their answers come back through here.
    pub nat: bool,
    /// Parameters of IPVS, checked.
    pub parameters: BTreeMap<String, String>,
    /// Schedulers to load.
    pub schedulers: Vec<String>,
    /// Take the address even where another host answers for it.
    pub takeover: bool,
}

impl Director {
    /// The arguments after `ipvsadm director prepare` that ask the same for one address.
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
