//! Guesses who owns an existing address, so that no hint proposes to delete an address in use.

use crate::error::Owner;
use crate::model::{InterfaceAddress, Link};

/// `RTPROT_KEEPALIVED`, which keepalived sets on its addresses if its version and the kernel can.
const KEEPALIVED: u8 = 18;

/// Facts about an address from outside the kernel's address list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clues {
    /// The verb of this program that added the address, according to its state file.
    pub prepared: Option<&'static str>,
    /// A keepalived runs in this network namespace.
    pub keepalived: bool,
}

/// The most likely owner of the address.
pub fn owner(found: &InterfaceAddress, link: &Link, clues: Clues) -> Owner {
    let whole = if found.address.is_ipv4() { 32 } else { 128 };
    let bridge = || link.kind == "bridge" && link.name.starts_with("br-");
    if let Some(verb) = clues.prepared {
        Owner::Ours(verb)
    } else if found.protocol == Some(KEEPALIVED) {
        Owner::Keepalived
    } else if link.name == "kube-ipvs0" {
        Owner::Kubernetes
    } else if link.name == "docker0" || bridge() {
        Owner::Docker
    } else if found.prefix < whole || !found.permanent {
        Owner::Host { keepalived: clues.keepalived }
    } else if clues.keepalived {
        Owner::PerhapsKeepalived
    } else {
        Owner::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_owners_precede_likely_ones() {
        let link = |name: &str, kind: &str| Link {
            index: 2,
            name: name.to_owned(),
            up: true,
            loopback: false,
            arp: true,
            mac: Vec::new(),
            kind: kind.to_owned(),
        };
        let address = InterfaceAddress {
            index: 2,
            address: "192.0.2.80".parse().unwrap(),
            prefix: 32,
            global: true,
            duplicate: false,
            permanent: true,
            protocol: None,
        };
        let eth0 = link("eth0", "");
        let runs = Clues { keepalived: true, ..Clues::default() };
        let none = Clues::default();
        let kept = InterfaceAddress { protocol: Some(KEEPALIVED), prefix: 24, ..address };
        assert_eq!(owner(&kept, &eth0, none), Owner::Keepalived);
        let ours = Clues { prepared: Some("rs"), ..runs };
        assert_eq!(owner(&kept, &eth0, ours), Owner::Ours("rs"));
        assert_eq!(owner(&address, &eth0, runs), Owner::PerhapsKeepalived);
        assert_eq!(owner(&address, &eth0, none), Owner::Unknown);
        // Some clouds assign /32 addresses by DHCP.
        let leased = InterfaceAddress { permanent: false, ..address };
        assert_eq!(owner(&leased, &eth0, none), Owner::Host { keepalived: false });
        let net = InterfaceAddress { prefix: 24, ..address };
        assert_eq!(owner(&net, &eth0, runs), Owner::Host { keepalived: true });
        assert_eq!(owner(&net, &link("docker0", "bridge"), none), Owner::Docker);
        assert_eq!(owner(&net, &link("br-1a2b3c4d5e6f", "bridge"), none), Owner::Docker);
        assert_eq!(owner(&address, &link("kube-ipvs0", "dummy"), none), Owner::Kubernetes);
    }
}
