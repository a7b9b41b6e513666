//! Who says "I have the virtual address": the director alone, during preparation too.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::thread::sleep;
use std::time::Duration;

use crate::capture::{Capture, Frame, Mac, claims};
use crate::direct::world_with_service;
use crate::exchange::{PATIENCE, get};
use crate::prepare::{self, Arp, Mode, Preparation};
use crate::probe::{who_has, who_has_during};
use crate::report::Cell;
use crate::world::{Family, V4, V6, World, alone, mac_text, router_front, vip, vip_port};

fn director_alone(world: &World) -> BTreeSet<Mac> {
    BTreeSet::from([world.director.mac(0)])
}

fn forget_neighbours(world: &World) {
    let hosts = [&world.router, &world.real[0], &world.real[1]];
    for host in hosts {
        host.ip("neigh flush dev eth0\n");
    }
    world.router.ip("neigh flush dev eth1\n");
}

/// Claims of the VIP in what a real server sends while it answers requests.
fn claims_while_serving(world: &World, family: Family) -> BTreeSet<Mac> {
    let capture = Capture::start(&world.real[0]);
    forget_neighbours(world);
    let answer = get(&world.client, vip_port(family, 80), PATIENCE);
    assert!(answer.answered(), "{answer}");
    let frames: Vec<Frame> = capture.frames().into_iter().filter(|it| it.outgoing).collect();
    claims(&frames, vip(family))
}

fn only_the_director_answers(arp: Arp) {
    let world = world_with_service(V4);
    let vip: IpAddr = vip(V4);
    let address = format!("address add {} dev lo\n", alone(vip));

    world.real[0].ip(&address);
    let control = who_has(&world, vip);
    assert_eq!(control, BTreeSet::from([world.director.mac(0), world.real[0].mac(0)]));
    world.real[0].ip(&format!("address del {} dev lo\n", alone(vip)));

    let during = who_has_during(&world, vip, || {
        prepare::both(&world, Mode::Dr(arp), V4, Preparation::chosen());
    });
    assert_eq!(during, director_alone(&world), "while the real servers were prepared");
    assert_eq!(who_has(&world, vip), director_alone(&world), "after that");
    for _ in 0..2 {
        assert_eq!(claims_while_serving(&world, V4), BTreeSet::new(), "in rs1's own requests");
    }
    assert_eq!(who_has(&world, vip), director_alone(&world), "after traffic");

    Cell {
        mode: "DR",
        subject: &format!("--arp {}", arp.name()),
        family: (V4, V4),
        proven: "during and after preparation, and after traffic, exactly one MAC answers for the \
                 VIP: the director's",
        control: "VIP on an unprepared real server: two MACs answer",
    }
    .record();
}

#[test]
fn only_the_director_answers_by_sysctl() {
    only_the_director_answers(Arp::Sysctl);
}

#[test]
fn only_the_director_answers_by_nft() {
    only_the_director_answers(Arp::Nft);
}

#[test]
fn only_the_director_answers_by_arptables() {
    only_the_director_answers(Arp::Arptables);
}

#[test]
fn only_the_director_answers_v6() {
    let world = world_with_service(V6);
    let vip = vip(V6);

    world.real[0].ip(&format!("address add {} dev eth0 nodad\n", alone(vip)));
    let control = who_has(&world, vip);
    assert_eq!(control, BTreeSet::from([world.director.mac(0), world.real[0].mac(0)]));
    world.real[0].ip(&format!("address del {} dev eth0\n", alone(vip)));

    let during = who_has_during(&world, vip, || {
        prepare::both(&world, Mode::Dr(Arp::Sysctl), V6, Preparation::chosen());
    });
    assert_eq!(during, director_alone(&world), "while the real servers were prepared");
    assert_eq!(claims_while_serving(&world, V6), BTreeSet::new(), "while serving");
    assert_eq!(who_has(&world, vip), director_alone(&world), "after traffic");

    Cell {
        mode: "DR",
        subject: "neighbour discovery",
        family: (V6, V6),
        proven: "during and after preparation, and after traffic, exactly one MAC answers for the \
                 VIP: the director's",
        control: "VIP on the real server's Ethernet interface: two MACs answer",
    }
    .record();
}

/// The router's neighbour entry for the VIP.
fn entry(world: &World) -> String {
    let line = world.router.command(&["ip", "neigh", "show", &vip(V4).to_string()], "");
    let mut words = line.split_whitespace().skip_while(|word| *word != "lladdr").skip(1);
    words.next().unwrap_or("none").to_owned()
}

#[test]
fn announce_leak_is_cured() {
    let world = world_with_service(V4);
    let service = vip_port(V4, 80);
    let real = &world.real[0];
    let gone = std::net::SocketAddr::new(world.rip(1, V4), 80);
    world.rules(&format!("-d -t {service} -r {gone}\n"));
    // Half a preparation: silent when asked, but asking as the VIP.
    real.sysctl("ipv4/conf/all/arp_ignore", "1");
    real.ip(&format!("address add {} dev lo\n", alone(vip(V4))));
    assert_eq!(who_has(&world, vip(V4)), director_alone(&world), "silent when asked");

    assert!(get(&world.client, service, PATIENCE).answered());
    assert_eq!(entry(&world), mac_text(world.director.mac(0)));
    sleep(Duration::from_millis(1200)); // a younger entry is locked
    let capture = Capture::start(real);
    real.ip(&format!("neigh flush to {}\n", router_front(V4)));
    assert!(get(&world.client, service, PATIENCE).answered());
    let asked: Vec<Frame> = capture.frames().into_iter().filter(|it| it.outgoing).collect();
    assert_eq!(claims(&asked, vip(V4)), BTreeSet::from([real.mac(0)]), "it asks as the VIP");
    assert_eq!(entry(&world), mac_text(real.mac(0)), "the router believes it");
    let director = Capture::start(&world.director);
    assert!(get(&world.client, service, PATIENCE).answered());
    let passed = director.frames().iter().filter_map(Frame::packet).any(|it| it.target == vip(V4));
    assert!(!passed, "requests go past the director");

    real.ip(&format!("address del {} dev lo\n", alone(vip(V4))));
    prepare::real_server(&world, 0, Mode::Dr(Arp::Sysctl), V4, Preparation::chosen());
    forget_neighbours(&world);
    assert!(get(&world.client, service, PATIENCE).answered());
    sleep(Duration::from_millis(1200));
    for _ in 0..2 {
        assert_eq!(claims_while_serving(&world, V4), BTreeSet::new());
        assert_eq!(entry(&world), mac_text(world.director.mac(0)));
    }

    Cell {
        mode: "DR",
        subject: "arp_announce",
        family: (V4, V4),
        proven: "with arp_announce 2 the real server asks as itself; the router keeps the \
                 director's MAC for the VIP",
        control: "arp_announce 0: it asks as the VIP, the router takes its MAC, and requests go \
                  past the director",
    }
    .record();
}
