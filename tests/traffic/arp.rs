//! Only the director answers for the virtual address, even during the preparation of real servers.

use std::collections::BTreeSet;
use std::env;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::capture::{Capture, Frame, Mac, claims};
use crate::direct::world_with_service;
use crate::exchange::{PATIENCE, count, get, get_many};
use crate::prepare::{self, Arp, Mode, Preparation};
use crate::probe::{answer, who_has_during};
use crate::report::Cell;
use crate::world::{
    Family, Layout, V4, V6, World, alone, client_address, mac_text, router_front, vip, vip_port,
};

const DR: Mode = Mode::Dr(Arp::Sysctl);

/// A director with the virtual address, and real servers without. ARP needs no IPVS, so these tests
/// also run on a kernel without it.
pub fn world(family: Family) -> World {
    let world = World::new(Layout::Beside);
    prepare::director(&world, DR, family, Preparation::Manual);
    world
}

fn director_alone(world: &World) -> BTreeSet<Mac> {
    BTreeSet::from([world.director.mac(0)])
}

fn forget_neighbours(world: &World) {
    for host in [&world.router, &world.real[0], &world.real[1]] {
        host.ip("neigh flush dev eth0\n");
    }
    world.router.ip("neigh flush dev eth1\n");
}

/// MACs that claim the VIP in frames sent by a real server, while it answers as the VIP and does
/// not know the router's MAC.
fn claims_while_answering(world: &World, family: Family) -> BTreeSet<Mac> {
    let capture = Capture::start(&world.real[0]);
    forget_neighbours(world);
    let answers = Capture::start(&world.client);
    let client = SocketAddr::new(client_address(family), 9);
    world.real[0].run(|| {
        let socket = UdpSocket::bind((vip(family), 0)).expect("the VIP is there");
        socket.send_to(b"!", client).expect("a datagram sent");
    });
    let arrived =
        || answers.frames().iter().filter_map(Frame::packet).any(|it| it.source == vip(family));
    until("the client hears rs1", arrived);
    let frames: Vec<Frame> = capture.frames().into_iter().filter(|it| it.outgoing).collect();
    claims(&frames, vip(family))
}

/// Whether the kernel has the ARP filter that `arp` needs: nftables' family for ARP or, for
/// arptables, also `arp_tables`. If not, the row says so, and scripts/traffic.sh runs these tests
/// on another kernel.
pub fn has_filter(world: &World, arp: Arp) -> bool {
    let works = |words: &[&str]| world.client.attempt(words, "").status.success();
    let by_nft = || works(&["nft", "add", "table", "arp", "probe"]);
    let (subject, has) = match arp {
        Arp::Nft => ("--arp nft", by_nft()),
        Arp::Arptables => ("--arp arptables", by_nft() || works(&["arptables-legacy", "-n", "-L"])),
        Arp::Sysctl | Arp::None => return true,
    };
    if !has {
        assert!(
            env::var_os("TRAFFIC_REPORT").is_some(),
            "this kernel has no ARP filter: run scripts/traffic.sh, which looks for another"
        );
        let (proven, control) = ("kernel has no ARP filter", "none");
        Cell { mode: "DR", subject, family: (V4, V4), proven, control }.record();
    }
    has
}

fn only_the_director_answers(family: Family, arp: Arp, subject: &str, device: &str) {
    let world = world(family);
    let vip: IpAddr = vip(family);
    if !has_filter(&world, arp) {
        return;
    }

    world.real[0].ip(&format!("address add {} dev {device}\n", alone(vip)));
    let two = BTreeSet::from([world.director.mac(0), world.real[0].mac(0)]);
    answer(&world, vip, &two, "without preparation");
    world.real[0].ip(&format!("address del {} dev {device}\n", alone(vip)));

    let during = who_has_during(&world, vip, || {
        prepare::both(&world, Mode::Dr(arp), family, Preparation::chosen());
    });
    assert_eq!(during, director_alone(&world), "while the real servers were prepared");
    answer(&world, vip, &director_alone(&world), "after that");
    for _ in 0..2 {
        assert_eq!(claims_while_answering(&world, family), BTreeSet::new());
    }
    answer(&world, vip, &director_alone(&world), "after traffic");
    if Preparation::chosen() == Preparation::Program {
        let during = who_has_during(&world, vip, || {
            world.real.iter().for_each(|real| drop(prepare::run(real, "rs undo")));
        });
        assert_eq!(during, director_alone(&world), "while it was undone");
    }

    Cell {
        mode: "DR",
        subject,
        family: (family, family),
        proven: "during and after preparation, and after traffic, exactly one MAC answers for the \
                 VIP: the director's",
        control: &format!("VIP on {device} of an unprepared real server: two MACs answer"),
    }
    .record();
}

#[test]
fn only_the_director_answers_by_sysctl() {
    only_the_director_answers(V4, Arp::Sysctl, "--arp sysctl", "lo");
}

#[test]
fn only_the_director_answers_by_nft() {
    only_the_director_answers(V4, Arp::Nft, "--arp nft", "lo");
}

#[test]
fn only_the_director_answers_by_arptables() {
    only_the_director_answers(V4, Arp::Arptables, "--arp arptables", "lo");
}

#[test]
fn only_the_director_answers_v6() {
    only_the_director_answers(V6, Arp::Sysctl, "neighbour discovery", "eth0");
}

/// The router's neighbour entry for the VIP.
fn entry(world: &World) -> String {
    let line = world.router.command(&["ip", "neigh", "show", &vip(V4).to_string()], "");
    let mut words = line.split_whitespace().skip_while(|word| *word != "lladdr").skip(1);
    words.next().unwrap_or("none").to_owned()
}

/// Repeats a check until it holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "not yet: {what}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn announce_leak_is_cured() {
    let world = world_with_service(V4);
    let service = vip_port(V4, 80);
    let real = &world.real[0];
    let gone = SocketAddr::new(world.rip(1, V4), 80);
    world.rules(&format!("-d -t {service} -r {gone}\n"));
    // Half a preparation: the host does not answer for the VIP, but asks with it as source.
    real.sysctl("ipv4/conf/all/arp_ignore", "1");
    real.ip(&format!("address add {} dev lo\n", alone(vip(V4))));
    answer(&world, vip(V4), &director_alone(&world), "silent when asked");

    world.router.run(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
        socket.send_to(b"?", vip_port(V4, 9)).expect("a datagram sent");
    });
    until("the router knows the director", || entry(&world) == mac_text(world.director.mac(0)));
    sleep(Duration::from_millis(1200)); // the kernel does not replace a younger entry
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
    prepare::real_server(&world, 0, DR, V4, Preparation::chosen());
    forget_neighbours(&world);
    assert!(get(&world.client, service, PATIENCE).answered());
    sleep(Duration::from_millis(1200));
    for _ in 0..2 {
        assert_eq!(claims_while_answering(&world, V4), BTreeSet::new());
        assert!(get(&world.client, service, PATIENCE).answered());
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

/// The entry for the front gateway that `director prepare --static-arp` prints.
fn permanent_entry(world: &World) -> String {
    let spec = format!("director prepare --vip {} --iface eth0 --static-arp --dry-run", vip(V4));
    let said = prepare::run(&world.director, &spec);
    let entry = said.lines().find_map(|line| line.split_once("ip neighbour replace "));
    let entry = entry.unwrap_or_else(|| panic!("no entry: {said}")).1.replace("IFACE", "eth1");
    format!("neighbour replace {entry}\n")
}

#[test]
fn a_permanent_entry_holds_against_real_servers_that_answer() {
    let world = world_with_service(V4);
    let service = vip_port(V4, 80);
    prepare::both(&world, Mode::Dr(Arp::None), V4, Preparation::chosen());
    let hosts = [&world.director, &world.real[0], &world.real[1]];
    let all = BTreeSet::from(hosts.map(|host| host.mac(0)));
    answer(&world, vip(V4), &all, "nobody is silent");
    let after_rs1_asked_as_the_vip = || {
        let claimed = claims_while_answering(&world, V4);
        assert_eq!(claimed, BTreeSet::from([world.real[0].mac(0)]));
        entry(&world)
    };

    let believed = after_rs1_asked_as_the_vip();
    assert_eq!(believed, mac_text(world.real[0].mac(0)), "the router believes it");
    let answers = get_many(&world.client, service, 4);
    assert_eq!(count(&answers, "rs1"), 4, "past the director: {answers:?}");

    world.router.ip(&permanent_entry(&world));
    let believed = after_rs1_asked_as_the_vip();
    assert_eq!(believed, mac_text(world.director.mac(0)), "the entry holds");
    let answers = get_many(&world.client, service, 4);
    assert_eq!((count(&answers, "rs1"), count(&answers, "rs2")), (2, 2), "{answers:?}");

    Cell {
        mode: "DR",
        subject: "--arp none",
        family: (V4, V4),
        proven: "the permanent entry that --static-arp prints keeps requests with the director, \
                 though three MACs answer for the VIP",
        control: "without it the router takes the MAC of a real server, and requests go past the \
                  director",
    }
    .record();
}
