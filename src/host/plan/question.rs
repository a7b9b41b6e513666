//! The facts that a plan needs.

use super::{arp, persist};
use crate::host::facts::Question;
use crate::host::spec::{ArpMethod, Encapsulation, Mode, RealServer, Spec};

/// The facts that a plan for `spec` needs.
pub fn question(spec: &Spec) -> Question {
    let files = spec.holders().into_iter().flat_map(|it| persist::paths(spec.verb(), &it));
    let question = Question { files: files.collect(), ..Question::default() };
    match spec {
        Spec::RealServer(spec) => {
            let filtered = matches!(spec.arp, ArpMethod::Nft | ArpMethod::Arptables);
            let modules = ["dummy", "ipip", "sit", "ip_gre", "ip6_tunnel", "ip6_gre", "fou"];
            Question {
                routes: spec.directors.iter().chain(&spec.vips).copied().collect(),
                proxies: spec.vips.clone(),
                filters: filtered.then_some(spec.arp),
                tables: tables(spec),
                gue: matches!(spec.mode, Mode::Tunnel(Encapsulation::Gue { .. })),
                modules: modules.map(str::to_owned).to_vec(),
                ..question
            }
        }
        Spec::Director(spec) => {
            let schedulers = spec.schedulers.iter().map(|name| format!("ip_vs_{name}"));
            let asked = (spec.interface.clone(), spec.vips.clone());
            Question {
                routes: spec.vips.clone(),
                answers: (!spec.takeover).then_some(asked),
                keys: spec.keys().map(|(key, _)| key).collect(),
                modules: schedulers.chain(["ip_vs".to_owned()]).collect(),
                ..question
            }
        }
    }
}

/// The facts that a check of `spec` needs. Other hosts are not asked for the addresses.
pub fn effective(spec: &Spec) -> Question {
    Question { answers: None, ..question(spec) }
}

/// Names of the nftables tables that suppress ARP.
fn tables(spec: &RealServer) -> Vec<String> {
    if spec.arp != ArpMethod::Nft {
        return Vec::new();
    }
    spec.vips.iter().filter(|vip| vip.is_ipv4()).map(arp::table_of).collect()
}
