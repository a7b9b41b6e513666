//! Distribution over real servers: weights, thresholds, and no real server at all.

use std::net::{SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::capture::{Capture, Frame};
use crate::exchange::{
    DOUBT, Held, Outcome, PATIENCE, ask_from, count, get, get_many, open, serve_http, serve_udp,
    udp_socket,
};
use crate::prepare::{self, Mode, Preparation};
use crate::report::Cell;
use crate::world::{Family, Layout, V4, V6, World, nobody, vip_port};

/// A prepared NAT world with real servers on port 8080 and no service.
fn world(family: Family) -> (World, [SocketAddr; 2]) {
    let world = World::new(Layout::TwoArm);
    world.real.iter().for_each(|real| serve_http(real, 8080));
    prepare::director(&world, Mode::Nat, family, Preparation::chosen());
    prepare::both(&world, Mode::Nat, family, Preparation::chosen());
    let real = [0, 1].map(|index| SocketAddr::new(world.rip(index, family), 8080));
    (world, real)
}

fn shares(answers: &[String]) -> (usize, usize) {
    (count(answers, "rs1"), count(answers, "rs2"))
}

fn weights_hold(family: Family) {
    let (world, [rs1, rs2]) = world(family);
    let [weighted, even] = [80, 81].map(|port| vip_port(family, port));
    world.rules(&format!(
        "-A -t {weighted} -s wrr\n\
         -a -t {weighted} -r {rs1} -m -w 3\n\
         -a -t {weighted} -r {rs2} -m -w 1\n\
         -A -t {even} -s rr\n\
         -a -t {even} -r {rs1} -m -w 3\n\
         -a -t {even} -r {rs2} -m -w 1\n"
    ));
    let answers = get_many(&world.client, weighted, 40);
    assert_eq!(shares(&answers), (30, 10), "{answers:?}");
    assert_eq!(shares(&get_many(&world.client, even, 40)), (20, 20));

    let service = weighted.to_string();
    let counted = || {
        let listing = world.ipvsadm(&["-L", "-n", "--stats", "--exact", "-t", &service]);
        [rs1, rs2].map(|server| {
            let server = server.to_string();
            let mut lines = listing.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let line = lines.find(|words| words.get(1) == Some(&&*server)).expect("its own line");
            line[2].to_owned()
        })
    };
    // The kernel updates its counters every two seconds.
    let begun = Instant::now();
    while counted() != ["30", "10"] {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", counted());
        sleep(Duration::from_millis(100));
    }

    Cell {
        mode: "NAT",
        subject: "wrr, weights 3 and 1",
        family: (family, family),
        proven: "of 40 requests 30 and 10, by answers and by the kernel's counters",
        control: "rr with the same weights: 20 and 20",
    }
    .record();
}

fn weight_zero_drains(family: Family) {
    let (world, [rs1, rs2]) = world(family);
    let service = vip_port(family, 80);
    world.rules(&format!(
        "-A -t {service} -s rr\n-a -t {service} -r {rs1} -m\n-a -t {service} -r {rs2} -m\n"
    ));
    assert_eq!(shares(&get_many(&world.client, service, 4)), (2, 2));
    let held = [(); 2].map(|()| open(&world.client, service, PATIENCE).expect("a connection"));
    world.rules(&format!("-e -t {service} -r {rs1} -m -w 0\n"));
    assert_eq!(shares(&get_many(&world.client, service, 4)), (0, 4));
    let answers = held.map(|connection| connection.ask().server());
    assert_eq!(shares(&answers), (1, 1), "both connections live on: {answers:?}");

    Cell {
        mode: "NAT",
        subject: "weight 0",
        family: (family, family),
        proven: "no new connection, and the one that was open is still served",
        control: "weight 1: half of the connections",
    }
    .record();
}

fn thresholds_hold(family: Family) {
    let (world, [rs1, rs2]) = world(family);
    let [limited, free] = [80, 81].map(|port| vip_port(family, port));
    world.rules(&format!(
        "-A -t {limited} -s rr\n\
         -a -t {limited} -r {rs1} -m -x 2\n\
         -a -t {limited} -r {rs2} -m -x 3\n\
         -A -t {free} -s rr\n\
         -a -t {free} -r {rs1} -m\n\
         -a -t {free} -r {rs2} -m\n"
    ));
    let connect = |service, number: usize| -> Vec<Held> {
        let open = |_| open(&world.client, service, PATIENCE).expect("a connection");
        (0..number).map(open).collect()
    };
    let held = connect(limited, 5);
    let sixth = get(&world.client, limited, PATIENCE);
    assert_eq!(sixth, Outcome::Refused, "both servers are full");
    let answers: Vec<String> = held.into_iter().map(|one| one.ask().server()).collect();
    assert_eq!(shares(&answers), (2, 3), "{answers:?}");

    let waiting = connect(free, 6);
    assert_eq!(shares(&get_many(&world.client, free, 2)), (1, 1), "a seventh and eighth");
    let answers: Vec<String> = waiting.into_iter().map(|one| one.ask().server()).collect();
    assert_eq!(shares(&answers), (3, 3), "{answers:?}");

    Cell {
        mode: "NAT",
        subject: "upper thresholds 2 and 3",
        family: (family, family),
        proven: "five connections are held as 2 and 3, the sixth is refused at once",
        control: "no thresholds: 3 and 3, and more are served",
    }
    .record();
}

/// Sends one datagram from each socket, which is a connection of its own, and returns the replies.
fn ask_each(clients: &[UdpSocket]) -> Vec<String> {
    clients.iter().map(ask_from).collect()
}

/// Number of connections of the only real server of a UDP service.
fn connections(world: &World, service: SocketAddr) -> usize {
    let listing = world.ipvsadm(&["-L", "-n", "-u", &service.to_string()]);
    let words: Vec<&str> = listing.lines().last().expect("a line").split_whitespace().collect();
    let [active, inactive] = [4, 5].map(|at| words[at].parse::<usize>().expect("a number"));
    active + inactive
}

/// When the kernel drops idle connections, the real server gets new ones again, but only below the
/// lower threshold if there is one.
fn lower_threshold_holds(family: Family) {
    let (world, [rs1, _]) = world(family);
    let rs1 = SocketAddr::new(rs1.ip(), 53);
    serve_udp(&world.real[0], rs1);
    let [lower, none] = [53, 54].map(|port| vip_port(family, port));
    world.rules(&format!(
        "-A -u {lower} -s rr\n\
         -a -u {lower} -r {rs1} -m -x 4 -y 2\n\
         -A -u {none} -s rr\n\
         -a -u {none} -r {rs1} -m -x 4\n\
         --set 0 0 3600\n"
    ));
    let socket = |service| udp_socket(&world.client, service);
    let full = [lower, none].map(|service| -> Vec<UdpSocket> {
        let clients: Vec<UdpSocket> = (0..4).map(|_| socket(service)).collect();
        assert_eq!(count(&ask_each(&clients), "rs1"), 4, "four are taken");
        assert_ne!(ask_from(&socket(service)), "rs1", "the fifth is not");
        clients
    });
    // Makes the kernel forget these clients, and no other.
    let forget = |clients: std::ops::Range<usize>, left: [usize; 2]| {
        world.rules("--set 0 0 1\n");
        for client in full.iter().flat_map(|all| &all[clients.clone()]) {
            client.send(b"?").expect("a datagram sent");
        }
        let begun = Instant::now();
        while [lower, none].map(|service| connections(&world, service)) != left {
            assert!(begun.elapsed() < PATIENCE, "{}", world.ipvsadm(&["-L", "-n"]));
            sleep(Duration::from_millis(100));
        }
        world.rules("--set 0 0 3600\n");
    };
    // Two connections are left: half of the upper threshold, but not below the lower one.
    forget(2..4, [2, 2]);
    assert_eq!(ask_from(&socket(none)), "rs1", "without a lower threshold half is enough");
    let refused = ask_from(&socket(lower));
    assert_ne!(refused, "rs1", "not below the lower threshold yet");
    // The other service got a third client in the meantime.
    forget(1..2, [1, 2]);
    assert_eq!(ask_from(&socket(lower)), "rs1", "below the lower threshold");

    Cell {
        mode: "NAT",
        subject: "lower threshold 2 of upper 4",
        family: (family, family),
        proven: "full with four; with two left still refused, with one left served",
        control: "no lower threshold: with two left served",
    }
    .record();
}

fn nobody_there_is_said_at_once(family: Family) {
    let (world, [rs1, _]) = world(family);
    let service = vip_port(family, 80);
    // Without any network delay, the refusal arrives while connect() still holds the IPv6 socket,
    // which then only notices a second later.
    world
        .router
        .command(&["tc", "qdisc", "add", "dev", "eth0", "root", "netem", "delay", "5ms"], "");
    let asked_once = |why: &str| {
        let capture = Capture::start(&world.client);
        assert_eq!(get(&world.client, service, PATIENCE), Outcome::Refused, "{why}");
        let mut frames = capture.frames();
        frames.retain(|it| it.outgoing);
        let asked = frames.iter().filter_map(Frame::packet).filter(|it| it.target == service.ip());
        asked.count() == 1
    };
    // A guest that stands still for a second asks again before it looks at the refusal.
    let refused_at_once = |why: &str| {
        assert!((0..5).any(|_| asked_once(why)), "{why}: it had to ask again each time");
    };
    world.rules(&format!("-A -t {service} -s rr\n"));
    refused_at_once("no real server");
    world.rules(&format!("-a -t {service} -r {rs1} -m -w 0\n"));
    refused_at_once("weight 0 alone");
    world.rules(&format!("-e -t {service} -r {rs1} -m -w 1\n"));
    assert_eq!(get(&world.client, service, PATIENCE).server(), "rs1");

    let lost = SocketAddr::new(nobody(family), 8080);
    world.rules(&format!("-d -t {service} -r {rs1}\n-a -t {service} -r {lost} -m\n"));
    let control = get(&world.client, service, DOUBT);
    assert!(matches!(control, Outcome::TimedOut | Outcome::Unreachable), "{control}");

    Cell {
        mode: "NAT",
        subject: "no real server, or weight 0 alone",
        family: (family, family),
        proven: "refused at once",
        control: "weight 1: answered; a real server that does not exist: no answer",
    }
    .record();
}

#[test]
fn weights_hold_v4() {
    weights_hold(V4);
}

#[test]
fn weights_hold_v6() {
    weights_hold(V6);
}

#[test]
fn weight_zero_drains_v4() {
    weight_zero_drains(V4);
}

#[test]
fn weight_zero_drains_v6() {
    weight_zero_drains(V6);
}

#[test]
fn thresholds_hold_v4() {
    thresholds_hold(V4);
}

#[test]
fn thresholds_hold_v6() {
    thresholds_hold(V6);
}

#[test]
fn lower_threshold_holds_v4() {
    lower_threshold_holds(V4);
}

#[test]
fn lower_threshold_holds_v6() {
    lower_threshold_holds(V6);
}

#[test]
fn a_service_without_servers_refuses_at_once_v4() {
    nobody_there_is_said_at_once(V4);
}

#[test]
fn a_service_without_servers_refuses_at_once_v6() {
    nobody_there_is_said_at_once(V6);
}
