//! Tests of plans, with made-up facts instead of a host.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::*;
use crate::host::facts::ArpTables;
use crate::host::spec::{ArpMethod, Encapsulation, Mode, RealServer};
use crate::host::state::Entry;
use crate::host::steps::{Former, Sysctl};
use crate::model::{Family, InterfaceAddress, Link, Route, RouteImage};

fn link(index: u32, name: &str) -> Link {
    let loopback = name == "lo";
    let kind = String::new();
    let name = name.to_owned();
    Link { index, name, up: true, loopback, arp: !loopback, mac: vec![2; 6], kind }
}

/// A host with `lo`, `eth0` with 198.51.100.21, and `eth1`.
fn facts() -> Facts {
    let address = InterfaceAddress {
        index: 2,
        address: "198.51.100.21".parse().unwrap(),
        prefix: 24,
        global: true,
        duplicate: false,
        permanent: true,
        protocol: None,
    };
    Facts {
        writable: true,
        links: vec![link(1, "lo"), link(2, "eth0"), link(3, "eth1")],
        addresses: vec![address],
        sysctls: BTreeMap::new(),
        defaults: Vec::new(),
        routes: BTreeMap::new(),
        proxies: Vec::new(),
        answers: Vec::new(),
        missing: BTreeSet::new(),
        nft: Some(true),
        arptables: ArpTables::Absent,
        tables: BTreeMap::new(),
        arp_rules: Vec::new(),
        gue_ports: Vec::new(),
        systemd: true,
        executable: "/usr/sbin/ipvsadm".to_owned(),
        files: BTreeSet::new(),
    }
}

fn direct(vips: &[&str]) -> RealServer {
    RealServer {
        mode: Mode::Direct,
        vips: vips.iter().map(|vip| vip.parse().unwrap()).collect(),
        device: None,
        interfaces: Vec::new(),
        arp: ArpMethod::Sysctl,
        own: None,
        directors: Vec::new(),
        advmss: None,
    }
}

fn planned(spec: RealServer, facts: &Facts, state: &State) -> Result<Vec<Planned>, Obstacle> {
    let images = Images {
        default_route: &|gateway, _, _| RouteImage(gateway.to_string()),
        with_advmss: &|image, advmss| RouteImage(format!("{} {advmss}", image.0)),
    };
    plan(&Spec::RealServer(spec), facts, state, &images, Keep::Nothing)
}

fn described(spec: RealServer, facts: &Facts) -> Vec<String> {
    let steps = planned(spec, facts, &State::default()).unwrap();
    steps.iter().map(|it| it.step.describe()).collect()
}

const SUPPRESSION: [&str; 2] =
    ["set net/ipv4/conf/all/arp_announce to 2", "set net/ipv4/conf/all/arp_ignore to 1"];

#[test]
fn arp_suppression_comes_before_every_address() {
    let steps = described(direct(&["192.0.2.80", "192.0.2.81"]), &facts());
    assert_eq!(steps[..2], SUPPRESSION);
    assert_eq!(steps[2..], ["add 192.0.2.80 to lo", "add 192.0.2.81 to lo"]);
}

#[test]
fn ipv6_needs_no_arp_suppression() {
    let mut facts = facts();
    facts.sysctls.insert("ipv6/conf/lo/disable_ipv6".to_owned(), "0".to_owned());
    assert_eq!(described(direct(&["2001:db8::80"]), &facts), ["add 2001:db8::80 to lo"]);
}

#[test]
fn a_sufficient_parameter_is_not_changed() {
    let mut facts = facts();
    facts.sysctls.insert("ipv4/conf/all/arp_ignore".to_owned(), "2".to_owned());
    let steps = described(direct(&["192.0.2.80"]), &facts);
    assert_eq!(steps, [SUPPRESSION[0], "add 192.0.2.80 to lo"]);
}

#[test]
fn a_shared_parameter_is_held_by_the_second_address_too() {
    let mut facts = facts();
    for (key, value) in [("arp_ignore", "1"), ("arp_announce", "2")] {
        facts.sysctls.insert(format!("ipv4/conf/all/{key}"), value.to_owned());
    }
    let step = Step::from(Sysctl::new("ipv4/conf/all/arp_ignore", "1"));
    let mut state = State::default();
    let holders = BTreeSet::from(["192.0.2.80".to_owned()]);
    state.entries.push(Entry {
        step: step.clone(),
        holders,
        former: Some(Former::Value("0".into())),
        begun: true,
        earlier: Vec::new(),
    });
    let steps = planned(direct(&["192.0.2.81"]), &facts, &state).unwrap();
    assert_eq!(steps[0].step, step);
    assert_eq!(steps.len(), 2, "the other parameter is somebody else's: {steps:?}");
}

#[test]
fn arp_is_suppressed_on_named_interfaces_alone() {
    let spec = RealServer { interfaces: vec!["eth0".into()], ..direct(&["192.0.2.80"]) };
    let steps = described(spec, &facts());
    assert_eq!(steps[0], "set net/ipv4/conf/eth0/arp_announce to 2");
    assert!(steps.iter().all(|step| !step.contains("/all/")));
}

#[test]
fn arp_ignore_from_3_to_7_on_an_interface_is_refused() {
    let mut facts = facts();
    facts.sysctls.insert("ipv4/conf/eth1/arp_ignore".to_owned(), "4".to_owned());
    let obstacle = planned(direct(&["192.0.2.80"]), &facts, &State::default()).unwrap_err();
    assert!(matches!(obstacle, Obstacle::AnswersArp { name, .. } if name == "eth1"));
    let spec = RealServer { interfaces: vec!["eth0".into()], ..direct(&["192.0.2.80"]) };
    assert!(planned(spec, &facts, &State::default()).is_ok());
}

#[test]
fn a_tunnel_is_up_only_after_its_filter() {
    let mode = Mode::Tunnel(Encapsulation::Gue { port: 6080 });
    let steps = described(RealServer { mode, ..direct(&["192.0.2.80"]) }, &facts());
    let place = |part: &str| steps.iter().position(|step| step.contains(part)).unwrap();
    assert!(place("make interface ipvs-ipip") < place("rp_filter"));
    assert!(place("rp_filter") < place("set ipvs-ipip up"));
    assert!(place("set ipvs-ipip up") < place("add 192.0.2.80 to ipvs-ipip"));
    assert!(place("GUE at UDP port 6080") < place("add 192.0.2.80"));
}

#[test]
fn loose_filtering_stays_if_all_interfaces_filter() {
    let mut facts = facts();
    facts.sysctls.insert("ipv4/conf/all/rp_filter".to_owned(), "1".to_owned());
    let mode = Mode::Tunnel(Encapsulation::Ipip);
    let steps = described(RealServer { mode, ..direct(&["192.0.2.80"]) }, &facts);
    assert!(steps.contains(&"set net/ipv4/conf/ipvs-ipip/rp_filter to 2".to_owned()));
}

#[test]
fn a_filter_names_the_address_of_each_interface() {
    let spec = RealServer { arp: ArpMethod::Nft, ..direct(&["192.0.2.80"]) };
    let steps = planned(spec, &facts(), &State::default()).unwrap();
    let Step::Nft(step) = &steps[0].step else { panic!("{:?}", steps[0]) };
    let (table, body) = (&step.table, &step.body);
    assert_eq!(table, "ipvsadm_rs_192.0.2.80");
    let rewritten = "oifname \"eth0\" arp saddr ip 192.0.2.80 arp saddr ip set 198.51.100.21";
    assert!(body.contains(rewritten), "{body}");
    assert!(body.contains("oifname \"eth1\" arp saddr ip 192.0.2.80 drop"), "{body}");
}

#[test]
fn the_route_to_the_director_replaces_the_best_default_route() {
    let mut facts = facts();
    let director: IpAddr = "198.51.100.1".parse().unwrap();
    let route = |gateway: Option<&str>, metric| Route {
        gateway: gateway.map(|it| it.parse().unwrap()),
        device: Some(2),
        metric,
        advmss: None,
        local: false,
        image: RouteImage("former".to_owned()),
    };
    facts.routes.insert(director, route(None, 0));
    facts.defaults.push((Family::V4, route(Some("198.51.100.254"), 100)));
    let spec = || RealServer { mode: Mode::Nat, directors: vec![director], ..direct(&[]) };
    let steps = planned(spec(), &facts, &State::default()).unwrap();
    let Step::Route(step) = &steps[0].step else { panic!("{steps:?}") };
    assert_eq!(step.words, "default via 198.51.100.1 dev eth0 proto static metric 100");
    assert_eq!(step.former, Some(RouteImage("former".to_owned())));
    facts.defaults[0].1 = route(Some("198.51.100.1"), 0);
    assert!(planned(spec(), &facts, &State::default()).unwrap().is_empty());
}
