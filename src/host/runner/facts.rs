//! What plans must know.

use std::collections::BTreeMap;
use std::fs::symlink_metadata;
use std::net::IpAddr;
use std::path::Path;

use nix::unistd::geteuid;

use super::{Host, arptables, filter, gue_ports};
use crate::error::{Error, Obstacle};
use crate::host::{ArpMethod, ArpTables, Facts, Question, UNITS};
use crate::model::{Family, Link};
use crate::system::{frames, modules, program, sysctl};

/// Parameters of each interface, and of `all` and `default`, for which plans ask.
const PARAMETERS: [&str; 10] = [
    "ipv4/conf/{}/arp_ignore",
    "ipv4/conf/{}/arp_announce",
    "ipv4/conf/{}/rp_filter",
    "ipv4/conf/{}/forwarding",
    "ipv4/conf/{}/send_redirects",
    "ipv6/conf/{}/forwarding",
    "ipv6/conf/{}/accept_ra",
    "ipv4/conf/{}/accept_redirects",
    "ipv6/conf/{}/accept_redirects",
    "ipv6/conf/{}/disable_ipv6",
];

impl Host {
    /// Looks at the host, as far as a plan needs it.
    pub fn facts(&mut self, question: &Question) -> Result<Facts, Error> {
        let links = self.network.links()?;
        let mut sysctls = BTreeMap::new();
        for key in &question.keys {
            sysctls.extend(sysctl::read(key)?.map(|value| (key.clone(), value)));
        }
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
        for address in &question.routes {
            if let Some(route) = self.network.route_to(*address)? {
                routes.insert(*address, route);
            }
        }
        for vip in &question.proxies {
            let found = self.network.proxies(*vip)?;
            proxies.extend(found.into_iter().map(|index| (*vip, index)));
        }
        // Without the right to look they would seem to be missing.
        if question.filters.is_some() && !geteuid().is_root() {
            return Err(Obstacle::NotRoot.into());
        }
        let nft = if question.filters.is_some() { arp_tables_known()? } else { None };
        let missing = question.modules.iter().filter(|it| modules::absent(it)).cloned().collect();
        let answers = self.answers(question.answers.as_ref(), &links)?;
        let (arptables, arp_rules) = match question.filters {
            Some(ArpMethod::Arptables) => arptables::choose(nft)?,
            _ => (ArpTables::Absent, Vec::new()),
        };
        let mut tables = BTreeMap::new();
        if nft == Some(true) {
            for name in &question.tables {
                tables.extend(filter::table(name)?.map(|listing| (name.clone(), listing)));
            }
        }
        Ok(Facts {
            writable: sysctl::writable(),
            addresses: self.network.addresses()?,
            links,
            sysctls,
            defaults,
            routes,
            proxies,
            missing,
            answers,
            nft,
            tables,
            arp_rules,
            arptables,
            gue_ports: if question.gue { gue_ports()? } else { Vec::new() },
            systemd: Path::new(UNITS).is_dir(),
            executable: std::env::current_exe()?.display().to_string(),
            files: question
                .files
                .iter()
                .filter(|it| symlink_metadata(it).is_ok())
                .cloned()
                .collect(),
        })
    }

    /// Asks the network; an address that is here already needs no question.
    fn answers(
        &mut self,
        asked: Option<&(String, Vec<IpAddr>)>,
        links: &[Link],
    ) -> Result<Vec<(IpAddr, String)>, Error> {
        let Some((device, vips)) = asked else { return Ok(Vec::new()) };
        let usable = links.iter().any(|link| link.name == *device && link.up && link.arp);
        if !usable || !geteuid().is_root() {
            return Ok(Vec::new());
        }
        let mac = self.mac(device)?;
        let addresses = self.network.addresses()?;
        let absent = |vip: &IpAddr| addresses.iter().all(|it| it.address != *vip);
        let vips: Vec<IpAddr> = vips.iter().copied().filter(absent).collect();
        frames::answers(device, mac, &vips)
    }
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
