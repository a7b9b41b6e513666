//! A real server that answers ARP on purpose: `--arp none`.

use std::net::IpAddr;

use crate::host::spec::{ArpMethod, Mode, RealServer};

/// Reminds that a host without ARP suppression relies on the front gateway's static entry.
pub fn no_suppression(spec: &RealServer) -> Option<String> {
    let heard = spec.vips.iter().any(IpAddr::is_ipv4);
    (spec.arp == ArpMethod::None && spec.mode != Mode::Nat && heard).then(|| {
        "--arp none: this host answers ARP for the virtual address, so the front gateway needs a \
         static ARP entry for the director"
            .to_owned()
    })
}
