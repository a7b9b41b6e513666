//! Who answers for the virtual address, as seen by a neighbour that asks all the time.

use std::io::Write;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{Lan, VIP, inside, within};

const LISTENER: &str = include_str!("neighbour.py");

/// Asks for the virtual address repeatedly, and counts answers and announcements.
struct Neighbour(Child);

impl Neighbour {
    fn new(lan: &Lan, vip: &str) -> Self {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &lan.neighbour, "python3", "-c", LISTENER, "v1", vip])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ip and python3 are needed");
        let mut ready = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
        Self(child)
    }

    /// Number of requests sent, and of answers and announcements received. Waits until there are at
    /// least this many of both.
    fn stop(mut self, asked: u32, heard: u32) -> (u32, u32) {
        let line = format!("{asked} {heard}\n");
        self.0.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        let output = self.0.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<u32> = text.split_whitespace().map(|it| it.parse().unwrap()).collect();
        (numbers[0], numbers[1])
    }
}

/// Makes the real server ask for its neighbour with the virtual address as source.
fn speak(lan: &Lan, vip: &str) {
    lan.rs("ip neighbour flush dev v0");
    let to = if vip.contains(':') { "2001:db8::1" } else { "10.0.0.1" };
    send(&lan.rs, vip, to);
    sleep(Duration::from_millis(100));
}

fn send(host: &str, from: &str, to: &str) {
    inside(host, || UdpSocket::bind((from, 0)).unwrap().send_to(b"x", (to, 9)).unwrap());
}

#[test]
fn an_unprepared_real_server_answers_arp() {
    let lan = Lan::new();
    let neighbour = Neighbour::new(&lan, VIP);
    lan.rs(&format!("ip address add {VIP}/32 dev lo"));
    speak(&lan, VIP);
    let (asked, heard) = neighbour.stop(1, 2);
    assert!(asked > 0 && heard > 1, "{asked} questions, {heard} answers");
}

#[test]
fn a_prepared_real_server_never_answers_arp() {
    for spec in [
        "--mode dr",
        "--mode dr --dev ipvs0",
        "--mode dr --iface v0",
        "--mode tun",
        "--mode tun --dev lo --tunnel gue",
    ] {
        nobody_hears(spec);
    }
}

/// Checks that the real server sends no ARP answer or announcement before, during and after
/// `prepare`.
pub fn nobody_hears(spec: &str) {
    let lan = Lan::new();
    let neighbour = Neighbour::new(&lan, VIP);
    lan.ok(&format!("rs prepare --vip {VIP} {spec}"));
    speak(&lan, VIP);
    lan.ok("rs undo");
    let (asked, heard) = neighbour.stop(21, 0);
    assert!(asked > 20, "{spec}: only {asked} questions");
    assert_eq!(heard, 0, "{spec}: answers or announcements to {asked} questions");
}

/// With `--arp none` others must suppress ARP, which nobody does here.
#[test]
fn arp_none_does_not_suppress_arp() {
    let lan = Lan::new();
    let neighbour = Neighbour::new(&lan, VIP);
    lan.ok(&format!("rs prepare --mode dr --vip {VIP} --arp none"));
    speak(&lan, VIP);
    assert!(neighbour.stop(1, 2).1 > 1);
}

/// For IPv6, the kernel answers only on the interface of the address, so never for one on lo.
#[test]
fn an_ipv6_address_is_answered_on_ethernet_but_not_on_lo() {
    let lan = Lan::new();
    lan.ok("rs prepare --mode dr --vip 2001:db8::80");
    within(&lan.neighbour, "ip -6 neighbour flush all");
    // The kernel asks three times, a second apart, before it gives up.
    let ask = || {
        send(&lan.neighbour, "::", "2001:db8::80");
        let begun = Instant::now();
        loop {
            let known = within(&lan.neighbour, "ip -6 neighbour show");
            let mut rows = known.lines().filter(|row| row.starts_with("2001:db8::80 dev v1"));
            if rows.any(|row| row.contains("lladdr") || row.contains("FAILED")) {
                return known;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "it did not ask: {known}");
            sleep(Duration::from_millis(50));
        }
    };
    let silent = ask();
    assert!(!silent.contains("2001:db8::80 dev v1 lladdr"), "{silent}");
    lan.ok("rs undo");
    lan.rs("ip address add 2001:db8::80/128 dev v0 nodad");
    within(&lan.neighbour, "ip -6 neighbour flush all");
    let loud = ask();
    assert!(loud.contains("2001:db8::80 dev v1 lladdr"), "{loud}");
}
