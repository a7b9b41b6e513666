//! Reads the facts about the host, or about one of its network namespaces.

use std::collections::BTreeMap;
use std::fs::symlink_metadata;
use std::net::IpAddr;
use std::path::Path;

use super::arptables;
use crate::error::Error;
use crate::host::facts::{ArpTables, Facts, Question, UNITS};
use crate::host::nft_tables;
use crate::host::spec::ArpMethod;
use crate::model::{Family, GuePort, Link, Route};
use crate::netlink::fou::Fou;
use crate::netlink::route::Network;
use crate::system::capabilities::{self, Capability};
use crate::system::{frames, modules, sysctl};

/// Parameters that plans need of each interface, and of `all` and `default`.
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

/// Reads the facts that `question` asks for.
pub fn read(network: &mut Network, question: &Question) -> Result<Facts, Error> {
    let links = network.links()?;
    let sysctls = parameters(&links, &question.keys)?;
    let mut defaults = Vec::new();
    for family in [Family::V4, Family::V6] {
        let routes = network.default_routes(family)?;
        defaults.extend(routes.into_iter().map(|route| (family, route)));
    }
    // A caller without the capability would see no rules, as if they were missing.
    if question.filters.is_some() {
        capabilities::need_to_pass_on(Capability::NetAdmin)?;
    }
    let nft = if question.filters.is_some() { nft_tables::are_supported()? } else { None };
    let (arptables, arp_rules) = match question.filters {
        Some(ArpMethod::Arptables) => arptables::choose(nft)?,
        _ => (ArpTables::Absent, Vec::new()),
    };
    let mut tables = BTreeMap::new();
    if nft == Some(true) {
        for name in &question.tables {
            tables.extend(nft_tables::listing(name)?.map(|listing| (name.clone(), listing)));
        }
    }
    let exists = |path: &&String| symlink_metadata(path).is_ok();
    Ok(Facts {
        writable: sysctl::writable(),
        addresses: network.addresses()?,
        sysctls,
        defaults,
        routes: routes(network, &question.routes)?,
        proxies: proxies(network, &question.proxies)?,
        answers: answers(network, question.answers.as_ref(), &links)?,
        missing: question.modules.iter().filter(|it| modules::absent(it)).cloned().collect(),
        nft,
        tables,
        arp_rules,
        arptables,
        gue_ports: if question.gue { gue_ports()? } else { Vec::new() },
        systemd: Path::new(UNITS).is_dir(),
        executable: std::env::current_exe()?.display().to_string(),
        files: question.files.iter().filter(exists).cloned().collect(),
        links,
    })
}

/// Reads the kernel parameters with these keys, and [`PARAMETERS`] of every interface.
fn parameters(links: &[Link], keys: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let names = links.iter().map(|link| &link.name[..]).chain(["all", "default"]);
    let of_interfaces = names.flat_map(|name| PARAMETERS.map(|key| key.replace("{}", name)));
    let mut values = BTreeMap::new();
    for key in keys.iter().cloned().chain(of_interfaces) {
        if let Some(value) = sysctl::read(&key)? {
            values.insert(key, value);
        }
    }
    Ok(values)
}

fn routes(network: &mut Network, addresses: &[IpAddr]) -> Result<BTreeMap<IpAddr, Route>, Error> {
    let mut routes = BTreeMap::new();
    for address in addresses {
        routes.extend(network.route_to(*address)?.map(|route| (*address, route)));
    }
    Ok(routes)
}

fn proxies(network: &mut Network, vips: &[IpAddr]) -> Result<Vec<(IpAddr, u32)>, Error> {
    let mut proxies = Vec::new();
    for vip in vips {
        proxies.extend(network.proxies(*vip)?.into_iter().map(|index| (*vip, index)));
    }
    Ok(proxies)
}

/// Asks the network which hosts answer for these addresses, except for addresses of this host. Does
/// nothing if the caller lacks `CAP_NET_RAW`.
fn answers(
    network: &mut Network,
    asked: Option<&(String, Vec<IpAddr>)>,
    links: &[Link],
) -> Result<Vec<(IpAddr, String)>, Error> {
    let Some((device, vips)) = asked else { return Ok(Vec::new()) };
    let usable = links.iter().any(|link| link.name == *device && link.up && link.arp);
    if !usable || !capabilities::has(Capability::NetRaw) {
        return Ok(Vec::new());
    }
    let mac = network.mac(device)?;
    let addresses = network.addresses()?;
    let absent = |vip: &IpAddr| addresses.iter().all(|it| it.address != *vip);
    let vips: Vec<IpAddr> = vips.iter().copied().filter(absent).collect();
    frames::answers(device, mac, &vips)
}

fn gue_ports() -> Result<Vec<GuePort>, Error> {
    Fou::open()?.map_or(Ok(Vec::new()), |mut fou| fou.gue_ports())
}
