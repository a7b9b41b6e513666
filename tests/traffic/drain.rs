//! drain, undrain and `--remove` of a busy real server lose no request, counted at the clients.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::exchange::{PATIENCE, count, open, serve_http, serve_udp};
use crate::prepare::{self, Mode, Preparation};
use crate::report::Cell;
use crate::world::{Family, Layout, V4, V6, World, client_address, vip_port};

/// Clients with an address each that ask all the time: a hash gives each real server about half of
/// them. As many more come later.
const CLIENTS: u8 = 24;

/// Number of requests to wait for after each change: two from each client.
const ROUND: usize = CLIENTS as usize * 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Transport {
    Tcp,
    Udp,
}

use Transport::{Tcp, Udp};

/// A NAT site with many clients and a service.
struct Site {
    world: Arc<World>,
    service: SocketAddr,
    real: [SocketAddr; 2],
    transport: Transport,
    ports: Arc<Ports>,
}

/// The clients' ports, each used once. The kernel remembers a finished connection for two minutes
/// and, under persistence, takes a new one from the same port to the same real server.
struct Ports(AtomicU16);

impl Ports {
    fn next(&self) -> u16 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

fn client(family: Family, number: u8) -> IpAddr {
    match client_address(family) {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            IpAddr::from([a, b, c, 100 + number])
        }
        IpAddr::V6(address) => {
            let mut segments = address.segments();
            segments[7] = 0x100 + u16::from(number);
            IpAddr::from(segments)
        }
    }
}

impl Site {
    fn new(family: Family, transport: Transport, service_options: &str) -> Self {
        let world = World::new(Layout::TwoArm);
        prepare::director(&world, Mode::Nat, family, Preparation::chosen());
        prepare::both(&world, Mode::Nat, family, Preparation::chosen());
        let length = if family == V4 { 24 } else { 64 };
        let nodad = if family == V4 { "" } else { " nodad" };
        let address = |it| format!("address add {}/{length} dev eth0{nodad}\n", client(family, it));
        world.client.ip(&(0..2 * CLIENTS).map(address).collect::<String>());
        let real = [0, 1].map(|index| SocketAddr::new(world.rip(index, family), 8080));
        for (host, at) in world.real.iter().zip(real) {
            match transport {
                Tcp => serve_http(host, 8080),
                Udp => serve_udp(host, at),
            }
        }
        let world = Arc::new(world);
        let ports = Arc::new(Ports(AtomicU16::new(1024)));
        let site = Self { world, service: vip_port(family, 80), real, transport, ports };
        let named = site.named();
        let [rs1, rs2] = real;
        // The kernel forgets a UDP client after three seconds. An answer that takes longer is lost.
        site.world.rules(&format!(
            "-A {named} {service_options}\n-a {named} -r {rs1} -m -w 2\n-a {named} -r {rs2} -m -w 2\n\
             --set 0 0 3\n"
        ));
        site
    }

    fn named(&self) -> String {
        format!("{} {}", if self.transport == Tcp { "-t" } else { "-u" }, self.service)
    }

    /// Runs the program on the first real server.
    fn run(&self, verb: &str, options: &[&str]) -> Output {
        let option = if self.transport == Tcp { "-t" } else { "-u" };
        let (service, server) = (self.service.to_string(), self.real[0].to_string());
        let program = env!("CARGO_BIN_EXE_ipvsadm");
        let words = [&[program, verb, option, &*service, "-r", &*server], options].concat();
        self.world.director.attempt(&words, "")
    }

    #[track_caller]
    fn succeed(&self, verb: &str, options: &[&str]) -> String {
        let output = self.run(verb, options);
        assert!(output.status.success(), "{verb} {options:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Clients that send requests all the time, one after the other.
    fn load(&self) -> Load {
        let (world, to, transport) = (Arc::clone(&self.world), self.service, self.transport);
        let family = if to.is_ipv4() { V4 } else { V6 };
        let answers: Arc<Mutex<Vec<String>>> = Arc::default();
        let stop: Arc<AtomicBool> = Arc::default();
        let (out, end) = (Arc::clone(&answers), Arc::clone(&stop));
        let ports = Arc::clone(&self.ports);
        let thread = spawn(move || {
            world.client.run(|| {
                for number in (0..CLIENTS).cycle() {
                    if end.load(Ordering::Relaxed) {
                        return;
                    }
                    let from = SocketAddr::new(client(family, number), ports.next());
                    let answer = ask(transport, from, to).unwrap_or_else(|why| why.to_string());
                    out.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
                }
            });
        });
        Load { answers, stop, thread }
    }
}

impl Site {
    /// Some of the new clients get the first real server, and all of them get an answer.
    #[track_caller]
    fn new_clients_reach_both(&self) {
        let family = if self.service.is_ipv4() { V4 } else { V6 };
        let answer = |number| {
            let from = SocketAddr::new(client(family, number), self.ports.next());
            let ask = || ask(self.transport, from, self.service);
            self.world.client.run(ask).unwrap_or_else(|why| why.to_string())
        };
        let answers: Vec<String> = (CLIENTS..2 * CLIENTS).map(answer).collect();
        let shares = (count(&answers, "rs1"), count(&answers, "rs2"));
        assert!(shares.0 > 0 && shares.0 + shares.1 == answers.len(), "{answers:?}");
    }
}

/// Sends one request from an address and a socket of its own. Returns the name of the server that
/// answered.
fn ask(transport: Transport, from: SocketAddr, to: SocketAddr) -> io::Result<String> {
    let family = if to.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let kind = if transport == Tcp { SockType::Stream } else { SockType::Datagram };
    let socket: OwnedFd = socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?;
    let limit = TimeVal::milliseconds(i64::try_from(PATIENCE.as_millis()).expect("a short time"));
    setsockopt(&socket, sockopt::SendTimeout, &limit)?;
    setsockopt(&socket, sockopt::ReceiveTimeout, &limit)?;
    bind(socket.as_raw_fd(), &SockaddrStorage::from(from))?;
    connect(socket.as_raw_fd(), &SockaddrStorage::from(to))?;
    let mut stream = TcpStream::from(socket);
    let mut text = String::new();
    if transport == Tcp {
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        stream.read_to_string(&mut text)?;
    } else {
        stream.write_all(b"?")?;
        let mut buffer = [0; 512];
        let length = stream.read(&mut buffer)?;
        text = String::from_utf8_lossy(&buffer[..length]).into_owned();
    }
    let body = text.rsplit("\r\n\r\n").next().unwrap_or_default();
    Ok(body.split(' ').next().unwrap_or_default().to_owned())
}

/// Running clients.
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
    fn round(&self) -> Vec<String> {
        let before = self.so_far().len() + 1;
        let begun = Instant::now();
        loop {
            let answers = self.so_far();
            if answers.len() >= before + ROUND {
                return answers[before..before + ROUND].to_vec();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{answers:?}");
            sleep(Duration::from_millis(10));
        }
    }

    /// Checks that both real servers answer.
    #[track_caller]
    fn both(&self, when: &str) {
        let begun = Instant::now();
        loop {
            let round = self.round();
            if count(&round, "rs1") > 0 && count(&round, "rs2") > 0 {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{when}: {round:?}");
        }
    }

    /// Checks that only the second real server answers.
    #[track_caller]
    fn second(&self, when: &str) {
        let round = self.round();
        assert_eq!(count(&round, "rs2"), ROUND, "{when}: {round:?}");
    }

    /// Ends the clients. Returns the number of requests, and those without an answer.
    fn end(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the clients end");
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lost = answers.iter().filter(|it| !["rs1", "rs2"].contains(&it.as_str()));
        (answers.len(), lost.cloned().collect())
    }
}

/// Drains, undrains and removes the first real server of a service under load.
fn nothing_is_lost(family: Family, transport: Transport, options: &str) {
    let site = Site::new(family, transport, options);
    let load = site.load();
    load.both("before");
    let held = (transport == Tcp)
        .then(|| [(); 4].map(|()| open(&site.world.client, site.service, PATIENCE)));
    let expire = ["--persistent", "expire"];
    if let Some(held) = held {
        // One of these connections may be with the first real server, which is then not idle.
        site.succeed("drain", &[&expire[..], &["--detach"]].concat());
        load.second("drained");
        for held in held {
            assert!(held.expect("a connection").ask().answered(), "an open connection goes on");
        }
    }
    let said = site.succeed("drain", &expire);
    assert!(said.contains("idle after "), "{said}");
    load.second("idle");
    site.succeed("undrain", &[]);
    site.new_clients_reach_both();
    let said = site.succeed("drain", &[&expire[..], &["--remove"]].concat());
    assert!(said.contains("removed "), "{said}");
    load.second("removed");
    let (all, lost) = load.end();
    assert_eq!(lost, Vec::<String>::new(), "of {all} requests");
    let rules = site.world.ipvsadm(&["-S", "-n"]);
    assert!(!rules.contains(&site.real[0].to_string()), "{rules}");
    assert!(!rules.contains("-fallback"), "flags are as before: {rules}");
    let template = ["sysctl", "-n", "net.ipv4.vs.expire_quiescent_template"];
    assert_eq!(site.world.director.command(&template, "").trim(), "0");
}

/// The reason for `drain`: weight 0 alone loses requests under this scheduler.
fn weight_zero_loses(scheduler: &str) {
    let site = Site::new(V4, Tcp, &format!("-s {scheduler}"));
    let load = site.load();
    load.both("before");
    site.succeed("set", &["weight=0"]);
    let round = load.round();
    let (_, lost) = load.end();
    assert!(count(&round, "rs2") > 0 && !lost.is_empty(), "{round:?}");
    let all_refused = lost.iter().all(|it| it.contains("refused"));
    assert!(all_refused, "{lost:?}");
}

fn record(family: Family, subject: &str, control: &str) {
    Cell {
        mode: "NAT",
        subject,
        family: (family, family),
        proven: "drain, undrain and drain --remove of a busy real server lose no request",
        control,
    }
    .record();
}

/// Runs every case with IPv4, and one case with IPv6.
fn no_case_loses(scheduler: &str, transport: Transport, control: &str) {
    for (transport, persistence) in [(Tcp, ""), (Tcp, " -p 30"), (Udp, ""), (Udp, " -p 30")] {
        nothing_is_lost(V4, transport, &format!("-s {scheduler}{persistence}"));
    }
    nothing_is_lost(V6, transport, &format!("-s {scheduler}"));
    record(V4, &format!("drain under {scheduler}; TCP and UDP, persistent or not"), control);
    let name = if transport == Tcp { "TCP" } else { "UDP" };
    record(V6, &format!("drain under {scheduler}; {name}"), control);
}

#[test]
fn a_drain_under_wrr_loses_nothing() {
    no_case_loses("wrr", Tcp, "under mh and sh plain weight 0 refuses clients");
}

fn hash(scheduler: &str, transport: Transport) {
    weight_zero_loses(scheduler);
    let control = "plain weight 0: the clients of the real server are refused";
    no_case_loses(scheduler, transport, control);
}

#[test]
fn a_drain_under_mh_loses_nothing_and_weight_zero_refuses_clients() {
    hash("mh", Udp);
}

#[test]
fn a_drain_under_sh_loses_nothing_and_weight_zero_refuses_clients() {
    hash("sh", Tcp);
}

/// Known clients keep coming, so a drain that keeps persistence runs into its deadline; with
/// `--persistent expire` it ends.
#[test]
fn persistence_keeps_its_clients_until_it_expires() {
    let site = Site::new(V4, Tcp, "-s wrr -p 300");
    let load = site.load();
    load.both("before");
    let kept = site.run("drain", &["--timeout", "2"]);
    assert_eq!(kept.status.code(), Some(3), "{kept:?}");
    let said = String::from_utf8_lossy(&kept.stdout).into_owned();
    assert!(said.contains("not idle after "), "{said}");
    assert!(count(&load.round(), "rs1") > 0, "known clients still come");
    let said = site.succeed("drain", &["--persistent", "expire"]);
    assert!(said.contains("idle after "), "{said}");
    load.second("expired");
    let (all, lost) = load.end();
    assert_eq!(lost, Vec::<String>::new(), "of {all} requests");
}

/// The reason why clients use new ports. In a persistent service, the kernel sends a connection
/// from a remembered port to the drained real server again, and drops it once that server is
/// deleted.
#[test]
fn under_persistence_a_used_port_comes_back_to_a_drained_server() {
    for (nodest, drained, removed) in [("0", Some("rs1"), None), ("1", Some("rs2"), Some("rs2"))] {
        let site = Site::new(V4, Tcp, "-s wrr -p 300");
        let parameter = format!("net.ipv4.vs.expire_nodest_conn={nodest}");
        site.world.director.command(&["sysctl", "-q", "-w", &parameter], "");
        let answer = |from| site.world.client.run(|| ask(Tcp, from, site.service)).ok();
        let new = |number| SocketAddr::new(client(V4, number), site.ports.next());
        let clients = (0..CLIENTS).map(new).filter(|it| answer(*it).as_deref() == Some("rs1"));
        let clients: Vec<SocketAddr> = clients.take(2).collect();
        let output = site.run("drain", &["--persistent", "expire"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.contains("uses the port of a finished"), nodest == "0", "{output:?}");
        assert_eq!(answer(clients[0]).as_deref(), drained, "expire_nodest_conn {nodest}");
        site.succeed("drain", &["--persistent", "expire", "--remove"]);
        assert_eq!(answer(clients[1]).as_deref(), removed, "expire_nodest_conn {nodest}");
    }
}

/// The kernel remembers finished connections for two minutes.
#[test]
fn finished_connections_are_waited_for_only_if_asked() {
    let site = Site::new(V4, Tcp, "-s wrr");
    let from = || SocketAddr::new(client(V4, 0), site.ports.next());
    let ask = || site.world.client.run(|| ask(Tcp, from(), site.service)).expect("an answer");
    let answers: Vec<String> = (0..4).map(|_| ask()).collect();
    assert_eq!(count(&answers, "rs1"), 2, "{answers:?}");
    let said = site.succeed("drain", &[]);
    assert!(said.ends_with(": 0 active, 2 inactive, 0 persistent\n"), "{said}");
    let all = site.run("drain", &["--until", "all", "--timeout", "1"]);
    assert_eq!(all.status.code(), Some(3), "{all:?}");
    let said = String::from_utf8_lossy(&all.stdout).into_owned();
    assert!(said.contains(": 0 active, 2 inactive, 0 persistent; about "), "{said}");
}
