//! What is wished of a real server.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::arp;
use super::checks::{self, Finding};
use super::director::{self, Director};
use super::facts::{Facts, Question};
use super::persist;
use crate::model::quote::option;

/// How the director reaches the real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Direct routing, `-g`: frames with the virtual address as their destination.
    Direct,
    /// Tunnelling, `-i`.
    Tunnel(Encapsulation),
    /// Masquerading, `-m`: the director is the way back.
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

/// How the real server is kept from speaking for the virtual address on its networks.
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

/// What is wished of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "host", rename_all = "snake_case")]
pub enum Wish {
    /// To be a real server.
    RealServer(RealServer),
    /// To be a director.
    Director(Director),
}

impl Wish {
    /// The word for it in commands and names of files.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::RealServer(_) => "rs",
            Self::Director(_) => "director",
        }
    }

    /// Who holds the steps: the virtual addresses, or [`NAT_HOLDER`].
    pub fn holders(&self) -> Vec<String> {
        match self {
            Self::RealServer(RealServer { mode: Mode::Nat, .. }) => vec![NAT_HOLDER.to_owned()],
            Self::RealServer(RealServer { vips, .. }) | Self::Director(Director { vips, .. }) => {
                vips.iter().map(IpAddr::to_string).collect()
            }
        }
    }

    /// The same wish for one of its holders.
    #[must_use]
    pub fn only(&self, holder: &str) -> Self {
        let mut wish = self.clone();
        let (Self::RealServer(RealServer { vips, .. }) | Self::Director(Director { vips, .. })) =
            &mut wish;
        vips.retain(|vip| vip.to_string() == holder);
        wish
    }

    /// The words behind `prepare` that wish the same for one holder.
    pub fn words(&self, holder: &str) -> Vec<String> {
        match self {
            Self::RealServer(wish) => wish.words(holder),
            Self::Director(wish) => wish.words(holder),
        }
    }

    /// Whether an interface, an address or a route must be there before: for all but a real
    /// server with its address on `lo` and kernel parameters.
    pub fn needs_network(&self) -> bool {
        let Self::RealServer(wish) = self else { return true };
        let on_lo = wish.device.as_ref().is_none_or(|device| device == "lo");
        let silent = wish.arp == ArpMethod::Sysctl && wish.interfaces.is_empty();
        !(wish.mode == Mode::Direct && on_lo && silent && wish.advmss.is_none())
    }

    /// What a plan for it asks.
    pub fn question(&self) -> Question {
        let files = self.holders().into_iter().flat_map(|it| persist::paths(self.verb(), &it));
        let question = Question { files: files.collect(), ..Question::default() };
        match self {
            Self::RealServer(wish) => {
                let filtered = matches!(wish.arp, ArpMethod::Nft | ArpMethod::Arptables);
                let modules = ["dummy", "ipip", "sit", "ip_gre", "ip6_tunnel", "ip6_gre", "fou"];
                Question {
                    routes: wish.directors.iter().chain(&wish.vips).copied().collect(),
                    proxies: wish.vips.clone(),
                    filters: filtered.then_some(wish.arp),
                    tables: wish.tables(),
                    gue: matches!(wish.mode, Mode::Tunnel(Encapsulation::Gue { .. })),
                    modules: modules.map(str::to_owned).to_vec(),
                    ..question
                }
            }
            Self::Director(wish) => {
                let schedulers = wish.schedulers.iter().map(|name| format!("ip_vs_{name}"));
                let asked = (wish.interface.clone(), wish.vips.clone());
                Question {
                    routes: wish.vips.clone(),
                    answers: (!wish.takeover).then_some(asked),
                    keys: wish.parameters.keys().map(|name| format!("ipv4/vs/{name}")).collect(),
                    modules: schedulers.chain(["ip_vs".to_owned()]).collect(),
                    ..question
                }
            }
        }
    }

    /// Looks at the effective state of a host, whoever brought it about.
    pub fn judge(&self, facts: &Facts) -> Vec<Finding> {
        match self {
            Self::RealServer(wish) => checks::judge(wish, facts),
            Self::Director(wish) => director::judge(wish, facts),
        }
    }
}

/// What is wished of a real server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServer {
    /// How the director reaches it.
    pub mode: Mode,
    /// The virtual addresses.
    pub vips: Vec<IpAddr>,
    /// Where they go; without a word on `lo`, or on the tunnel.
    pub device: Option<String>,
    /// The interfaces that must not speak for them; none named: all.
    pub interfaces: Vec<String>,
    /// How these are silenced.
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
    /// The nftables tables that silence it.
    fn tables(&self) -> Vec<String> {
        if self.arp != ArpMethod::Nft {
            return Vec::new();
        }
        self.vips.iter().filter(|vip| vip.is_ipv4()).map(arp::table_of).collect()
    }

    /// The words behind `ipvsadm rs prepare` that wish the same for one holder.
    pub fn words(&self, holder: &str) -> Vec<String> {
        let mut words = match self.mode {
            Mode::Direct => option("--mode", "dr"),
            Mode::Tunnel(encapsulation) => {
                [option("--mode", "tun"), option("--tunnel", &encapsulation.to_string())].concat()
            }
            Mode::Nat => option("--mode", "nat"),
        };
        let mut push = |name: &str, value: &str| words.extend(option(name, value));
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
        words
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
