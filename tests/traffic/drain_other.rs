//! drain, undrain and `--remove` lose no request over SCTP, nor over UDP to a service by firewall
//! mark, counted at the client.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use crate::exchange::{PATIENCE, ask_from, count, get_sctp_from, has_sctp, serve_sctp, serve_udp};
use crate::prepare::{self, Arp, Mode, Preparation};
use crate::report::Cell;
use crate::world::{Family, Layout, V4, V6, World, client_address, vip, vip_port};

/// Port of the service.
const PORT: u16 = 9000;

/// Number of requests to wait for after each change.
const ROUND: usize = 24;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// An SCTP service with NAT.
    Sctp,
    /// A service by mark for UDP packets, with direct routing.
    Mark,
}

use Kind::{Mark, Sctp};

/// A site with one client and a service.
struct Site {
    world: Arc<World>,
    kind: Kind,
    family: Family,
    /// The options that name the service, and the first real server.
    names: [String; 2],
}

impl Site {
    fn new(kind: Kind, family: Family, scheduler: &str) -> Self {
        let (layout, mode, forwarding) = match kind {
            Sctp => (Layout::TwoArm, Mode::Nat, "-m"),
            Mark => (Layout::Beside, Mode::Dr(Arp::Sysctl), "-g"),
        };
        let world = World::new(layout);
        assert!(kind != Sctp || has_sctp(&world.client), "this kernel has no SCTP");
        prepare::director(&world, mode, family, Preparation::chosen());
        prepare::both(&world, mode, family, Preparation::chosen());
        let six = if family == V6 { " -6" } else { "" };
        let service = vip_port(family, PORT);
        let service = match kind {
            Sctp => format!("--sctp-service {service}"),
            Mark => format!("-f 7{six}"),
        };
        let port = if kind == Sctp { PORT } else { 0 };
        let real = [0, 1].map(|index| SocketAddr::new(world.rip(index, family), port));
        for (host, at) in world.real.iter().zip(real) {
            match kind {
                Sctp => serve_sctp(host, at),
                Mark => serve_udp(host, vip_port(family, PORT)),
            }
        }
        // The kernel forgets a UDP client after a second.
        let [rs1, rs2] = real.map(|at| format!("-r {at}"));
        world.rules(&format!(
            "-A {service} -s {scheduler}\n-a {service} {rs1} {forwarding} -w 2\n\
             -a {service} {rs2} {forwarding} -w 2\n--set 0 0 1\n"
        ));
        if kind == Mark {
            mark(&world, family);
        }
        Self { world: Arc::new(world), kind, family, names: [service, rs1] }
    }

    #[track_caller]
    fn succeed(&self, verb: &str, options: &str) -> String {
        let line = format!("{verb} {} {} {options}", self.names[0], self.names[1]);
        self.world.ipvsadm(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// A client that asks all the time. Each request has a port of its own, because a port that is
    /// used again belongs to its former real server for a while.
    fn load(&self) -> Load {
        let (world, kind, family) = (Arc::clone(&self.world), self.kind, self.family);
        let answers: Arc<Mutex<Vec<String>>> = Arc::default();
        let stop: Arc<AtomicBool> = Arc::default();
        let (out, end) = (Arc::clone(&answers), Arc::clone(&stop));
        let thread = spawn(move || {
            for port in 10_000..60_000 {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                let from = SocketAddr::new(client_address(family), port);
                let answer = ask(&world, kind, from, vip_port(family, PORT));
                out.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
            }
            panic!("every port was used");
        });
        Load { answers, stop, thread }
    }
}

/// Marks UDP packets to the VIP's port on arrival. Uses traffic control, because some kernels of
/// the tests lack nftables' families `ip` and `inet`, or `ip_tables`.
fn mark(world: &World, family: Family) {
    let protocol = if family == V4 { "ip" } else { "ipv6" };
    let vip = vip(family);
    let lines = format!(
        "qdisc add dev eth0 clsact\n\
         filter add dev eth0 ingress protocol {protocol} flower \
         ip_proto udp dst_ip {vip} dst_port {PORT} action skbedit mark 7\n"
    );
    world.director.command(&["tc", "-batch", "-"], &lines);
}

/// Sends one request from this port. Returns the name of the server that answered, or what happened
/// instead.
fn ask(world: &World, kind: Kind, from: SocketAddr, to: SocketAddr) -> String {
    if kind == Sctp {
        return get_sctp_from(&world.client, Some(from), to, PATIENCE).server();
    }
    let socket = world.client.run(|| {
        let socket = UdpSocket::bind(from)?;
        socket.connect(to)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        std::io::Result::Ok(socket)
    });
    ask_from(&socket.expect("a free port"))
}

/// Running client.
struct Load {
    answers: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Load {
    fn so_far(&self) -> Vec<String> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the answers to a round of requests that begins now. The request under way may have
    /// begun earlier.
    #[track_caller]
    fn round(&self, when: &str) -> Vec<String> {
        let before = self.so_far().len() + 1;
        let begun = Instant::now();
        loop {
            let answers = self.so_far();
            if answers.len() >= before + ROUND {
                return answers[before..before + ROUND].to_vec();
            }
            assert!(begun.elapsed() < PATIENCE * 2, "{when}: {answers:?}");
            assert!(!self.thread.is_finished(), "{when}: the client has ended");
            sleep(Duration::from_millis(10));
        }
    }

    /// Checks that both real servers answer.
    #[track_caller]
    fn both(&self, when: &str) {
        let begun = Instant::now();
        loop {
            let round = self.round(when);
            if count(&round, "rs1") > 0 && count(&round, "rs2") > 0 {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{when}: {round:?}");
        }
    }

    /// Checks that only the second real server answers.
    #[track_caller]
    fn second(&self, when: &str) {
        let round = self.round(when);
        assert_eq!(count(&round, "rs2"), ROUND, "{when}: {round:?}");
    }

    /// Ends the client. Returns the number of requests, and those without an answer.
    fn end(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the client ends");
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lost = answers.iter().filter(|it| !["rs1", "rs2"].contains(&it.as_str()));
        (answers.len(), lost.cloned().collect())
    }
}

fn nothing_is_lost(kind: Kind, family: Family, scheduler: &str) {
    let site = Site::new(kind, family, scheduler);
    let load = site.load();
    load.both("before");
    let said = site.succeed("drain", "--detach");
    assert!(said.contains(": weight 2 -> 0\n"), "{said}");
    load.second("drained");
    let said = site.succeed("drain", "");
    assert!(said.contains("idle after "), "{said}");
    load.second("idle");
    let said = site.succeed("undrain", "");
    assert!(said.contains(": weight 0 -> 2\n"), "{said}");
    load.both("undrained");
    let said = site.succeed("drain", "--remove");
    assert!(said.contains("removed "), "{said}");
    load.second("removed");
    let (all, lost) = load.end();
    assert_eq!(lost, Vec::<String>::new(), "of {all} requests under {scheduler}");
    let rules = site.world.ipvsadm(&["-S", "-n"]);
    assert!(!rules.contains(&site.names[1]), "{rules}");
    assert!(!rules.contains("-fallback"), "flags are as before: {rules}");
}

fn record(kind: Kind, family: Family) {
    let (mode, subject) = match kind {
        Sctp => ("NAT", "drain under wrr and mh; SCTP"),
        Mark => ("DR", "drain under wrr and mh; UDP by fwmark"),
    };
    Cell {
        mode,
        subject,
        family: (family, family),
        proven: "drain, undrain and drain --remove of a busy real server lose no request",
        control: "before the drain and after undrain, both real servers answer",
    }
    .record();
}

/// With `mh-port`, the hash gives one client both real servers.
fn no_scheduler_loses(kind: Kind, family: Family) {
    for scheduler in ["wrr", "mh -b mh-port"] {
        nothing_is_lost(kind, family, scheduler);
    }
    record(kind, family);
}

#[test]
fn a_drain_of_sctp_loses_nothing_v4() {
    no_scheduler_loses(Sctp, V4);
}

#[test]
fn a_drain_of_sctp_loses_nothing_v6() {
    no_scheduler_loses(Sctp, V6);
}

#[test]
fn a_drain_of_udp_by_mark_loses_nothing_v4() {
    no_scheduler_loses(Mark, V4);
}

#[test]
fn a_drain_of_udp_by_mark_loses_nothing_v6() {
    no_scheduler_loses(Mark, V6);
}
