//! Tunnels: the director wraps requests, and real servers in another network unpack them and reply
//! directly.

use std::net::SocketAddr;

use crate::capture::{Capture, Frame, TCP, Wrapping};
use crate::direct::answers_from;
use crate::exchange::{DOUBT, Outcome, PATIENCE, count, get, get_many, serve_http};
use crate::prepare::{self, Checksum, Kind, Mode, Preparation, Tunnel};
use crate::report::Cell;
use crate::world::{Family, Layout, V4, V6, World, client_address, vip, vip_port};

fn wrapping(tunnel: Tunnel) -> Wrapping {
    let checksum = tunnel.checksum != Checksum::No;
    match tunnel.kind {
        Kind::Ipip => Wrapping::Ip,
        Kind::Gre => Wrapping::Gre { checksum },
        Kind::Gue => Wrapping::Gue { checksum, private: tunnel.checksum == Checksum::Remote },
    }
}

fn carry(kind: Kind, checksum: Checksum, family: Family, outer: Family) {
    let world = World::new(Layout::Remote);
    let tunnel = Tunnel { kind, checksum, outer };
    let service = vip_port(family, 80);
    let options = tunnel.options();
    world.real.iter().for_each(|real| serve_http(real, 80));
    let [rs1, rs2] = [0, 1].map(|index| SocketAddr::new(world.rip(index, outer), 80));
    world.rules(&format!(
        "-A -t {service} -s rr\n\
         -a -t {service} -r {rs1} {options}\n\
         -a -t {service} -r {rs2} {options}\n"
    ));
    let how = Preparation::chosen();
    prepare::director(&world, Mode::Tun(tunnel), family, how);

    let control = get(&world.client, service, DOUBT);
    assert!(!control.answered(), "no real server unwraps yet: {control}");
    prepare::both(&world, Mode::Tun(tunnel), family, how);

    let director = Capture::start(&world.director);
    let real = Capture::start(&world.real[0]);
    let answers = get_many(&world.client, service, 4);
    assert_eq!((count(&answers, "rs1"), count(&answers, "rs2")), (2, 2), "{answers:?}");
    let Outcome::Answer(_, seen) = get(&world.client, service, PATIENCE) else {
        panic!("no answer");
    };
    assert_eq!(seen, client_address(family), "the real server sees the client's own address");

    let vip = vip(family);
    let frames = director.frames();
    assert_eq!(answers_from(&frames, vip), 0, "no answer passes the director");
    assert!(answers_from(&real.frames(), vip) > 0, "rs1 answers as the VIP");
    for index in 0..2 {
        let rip = world.rip(index, outer);
        let outer = frames.iter().filter(|frame| frame.outgoing).filter_map(Frame::packet);
        let wrapped: Vec<_> = outer.filter(|it| it.target == rip).collect();
        assert!(wrapped.len() >= 3, "packets for {rip} leave the director");
        for packet in wrapped {
            let (inner, how) = packet.inner().expect("a wrapped packet");
            assert_eq!(how, wrapping(tunnel));
            assert_eq!((inner.target, inner.target_port(), inner.protocol), (vip, 80, TCP));
        }
    }

    let subject = match (kind, checksum) {
        (Kind::Ipip, _) => "ipip",
        (Kind::Gre, Checksum::Yes) => "gre, csum",
        (Kind::Gre, _) => "gre, nocsum",
        (Kind::Gue, Checksum::No) => "gue, nocsum",
        (Kind::Gue, Checksum::Yes) => "gue, csum",
        (Kind::Gue, Checksum::Remote) => "gue, remcsum",
    };
    Cell {
        mode: "TUN",
        subject,
        family: (family, outer),
        proven: "packets for RIP leave the director with the request for the VIP inside; answers \
                 go past it",
        control: &format!("real servers without the tunnel: {control}"),
    }
    .record();
}

/// If only one end uses checksums, packets are dropped.
fn checksums_must_agree(family: Family) {
    let world = World::new(Layout::Remote);
    serve_http(&world.real[0], 80);
    let service = vip_port(family, 80);
    let rs1 = SocketAddr::new(world.rip(0, family), 80);
    let [without, with] = [Checksum::No, Checksum::Yes].map(|checksum| Tunnel {
        kind: Kind::Gre,
        checksum,
        outer: family,
    });
    world.rules(&format!("-A -t {service} -s rr\n-a -t {service} -r {rs1} {}\n", with.options()));
    let how = Preparation::Manual;
    prepare::director(&world, Mode::Tun(without), family, how);
    prepare::real_server(&world, 0, Mode::Tun(without), family, how);

    let control = get(&world.client, service, DOUBT);
    assert_eq!(control, Outcome::TimedOut);
    world.rules(&format!("-e -t {service} -r {rs1} {}\n", without.options()));
    assert_eq!(get(&world.client, service, PATIENCE).server(), "rs1");
    Cell {
        mode: "TUN",
        subject: "gre, sender and device must agree on checksums",
        family: (family, family),
        proven: "nocsum to a device without checksums: answered",
        control: &format!("csum to the same device: {control}"),
    }
    .record();
}

macro_rules! tunnels {
    ($($name:ident: $kind:ident $checksum:ident $family:ident over $outer:ident;)*) => {
        $(
            #[test]
            fn $name() {
                carry(Kind::$kind, Checksum::$checksum, $family, $outer);
            }
        )*
    };
}

tunnels! {
    ipip_v4: Ipip No V4 over V4;
    ipip_v6: Ipip No V6 over V6;
    ipip_v6_over_v4: Ipip No V6 over V4;
    ipip_v4_over_v6: Ipip No V4 over V6;
    gre_v4: Gre No V4 over V4;
    gre_v6: Gre No V6 over V6;
    gre_v6_over_v4: Gre No V6 over V4;
    gre_v4_over_v6: Gre No V4 over V6;
    gre_csum_v4: Gre Yes V4 over V4;
    gre_csum_v6: Gre Yes V6 over V6;
    gue_v4: Gue No V4 over V4;
    gue_v6: Gue No V6 over V6;
    gue_v6_over_v4: Gue No V6 over V4;
    gue_v4_over_v6: Gue No V4 over V6;
    gue_csum_v4: Gue Yes V4 over V4;
    gue_csum_v6: Gue Yes V6 over V6;
    gue_remcsum_v4: Gue Remote V4 over V4;
    gue_remcsum_v6: Gue Remote V6 over V6;
}

#[test]
fn checksums_must_agree_v4() {
    checksums_must_agree(V4);
}

#[test]
fn checksums_must_agree_v6() {
    checksums_must_agree(V6);
}
