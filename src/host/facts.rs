//! Facts about the host, for plans and checks. No I/O: `probes` reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::arp_rules::ArpRule;
use super::spec::ArpMethod;
use crate::error::Obstacle;
use crate::model::{Family, GuePort, InterfaceAddress, Link, Route};

/// Folder in which systemd looks for units.
pub const UNITS: &str = "/etc/systemd/system";

/// The arptables program to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArpTables {
    /// No arptables is installed.
    Absent,
    /// arptables is installed, but the kernel lacks support for it.
    Unsupported,
    /// Name of the program.
    Program(String),
}

/// Facts that a plan or a check needs in addition to those that are always read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Destinations whose routes to look up.
    pub routes: Vec<IpAddr>,
    /// Addresses for which to look up proxy neighbour entries.
    pub proxies: Vec<IpAddr>,
    /// An interface, and the addresses for which to ask the hosts on its network.
    pub answers: Option<(String, Vec<IpAddr>)>,
    /// Packet filter whose program to look for.
    pub filters: Option<ArpMethod>,
    /// Names of the nftables tables for ARP to read.
    pub tables: Vec<String>,
    /// Whether to list the UDP ports that unpack GUE.
    pub gue: bool,
    /// Paths of the files to look for.
    pub files: Vec<String>,
    /// Kernel parameters to read, by key.
    pub keys: Vec<String>,
    /// Names of the modules to look for.
    pub modules: Vec<String>,
}

/// The facts about a host.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Whether `/proc/sys/net` can be written.
    pub writable: bool,
    /// All interfaces.
    pub links: Vec<Link>,
    /// All addresses of these interfaces.
    pub addresses: Vec<InterfaceAddress>,
    /// Kernel parameters by key, as far as plans ask for them.
    pub sysctls: BTreeMap<String, String>,
    /// The default routes of each family.
    pub defaults: Vec<(Family, Route)>,
    /// Routes to the named directors and to the virtual addresses. An address without a route is
    /// missing.
    pub routes: BTreeMap<IpAddr, Route>,
    /// Virtual addresses, each with the index of an interface that answers for it as a proxy.
    pub proxies: Vec<(IpAddr, u32)>,
    /// Virtual addresses, each with the hardware address of a host that answers for it.
    pub answers: Vec<(IpAddr, String)>,
    /// Modules that the kernel certainly lacks.
    pub missing: BTreeSet<String>,
    /// Whether the kernel supports nftables tables for ARP. `None` if nft is not installed.
    pub nft: Option<bool>,
    pub arptables: ArpTables,
    /// Listings of the requested nftables tables for ARP; a table that does not exist is missing.
    pub tables: BTreeMap<String, String>,
    /// Rules of arptables.
    pub arp_rules: Vec<ArpRule>,
    /// UDP ports that unpack GUE.
    pub gue_ports: Vec<GuePort>,
    /// Whether the host runs systemd.
    pub systemd: bool,
    /// Path of this program for units that run at boot.
    pub executable: String,
    /// Files that exist, of those that a plan would write.
    pub files: BTreeSet<String>,
}

impl Facts {
    /// Finds an interface by name.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// Finds an interface by index.
    pub fn link_at(&self, index: u32) -> Option<&Link> {
        self.links.iter().find(|link| link.index == index)
    }

    /// Finds an interface by name; an error if it does not exist.
    pub fn present(&self, name: &str) -> Result<&Link, Obstacle> {
        self.link(name).ok_or_else(|| Obstacle::NoInterface {
            name: name.to_owned(),
            present: self.links.iter().map(|link| link.name.clone()).collect(),
        })
    }

    /// Value of a kernel parameter; `None` if it was not read.
    pub fn sysctl(&self, key: &str) -> Option<&str> {
        self.sysctls.get(key).map(String::as_str)
    }

    /// Value of a kernel parameter as a number; 0 if it is none.
    pub fn number(&self, key: &str) -> u32 {
        self.sysctl(key).and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    /// The greater of the values for `all` and for the interface. The kernel uses it for many
    /// parameters.
    pub fn effective(&self, name: &str, parameter: &str) -> u32 {
        let of = |name: &str| self.number(&format!("ipv4/conf/{name}/{parameter}"));
        of("all").max(of(name))
    }

    /// Global addresses of one family on interfaces that use ARP.
    pub fn own_addresses(&self, version: Family) -> impl Iterator<Item = (&Link, IpAddr)> {
        self.addresses.iter().filter_map(move |it| {
            let link = self.link_at(it.index)?;
            let fits = Family::of(&it.address) == version && it.global && !it.duplicate;
            (fits && link.arp && link.up).then_some((link, it.address))
        })
    }

    /// The default route with the lowest metric.
    pub fn default_route(&self, family: Family) -> Option<&Route> {
        let of_family = self.defaults.iter().filter(|(it, _)| *it == family);
        of_family.map(|(_, route)| route).min_by_key(|route| route.metric)
    }
}

/// Whether this value of `arp_ignore` keeps a host from answering ARP for addresses of other
/// interfaces. Of the values above 2, only 8 does.
pub fn is_silent(ignore: u32) -> bool {
    matches!(ignore, 1 | 2 | 8)
}
