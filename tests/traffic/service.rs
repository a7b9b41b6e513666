//! Kinds of services: by firewall mark, persistent, one-packet, SCTP, and with the director as real
//! server.

use std::net::SocketAddr;

use crate::exchange::{
    DOUBT, Outcome, PATIENCE, ask_udp, count, get, get_many, get_sctp, has_sctp, serve_http,
    serve_sctp, serve_udp,
};
use crate::prepare::{self, Arp, Mode, Preparation};
use crate::report::Cell;
use crate::world::{Family, Layout, V4, V6, World, dip, vip, vip_port};

const DR: Mode = Mode::Dr(Arp::Sysctl);

/// A world prepared for a forwarding method, without services.
fn world(layout: Layout, mode: Mode, family: Family) -> World {
    let world = World::new(layout);
    prepare::director(&world, mode, family, Preparation::chosen());
    prepare::both(&world, mode, family, Preparation::chosen());
    world
}

/// Marks TCP packets to the VIP's ports 80 and 8443 on arrival. Uses traffic control, because some
/// kernels of the tests lack nftables' families `ip` and `inet`, or `ip_tables`.
fn mark(world: &World, family: Family, mark: u32) {
    let protocol = if family == V4 { "ip" } else { "ipv6" };
    let vip = vip(family);
    let mut lines = vec!["qdisc add dev eth0 clsact".to_owned()];
    lines.extend([80, 8443].map(|port| {
        format!(
            "filter add dev eth0 ingress protocol {protocol} flower \
             ip_proto tcp dst_ip {vip} dst_port {port} action skbedit mark {mark}"
        )
    }));
    world.director.command(&["tc", "-batch", "-"], &lines.join("\n"));
}

fn mark_joins_ports(family: Family) {
    let world = world(Layout::Beside, DR, family);
    for real in &world.real {
        serve_http(real, 80);
        serve_http(real, 8443);
    }
    let [rs1, rs2] = [0, 1].map(|index| SocketAddr::new(world.rip(index, family), 0));
    let key = if family == V4 { "-f 7" } else { "-f 7 -6" };
    world.rules(&format!("-A {key} -s rr\n-a {key} -r {rs1} -g\n-a {key} -r {rs2} -g\n"));
    let [plain, other] = [80, 8443].map(|port| vip_port(family, port));
    for port in [plain, other] {
        let outcome = get(&world.client, port, PATIENCE);
        assert_eq!(outcome, Outcome::Refused, "without a mark it is no service");
    }

    mark(&world, family, 7);
    for _ in 0..3 {
        let first = get(&world.client, plain, PATIENCE);
        let second = get(&world.client, other, PATIENCE);
        assert!(first.answered() && second.answered(), "{first}, {second}");
        assert_ne!(first, second, "one service takes turns over both ports");
    }

    Cell {
        mode: "DR",
        subject: "fwmark over ports 80 and 8443",
        family: (family, family),
        proven: "both ports are served, and take turns as one service",
        control: "without the mark: refused",
    }
    .record();
}

fn persistence_follows_the_mask(family: Family) {
    let world = world(Layout::TwoArm, Mode::Nat, family);
    world.real.iter().for_each(|real| serve_http(real, 8080));
    let [rs1, rs2] = [0, 1].map(|index| SocketAddr::new(world.rip(index, family), 8080));
    let [masked, single] = [80, 81].map(|port| vip_port(family, port));
    let (narrow, gateway, sources) = match family {
        V4 => {
            ("255.255.255.240", "198.51.100.1", ["198.51.100.10", "198.51.100.11", "198.51.100.20"])
        }
        V6 => ("124", "2001:db8:c::1", ["2001:db8:c::10", "2001:db8:c::11", "2001:db8:c::20"]),
    };
    let mut rules = Vec::new();
    for (service, mask) in [(masked, format!("-M {narrow}")), (single, String::new())] {
        rules.push(format!(
            "-A -t {service} -s rr -p 60 {mask}\n\
             -a -t {service} -r {rs1} -m\n\
             -a -t {service} -r {rs2} -m\n"
        ));
    }
    world.rules(&rules.concat());
    let length = if family == V4 { 24 } else { 64 };
    for source in &sources[1..] {
        world.client.ip(&format!("address add {source}/{length} dev eth0\n"));
    }
    let from = |source: &str, service| {
        world.client.ip(&format!("route replace default via {gateway} src {source}\n"));
        let answer = get(&world.client, service, PATIENCE);
        let Outcome::Answer(server, seen) = answer else { panic!("{source}: {answer}") };
        assert_eq!(seen.to_string(), source);
        server
    };

    let first = from(sources[0], single);
    assert_eq!(from(sources[0], single), first, "the same client stays");
    assert_ne!(from(sources[1], single), first, "its neighbour is another client");

    let first = from(sources[0], masked);
    assert_eq!(from(sources[0], masked), first);
    assert_eq!(from(sources[1], masked), first, "the whole network stays");
    assert_ne!(from(sources[2], masked), first, "the next network is another");

    Cell {
        mode: "NAT",
        subject: "persistence with a mask",
        family: (family, family),
        proven: "all clients of a network stay at one real server, the next network gets the other",
        control: "without a mask: the neighbour gets the other real server",
    }
    .record();
}

fn one_packet_scheduling(family: Family) {
    let world = world(Layout::Beside, DR, family);
    let [each, bound] = [53, 54].map(|port| vip_port(family, port));
    let mut rules = Vec::new();
    for (service, option) in [(each, "-o"), (bound, "")] {
        rules.push(format!("-A -u {service} -s rr {option}\n"));
        for index in 0..2 {
            serve_udp(&world.real[index], service);
            let real = SocketAddr::new(world.rip(index, family), service.port());
            rules.push(format!("-a -u {service} -r {real} -g\n"));
        }
    }
    world.rules(&rules.concat());

    let answers = ask_udp(&world.client, each, 6);
    assert_eq!((count(&answers, "rs1"), count(&answers, "rs2")), (3, 3), "{answers:?}");
    let answers = ask_udp(&world.client, bound, 6);
    assert!(["rs1", "rs2"].iter().any(|name| count(&answers, name) == 6), "{answers:?}");

    Cell {
        mode: "DR",
        subject: "UDP with --ops",
        family: (family, family),
        proven: "six datagrams of one socket: three for each real server",
        control: "without --ops: all six for one",
    }
    .record();
}

fn sctp(family: Family) {
    let world = world(Layout::TwoArm, Mode::Nat, family);
    assert!(
        has_sctp(&world.client),
        "this kernel has no SCTP, neither built in nor as the module sctp (CONFIG_IP_SCTP)"
    );
    let service = vip_port(family, 9000);
    let real = [0, 1].map(|index| SocketAddr::new(world.rip(index, family), 9001));
    let control = get_sctp(&world.client, service, DOUBT);
    assert!(!control.answered(), "no service yet: {control}");
    world.rules(&format!("-A --sctp-service {service} -s rr\n"));
    for (host, at) in world.real.iter().zip(real) {
        serve_sctp(host, at);
        world.rules(&format!("-a --sctp-service {service} -r {at} -m\n"));
    }
    let ask = |_| get_sctp(&world.client, service, PATIENCE).server();
    let answers: Vec<String> = (0..4).map(ask).collect();
    assert_eq!((count(&answers, "rs1"), count(&answers, "rs2")), (2, 2), "{answers:?}");

    Cell {
        mode: "NAT",
        subject: "SCTP",
        family: (family, family),
        proven: "four associations, two for each real server, port 9000 to 9001",
        control: &format!("without the service: {control}"),
    }
    .record();
}

/// Sets lo down when dropped. IPVS keeps the route to an own IPv6 address, which holds eth0, until
/// lo goes down. A namespace that ends takes lo down last, so it would wait for eth0 forever and
/// block everybody who adds or removes a namespace.
struct Release<'a>(&'a World);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.director.ip("link set lo down\n");
    }
}

fn director_serves_too(family: Family) {
    let world = world(Layout::Beside, DR, family);
    serve_http(&world.real[0], 80);
    let service = vip_port(family, 80);
    let [rs1, own] =
        [world.rip(0, family), dip(family)].map(|address| SocketAddr::new(address, 80));
    world.rules(&format!(
        "-A -t {service} -s rr\n-a -t {service} -r {rs1} -g\n-a -t {service} -r {own} -g\n"
    ));
    let _release = Release(&world);
    let control = get_many(&world.client, service, 4);
    assert_eq!((count(&control, "rs1"), count(&control, "refused")), (2, 2), "{control:?}");
    serve_http(&world.director, 80);
    let answers = get_many(&world.client, service, 4);
    assert_eq!((count(&answers, "rs1"), count(&answers, "director")), (2, 2), "{answers:?}");

    Cell {
        mode: "DR",
        subject: "local node: the director is a real server",
        family: (family, family),
        proven: "director and rs1 take turns",
        control: "no server on the director: its turns are refused",
    }
    .record();
}

macro_rules! both_families {
    ($($work:ident: $v4:ident, $v6:ident;)*) => {
        $(
            #[test]
            fn $v4() {
                $work(V4);
            }

            #[test]
            fn $v6() {
                $work(V6);
            }
        )*
    };
}

both_families! {
    mark_joins_ports: mark_v4, mark_v6;
    persistence_follows_the_mask: persistence_v4, persistence_v6;
    one_packet_scheduling: one_packet_v4, one_packet_v6;
    sctp: sctp_v4, sctp_v6;
    director_serves_too: local_node_v4, local_node_v6;
}
