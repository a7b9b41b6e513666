//! What is known about the host, for plans and checks. No I/O: `probes` reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::arp_rules::ArpRule;
use super::spec::ArpMethod;
use crate::error::Obstacle;
use crate::model::{Family, GuePort, InterfaceAddress, Link, Route};

/// Where systemd looks for units.
pub const UNITS: &str = "/etc/systemd/system";

/// The arptables to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArpTables {
    /// None is installed.
    Absent,
    /// There is one, but not the kernel's side of it.
    Unsupported,
    /// The program.
    Program(String),
}

/// What a plan or a check needs to know beyond what is always read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Where do packets to these go?
    pub routes: Vec<IpAddr>,
    /// Does a proxy entry answer for these?
    pub proxies: Vec<IpAddr>,
    /// Does another host on this interface's network answer for these?
    pub answers: Option<(String, Vec<IpAddr>)>,
    /// Are there nftables for ARP, or arptables?
    pub filters: Option<ArpMethod>,
    /// What is in these nftables tables for ARP?
    pub tables: Vec<String>,
    /// Which UDP ports unpack GUE?
    pub gue: bool,
    /// Do these files exist?
    pub files: Vec<String>,
    /// What are these parameters?
    pub keys: Vec<String>,
    /// Does the kernel lack these modules?
    pub modules: Vec<String>,
}

/// A host as it was found.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `/proc/sys/net` can be written.
    pub writable: bool,
    /// Its interfaces.
    pub links: Vec<Link>,
    /// Their addresses.
    pub addresses: Vec<InterfaceAddress>,
    /// Kernel parameters by key, as far as plans ask for them.
    pub sysctls: BTreeMap<String, String>,
    /// The default routes of each family.
    pub defaults: Vec<(Family, Route)>,
    /// The routes to the directors named, and to the virtual addresses; absent where there is none.
    pub routes: BTreeMap<IpAddr, Route>,
    /// Interfaces that answer for a virtual address as a proxy.
    pub proxies: Vec<(IpAddr, u32)>,
    /// Hardware addresses that answer for a virtual address.
    pub answers: Vec<(IpAddr, String)>,
    /// Modules that the kernel lacks.
    pub missing: BTreeSet<String>,
    /// `nft` is installed, and the kernel knows its tables for ARP; `None`: not installed.
    pub nft: Option<bool>,
    /// Which arptables there is.
    pub arptables: ArpTables,
    /// nftables tables for ARP as they stand, of those asked for.
    pub tables: BTreeMap<String, String>,
    /// The rules of arptables.
    pub arp_rules: Vec<ArpRule>,
    /// UDP ports that unpack GUE.
    pub gue_ports: Vec<GuePort>,
    /// systemd keeps its units here.
    pub systemd: bool,
    /// How this program is called at boot.
    pub executable: String,
    /// Files that exist, of those that a plan would write.
    pub files: BTreeSet<String>,
}

impl Facts {
    /// The interface of that name.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// The interface of that number.
    pub fn link_at(&self, index: u32) -> Option<&Link> {
        self.links.iter().find(|link| link.index == index)
    }

    /// The interface of that name, which must exist.
    pub fn present(&self, name: &str) -> Result<&Link, Obstacle> {
        self.link(name).ok_or_else(|| Obstacle::NoInterface {
            name: name.to_owned(),
            present: self.links.iter().map(|link| link.name.clone()).collect(),
        })
    }

    /// A kernel parameter.
    pub fn sysctl(&self, key: &str) -> Option<&str> {
        self.sysctls.get(key).map(String::as_str)
    }

    /// A kernel parameter as a number; 0 where it is none.
    pub fn number(&self, key: &str) -> u32 {
        self.sysctl(key).and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    /// The greater value of `all` and the interface, which decides for many parameters.
    pub fn effective(&self, name: &str, parameter: &str) -> u32 {
        let of = |name: &str| self.number(&format!("ipv4/conf/{name}/{parameter}"));
        of("all").max(of(name))
    }

    /// The global addresses of interfaces that have neighbours, of one family.
    pub fn own_addresses(&self, version: Family) -> impl Iterator<Item = (&Link, IpAddr)> {
        self.addresses.iter().filter_map(move |it| {
            let link = self.link_at(it.index)?;
            let fits = Family::of(&it.address) == version && it.global && !it.duplicate;
            (fits && link.arp && link.up).then_some((link, it.address))
        })
    }

    /// The best default route.
    pub fn default_route(&self, family: Family) -> Option<&Route> {
        let of_family = self.defaults.iter().filter(|(it, _)| *it == family);
        of_family.map(|(_, route)| route).min_by_key(|route| route.metric)
    }
}

/// Whether `arp_ignore` keeps a host from answering for addresses of other interfaces. Of the values
/// above 2 only 8 does.
pub fn is_silent(ignore: u32) -> bool {
    matches!(ignore, 1 | 2 | 8)
}
