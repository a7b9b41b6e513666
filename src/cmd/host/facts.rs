//! What plans must know.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use nix::unistd::geteuid;

use super::Host;
use crate::error::{Error, Obstacle};
use crate::model::Family;
use crate::prepare::{ArpMethod, ArpTables, Facts, RealServer, persistent_paths};
use crate::system::{modules, program, sysctl};

/// Modules for which plans ask.
const MODULES: [&str; 7] = ["dummy", "ipip", "sit", "ip_gre", "ip6_tunnel", "ip6_gre", "fou"];

/// Parameters of each interface, and of `all` and `default`, for which plans ask.
const PARAMETERS: [&str; 6] = [
    "ipv4/conf/{}/arp_ignore",
    "ipv4/conf/{}/arp_announce",
    "ipv4/conf/{}/rp_filter",
    "ipv4/conf/{}/accept_redirects",
    "ipv6/conf/{}/accept_redirects",
    "ipv6/conf/{}/disable_ipv6",
];

impl Host {
    /// Looks at the host, as far as a real server's plan needs it.
    pub fn facts(&mut self, wish: &RealServer) -> Result<Facts, Error> {
        let links = self.network.links()?;
        let mut sysctls = BTreeMap::new();
        let names = links.iter().map(|link| &link.name[..]);
        for name in names.chain(["all", "default"]) {
            for key in PARAMETERS.map(|key| key.replace("{}", name)) {
                if let Some(value) = sysctl::read(&key)? {
                    sysctls.insert(key, value);
                }
            }
        }
        let mut defaults = Vec::new();
        for family in [Family::V4, Family::V6] {
            let routes = self.network.default_routes(family)?;
            defaults.extend(routes.into_iter().map(|route| (family, route)));
        }
        let mut routes = BTreeMap::new();
        let mut proxies = Vec::new();
        for address in wish.directors.iter().chain(&wish.vips) {
            if let Some(route) = self.network.route_to(*address)? {
                routes.insert(*address, route);
            }
        }
        for vip in &wish.vips {
            let found = self.network.proxies(*vip)?;
            proxies.extend(found.into_iter().map(|index| (*vip, index)));
        }
        let nft = if filters(wish) { arp_tables_known()? } else { None };
        Ok(Facts {
            root: geteuid().is_root(),
            writable: sysctl::writable(),
            addresses: self.network.addresses()?,
            links,
            sysctls,
            defaults,
            routes,
            proxies,
            missing: MODULES
                .into_iter()
                .filter(|it| modules::absent(it))
                .map(str::to_owned)
                .collect(),
            arptables: if wish.arp == ArpMethod::Arptables {
                arptables(nft)
            } else {
                ArpTables::Absent
            },
            nft,
            systemd: Path::new("/etc/systemd/system").is_dir(),
            executable: std::env::current_exe()?.display().to_string(),
            files: files(wish),
        })
    }
}

fn filters(wish: &RealServer) -> bool {
    matches!(wish.arp, ArpMethod::Nft | ArpMethod::Arptables)
        && wish.vips.iter().any(IpAddr::is_ipv4)
}

fn files(wish: &RealServer) -> BTreeSet<String> {
    let paths = wish.holders().into_iter().flat_map(|holder| persistent_paths(&holder));
    paths.filter(|path| std::fs::symlink_metadata(path).is_ok()).collect()
}

/// Whether the kernel takes nftables tables for ARP: a check that commits nothing.
fn arp_tables_known() -> Result<Option<bool>, Error> {
    match program::run("nft", &["-c", "-f", "-"], "table arp ipvsadm_probe { }\n") {
        Ok(_) => Ok(Some(true)),
        Err(Error::Program { .. }) => Ok(Some(false)),
        Err(Error::Obstacle(Obstacle::NoProgram { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The first arptables with a kernel side. Most are a front of nftables today.
fn arptables(nft: Option<bool>) -> ArpTables {
    let mut found = ArpTables::Absent;
    for name in ["arptables", "arptables-legacy"] {
        let Ok(version) = program::run(name, &["-V"], "") else { continue };
        let usable = if version.contains("nf_tables") {
            nft != Some(false)
        } else {
            program::run(name, &["-n", "-L"], "").is_ok()
        };
        if usable {
            return ArpTables::Program(name.to_owned());
        }
        found = ArpTables::Unsupported;
    }
    found
}
