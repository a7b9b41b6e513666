//! `rs status` reports problems.

use std::net::UdpSocket;
use std::time::Duration;

use crate::support::{Lan, VIP, inside, text, within};

/// The line of the only problem, and the line with its remedy; the exit status must be 1.
fn wrong(lan: &Lan, spec: &str) -> String {
    let output = lan.ipvsadm(&format!("rs status --vip {VIP} {spec}"));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{spec}: {said}");
    let mut lines = said.lines().skip_while(|line| !line.starts_with("WRONG"));
    let (Some(line), Some(fix)) = (lines.next(), lines.next()) else { panic!("{spec}: {said}") };
    assert!(fix.starts_with("fix:     ") || fix.starts_with("hint:    "), "{spec}: {said}");
    format!("{line}\n{fix}")
}

pub fn says(lan: &Lan, spec: &str, words: &str) {
    let line = wrong(lan, spec);
    assert!(line.contains(words), "{spec}: {line}");
}

#[test]
fn arp_none_prints_a_note_about_the_gateway() {
    let lan = Lan::new();
    let spec = format!("--vip {VIP} --mode dr --arp none");
    for verb in ["prepare", "status"] {
        let said = lan.ok(&format!("rs {verb} {spec}"));
        assert!(said.contains("note     --arp none: "), "{said}");
    }
    assert!(lan.ok("rs status").contains("note     --arp none: "));
}

/// An address on `lo` alone is not enough for a tunnelling director.
#[test]
fn a_missing_tunnel_is_reported() {
    let lan = Lan::with_fallbacks();
    lan.rs("sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2");
    lan.rs(&format!("ip address add {VIP}/32 dev lo"));
    let foreign = "no interface unpacks ipip packets\nhint:    another program than";
    says(&lan, "--mode tun", foreign);
    says(&lan, "--mode tun", "run: ipvsadm rs prepare --mode tun");
    says(&lan, "--mode tun --tunnel gre", "no interface unpacks gre packets");
    says(&lan, "--mode tun --tunnel gue:5555", "UDP port 5555 does not unpack GUE");
    lan.rs("ip fou add port 5555 gue");
    says(&lan, "--mode tun --tunnel gue:5555", "no interface unpacks ipip packets");
    lan.rs("ip link set tunl0 up");
    lan.ok(&format!("rs status --vip {VIP} --mode tun"));
    lan.ok(&format!("rs status --vip {VIP} --mode tun --tunnel gue:5555"));
}

#[test]
fn a_tunnel_set_down_is_reported() {
    let lan = Lan::new();
    lan.ok(&format!("rs prepare --vip {VIP} --mode tun --dev lo"));
    lan.rs("ip link set ipvs-ipip down");
    says(&lan, "--mode tun --dev lo", "ipvs-ipip is down and unpacks nothing");
    lan.ok(&format!("rs prepare --vip {VIP} --mode tun --dev lo"));
    lan.ok("rs status");
}

/// Time limit for a request that must arrive, and waiting time for one that must not.
const PATIENCE: Duration = Duration::from_secs(60);
const DOUBT: Duration = Duration::from_millis(500);

/// Whether a tunnelled request of the neighbour reaches a service on the real server within a time.
fn arrives(lan: &Lan, limit: Duration) -> bool {
    let service = inside(&lan.rs, || UdpSocket::bind("0.0.0.0:7").unwrap());
    service.set_read_timeout(Some(limit)).unwrap();
    let client = inside(&lan.neighbour, || UdpSocket::bind("10.0.0.1:0").unwrap());
    client.send_to(b"?", (VIP, 7)).unwrap();
    service.recv_from(&mut [0]).is_ok_and(|(_, from)| from == client.local_addr().unwrap())
}

/// Makes the neighbour send requests for the virtual address through a tunnel, as a director does.
fn wrap(lan: &Lan) {
    for command in [
        "ip link add wrap type ipip local 10.0.0.1 remote 10.0.0.2",
        "ip link set wrap up",
        "ip route add 10.0.0.80 dev wrap",
        "sysctl -q -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.v1.rp_filter=0",
    ] {
        within(&lan.neighbour, command);
    }
}

#[test]
fn a_tunnel_without_an_address_passes_no_reverse_path_filter() {
    for home in ["lo", "ipvs0"] {
        let lan = Lan::new();
        wrap(&lan);
        // systemd's default for new interfaces.
        lan.rs("sysctl -q -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=2");
        let spec = format!("--mode tun --dev {home}");
        assert!(!arrives(&lan, DOUBT), "nobody has the address yet");
        lan.ok(&format!("rs prepare --vip {VIP} {spec}"));
        assert!(arrives(&lan, PATIENCE), "{spec}");
        lan.ok(&format!("rs status --vip {VIP} {spec}"));
        for (culprit, value) in [("all", 2), ("ipvs-ipip", 2), ("all", 1)] {
            let key = format!("net.ipv4.conf.{culprit}.rp_filter");
            lan.rs(&format!("sysctl -q -w {key}={value}"));
            assert!(!arrives(&lan, DOUBT), "{spec} with {key} {value}");
            says(&lan, &spec, "ipvs-ipip drops the packets that it has unpacked");
            if value == 2 {
                let fix = format!("ip netns exec {} sysctl -w {key}=0", lan.rs);
                // If only the interface's value is wrong, `prepare` sets it and records it.
                let prepare = "fix:     ipvsadm rs prepare --mode tun";
                says(&lan, &spec, if culprit == "all" { &fix } else { prepare });
            }
            lan.rs(&format!("sysctl -q -w {key}=0"));
            assert!(arrives(&lan, PATIENCE), "{spec} with {key} 0");
        }
    }
}

/// If the tunnel has the address, loose filtering passes packets, whatever `all` is.
#[test]
fn a_tunnel_with_the_address_passes_the_loose_filter() {
    for all in [1, 2] {
        let lan = Lan::new();
        wrap(&lan);
        lan.rs(&format!("sysctl -q -w net.ipv4.conf.all.rp_filter={all}"));
        lan.ok(&format!("rs prepare --vip {VIP} --mode tun"));
        assert!(arrives(&lan, PATIENCE), "all.rp_filter {all}");
        lan.ok(&format!("rs status --vip {VIP} --mode tun"));
    }
}
