//! NAT: packets of both directions pass the director, which rewrites addresses and ports.

use std::net::SocketAddr;

use crate::capture::{Capture, Frame, ICMP, TCP};
use crate::exchange::{DOUBT, Outcome, PATIENCE, get, get_many, serve_http};
use crate::prepare::{self, Mode, Preparation};
use crate::report::Cell;
use crate::world::{
    Family, Layout, V4, V6, World, alone, client_address, router_front, vip, vip_port,
};

/// A world with `rs1` and `rs2` on port 8080 behind `VIP:80`; no host is prepared.
pub fn world_with_service(layout: Layout, family: Family, scheduler: &str) -> World {
    let world = World::new(layout);
    for real in &world.real {
        serve_http(real, 8080);
    }
    let service = vip_port(family, 80);
    let [rs1, rs2] = [0, 1].map(|index| SocketAddr::new(world.rip(index, family), 8080));
    world.rules(&format!(
        "-A -t {service} -s {scheduler}\n-a -t {service} -r {rs1} -m\n-a -t {service} -r {rs2} -m\n"
    ));
    world
}

fn both_ways_pass(layout: Layout, family: Family) {
    let world = world_with_service(layout, family, "rr");
    let service = vip_port(family, 80);
    let client = client_address(family);

    let how = Preparation::chosen();
    let control = if layout == Layout::TwoArm {
        let vip = alone(vip(family));
        world.director.ip(&format!("address add {vip} dev eth0 {}\n", prepare::quiet(family)));
        let outcome = get(&world.client, service, DOUBT);
        world.director.ip(&format!("address del {vip} dev eth0\n"));
        assert_eq!(outcome, Outcome::TimedOut);
        prepare::director(&world, Mode::Nat, family, how);
        "without forwarding on the director: timed out".to_owned()
    } else {
        prepare::director(&world, Mode::Nat, family, how);
        let around = format!("route replace default via {}\n", router_front(family));
        world.real.iter().for_each(|real| real.ip(&around));
        let outcome = get(&world.client, service, DOUBT);
        assert!(!outcome.answered(), "answers go past the director: {outcome}");
        format!("default route of the real servers past the director: {outcome}")
    };
    prepare::both(&world, Mode::Nat, family, how);

    let capture = Capture::start(&world.director);
    let answers = get_many(&world.client, service, 4);
    assert_eq!(answers.iter().filter(|name| *name == "rs1").count(), 2, "{answers:?}");
    assert_eq!(answers.iter().filter(|name| *name == "rs2").count(), 2, "{answers:?}");
    let Outcome::Answer(_, seen) = get(&world.client, service, PATIENCE) else {
        panic!("no answer");
    };
    assert_eq!(seen, client, "the real server sees the client's own address");

    let frames = capture.frames();
    let passed = |outgoing: bool, from, from_port: u16, to, to_port: u16| {
        let matches = frames.iter().filter(|frame| frame.outgoing == outgoing);
        let packets = matches.filter_map(Frame::packet).filter(|packet| {
            packet.protocol == TCP
                && (packet.source, packet.target) == (from, to)
                && (from_port == 0 || packet.source_port() == from_port)
                && (to_port == 0 || packet.target_port() == to_port)
        });
        packets.count()
    };
    for index in 0..2 {
        let rip = world.rip(index, family);
        assert!(passed(true, client, 0, rip, 8080) > 0, "requests leave for {rip}:8080");
        assert!(passed(false, rip, 8080, client, 0) > 0, "answers of {rip}:8080 come back");
        assert_eq!(passed(true, rip, 8080, client, 0), 0, "none leaves under the name of {rip}");
    }
    assert!(passed(false, client, 0, vip(family), 80) > 0, "requests come for the VIP");
    assert!(passed(true, vip(family), 80, client, 0) > 0, "answers leave as the VIP");
    // The director must not send ICMP redirects about the shorter path to real servers.
    let redirects = frames.iter().filter(|frame| frame.outgoing).filter_map(Frame::packet);
    let redirects = redirects.filter(|it| it.protocol == ICMP && it.payload.first() == Some(&5));
    assert_eq!(redirects.count(), 0, "the director redirects nobody");

    Cell {
        mode: "NAT",
        subject: if layout == Layout::TwoArm {
            "two-arm, port 80 to 8080"
        } else {
            "one-arm, port 80 to 8080"
        },
        family: (family, family),
        proven: "both ways pass the director; target rewritten to RIP:8080, source back to VIP:80",
        control: &control,
    }
    .record();
}

#[test]
fn two_arm_v4() {
    both_ways_pass(Layout::TwoArm, V4);
}

#[test]
fn two_arm_v6() {
    both_ways_pass(Layout::TwoArm, V6);
}

#[test]
fn one_arm_v4() {
    both_ways_pass(Layout::OneArm, V4);
}

#[test]
fn one_arm_v6() {
    both_ways_pass(Layout::OneArm, V6);
}
