//! Direct routing: the director changes only the MAC address, and replies bypass it.

use std::net::{IpAddr, SocketAddr};
use std::slice;

use crate::capture::{Capture, Frame, TCP};
use crate::exchange::{DOUBT, Outcome, PATIENCE, count, get, get_many, serve_http};
use crate::prepare::{self, Arp, Mode, Preparation};
use crate::report::Cell;
use crate::world::{Family, Layout, V4, V6, World, client_address, vip, vip_port};

/// Number of frames with a packet from `source`, port 80. If `source` is the VIP, these are
/// replies.
pub fn answers_from(frames: &[Frame], source: IpAddr) -> usize {
    let answer = |frame: &&Frame| {
        let Some(packet) = frame.packet() else { return false };
        let packet = packet.inner().map_or(packet, |(inner, _)| inner);
        packet.protocol == TCP && packet.source == source && packet.source_port() == 80
    };
    frames.iter().filter(answer).count()
}

/// Number of received frames with a packet to `target`, port 80.
fn requests_for(frames: &[Frame], target: IpAddr) -> usize {
    let incoming = frames.iter().filter(|frame| !frame.outgoing).filter_map(Frame::packet);
    incoming.filter(|it| it.target == target && it.target_port() == 80).count()
}

/// A world with `rs1` and `rs2` on port 80 next to the director, which is prepared.
pub fn world_with_service(family: Family) -> World {
    let world = World::new(Layout::Beside);
    world.real.iter().for_each(|real| serve_http(real, 80));
    let service = vip_port(family, 80);
    let [rs1, rs2] = [0, 1].map(|index| SocketAddr::new(world.rip(index, family), 80));
    world.rules(&format!(
        "-A -t {service} -s rr\n-a -t {service} -r {rs1} -g\n-a -t {service} -r {rs2} -g\n"
    ));
    prepare::director(&world, Mode::Dr(Arp::Sysctl), family, Preparation::chosen());
    world
}

fn answers_go_past_the_director(family: Family) {
    let world = world_with_service(family);
    let service = vip_port(family, 80);
    let vip = vip(family);

    let control = get(&world.client, service, DOUBT);
    assert_eq!(control, Outcome::TimedOut, "no real server has the address yet");
    prepare::both(&world, Mode::Dr(Arp::Sysctl), family, Preparation::chosen());

    let director = Capture::start(&world.director);
    let real = [0, 1].map(|index| Capture::start(&world.real[index]));
    let answers = get_many(&world.client, service, 4);
    assert_eq!((count(&answers, "rs1"), count(&answers, "rs2")), (2, 2), "{answers:?}");
    let Outcome::Answer(_, seen) = get(&world.client, service, PATIENCE) else {
        panic!("no answer");
    };
    assert_eq!(seen, client_address(family), "the real server sees the client's own address");

    let frames = director.frames();
    assert!(requests_for(&frames, vip) >= 5, "the director sees the requests");
    assert_eq!(answers_from(&frames, vip), 0, "no answer passes the director");
    for (index, capture) in real.iter().enumerate() {
        let host = &world.real[index];
        let frames = capture.frames();
        let for_vip = |frame: &&Frame| {
            let packet = frame.packet();
            !frame.outgoing && packet.is_some_and(|it| it.target == vip && it.target_port() == 80)
        };
        let requests: Vec<_> = frames.iter().filter(for_vip).collect();
        assert!(requests.len() >= 3, "requests reach {} with the VIP in them", host.name);
        for frame in requests {
            assert_eq!(frame.target, host.mac(0), "to the MAC of {}", host.name);
            assert_eq!(frame.source, world.director.mac(0), "from the director");
        }
        assert!(answers_from(&frames, vip) > 0, "{} answers as the VIP", host.name);
        for frame in frames.iter().filter(|it| it.outgoing && it.packet().is_some()) {
            let back = frame.target == world.director.mac(0);
            assert!(!back || answers_from(slice::from_ref(frame), vip) == 0, "an answer goes back");
        }
    }

    Cell {
        mode: "DR",
        subject: "plain",
        family: (family, family),
        proven: "requests arrive with the VIP unchanged at the MAC of the real server; answers go \
                 past the director",
        control: &format!("real servers without the VIP: {control}"),
    }
    .record();
}

#[test]
fn v4() {
    answers_go_past_the_director(V4);
}

#[test]
fn v6() {
    answers_go_past_the_director(V6);
}
