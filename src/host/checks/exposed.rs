//! Addresses for which the host answers ARP although they may be virtual ones.

use std::net::IpAddr;

use crate::host::facts::{Facts, is_silent};
use crate::model::Link;

/// Addresses that may be virtual ones, since they are on interfaces without ARP, but for which
/// another interface answers ARP.
pub fn exposed(facts: &Facts) -> impl Iterator<Item = (IpAddr, &Link)> {
    let heard = facts.links.iter().any(|link| {
        let ignore = facts.effective(&link.name, "arp_ignore");
        link.arp && link.up && !is_silent(ignore)
    });
    facts.addresses.iter().filter_map(move |it| {
        let link = facts.link_at(it.index)?;
        let fits = heard && link.up && !link.arp && it.address.is_ipv4();
        (fits && !it.address.is_loopback()).then_some((it.address, link))
    })
}
