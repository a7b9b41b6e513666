//! Prepares hosts for a virtual address, with the program's own verbs or by hand with `ip` and
//! sysctl.

use std::env;
use std::net::IpAddr;

use crate::capture::GUE_PORT;
use crate::host::Host;
use crate::world::{Family, V4, V6, World, alone, vip};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Preparation {
    Program,
    Manual,
}

impl Preparation {
    /// The method that `TRAFFIC_PREPARE` selects.
    pub fn chosen() -> Self {
        match env::var("TRAFFIC_PREPARE").as_deref() {
            Err(_) | Ok("program") => Self::Program,
            Ok("manual") => Self::Manual,
            Ok(other) => panic!("TRAFFIC_PREPARE is {other}: say program or manual"),
        }
    }
}

#[derive(Clone, Copy)]
pub enum Mode {
    Nat,
    Dr(Arp),
    Tun(Tunnel),
}

/// Method that keeps a real server from answering for the virtual address.
#[derive(Clone, Copy)]
pub enum Arp {
    Sysctl,
    Nft,
    Arptables,
    /// None: the front gateway has a permanent entry.
    None,
}

impl Arp {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sysctl => "sysctl",
            Self::Nft => "nft",
            Self::Arptables => "arptables",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Ipip,
    Gre,
    Gue,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checksum {
    No,
    Yes,
    Remote,
}

#[derive(Clone, Copy)]
pub struct Tunnel {
    pub kind: Kind,
    pub checksum: Checksum,
    /// Address family of the outer packets.
    pub outer: Family,
}

impl Tunnel {
    /// Options of `ipvsadm -a` for the tunnel.
    pub fn options(self) -> String {
        let kind = match self.kind {
            Kind::Ipip => return "-i --tun-type ipip".to_owned(),
            Kind::Gre => "gre".to_owned(),
            Kind::Gue => format!("gue --tun-port {GUE_PORT}"),
        };
        let checksum = match self.checksum {
            Checksum::No => "nocsum",
            Checksum::Yes => "csum",
            Checksum::Remote => "remcsum",
        };
        format!("-i --tun-type {kind} --tun-{checksum}")
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_ipvsadm");

/// Prepares the director: adds the virtual address, and enables forwarding for NAT.
pub fn director(world: &World, mode: Mode, family: Family, how: Preparation) {
    let host = &world.director;
    let vip = vip(family);
    match how {
        Preparation::Manual => {
            host.ip(&format!("address add {} dev eth0 {}\n", alone(vip), quiet(family)));
            if matches!(mode, Mode::Nat) {
                host.sysctl("ipv4/conf/all/send_redirects", "0");
                host.sysctl("ipv4/conf/eth0/send_redirects", "0");
                host.sysctl("ipv4/ip_forward", "1");
                host.sysctl("ipv6/conf/all/forwarding", "1");
            }
        }
        Preparation::Program => {
            let mode = match mode {
                Mode::Nat => "nat",
                Mode::Dr(_) => "dr",
                Mode::Tun(_) => "tun",
            };
            run(host, &format!("director prepare --mode {mode} --vip {vip} --iface eth0"));
        }
    }
}

/// Prepares real server `index` for a service of this family.
pub fn real_server(world: &World, index: usize, mode: Mode, family: Family, how: Preparation) {
    let host = &world.real[index];
    match how {
        Preparation::Program => by_program(world, index, mode, family),
        Preparation::Manual => match mode {
            Mode::Nat => {
                let gateway = world.gateway(family);
                host.ip(&format!("route replace default via {gateway}\n"));
            }
            Mode::Dr(arp) => {
                silence(world, index, arp, family);
                host.ip(&format!("address add {} dev lo {}\n", alone(vip(family)), quiet(family)));
            }
            Mode::Tun(tunnel) => {
                silence(world, index, Arp::Sysctl, family);
                let device = tunnel_device(host, tunnel, family, world.rip(index, tunnel.outer));
                host.sysctl(&format!("ipv4/conf/{device}/rp_filter"), "0");
                host.ip(&format!(
                    "link set {device} up\naddress add {} dev {device} {}\n",
                    alone(vip(family)),
                    quiet(family)
                ));
            }
        },
    }
}

pub fn both(world: &World, mode: Mode, family: Family, how: Preparation) {
    for index in 0..2 {
        real_server(world, index, mode, family, how);
    }
}

fn by_program(world: &World, index: usize, mode: Mode, family: Family) {
    let vip = vip(family);
    let spec = match mode {
        Mode::Nat => format!("--mode nat --director {}", world.gateway(family)),
        Mode::Dr(arp) => format!("--mode dr --vip {vip} --arp {}", arp.name()),
        Mode::Tun(tunnel) => {
            let kind = match (tunnel.kind, tunnel.checksum) {
                (Kind::Ipip, _) => "ipip".to_owned(),
                (Kind::Gre, Checksum::No) => "gre".to_owned(),
                (Kind::Gre, _) => "gre:csum".to_owned(),
                (Kind::Gue, _) => format!("gue:{GUE_PORT}"),
            };
            let rip = world.rip(index, tunnel.outer);
            format!("--mode tun --vip {vip} --tunnel {kind} --rip {rip}")
        }
    };
    run(&world.real[index], &format!("rs prepare {spec}"));
}

/// Runs the program with words split at blanks, and returns its output.
pub fn run(host: &Host, words: &str) -> String {
    let words: Vec<&str> = [PROGRAM].into_iter().chain(words.split(' ')).collect();
    host.command(&words, "")
}

/// Arguments of `ip address add` that make an address usable at once, and never a source.
pub fn quiet(family: Family) -> &'static str {
    if family == V4 { "" } else { "nodad preferred_lft 0" }
}

/// Suppresses ARP. IPv6 needs nothing: no host answers for an address of another interface.
fn silence(world: &World, index: usize, arp: Arp, family: Family) {
    if family == V6 {
        return;
    }
    let host = &world.real[index];
    let (vip, rip) = (vip(V4), world.rip(index, V4));
    match arp {
        Arp::Sysctl => {
            host.sysctl("ipv4/conf/all/arp_announce", "2");
            host.sysctl("ipv4/conf/all/arp_ignore", "1");
        }
        Arp::Nft => {
            let rules = format!(
                "table arp lvs {{
                    chain in {{
                        type filter hook input priority 0
                        arp daddr ip {vip} drop
                    }}
                    chain out {{
                        type filter hook output priority 0
                        arp saddr ip {vip} arp saddr ip set {rip}
                    }}
                }}"
            );
            host.command(&["nft", "-f", "-"], &rules);
        }
        Arp::Arptables => {
            let (vip, rip) = (vip.to_string(), rip.to_string());
            let rules: [&[&str]; 2] = [
                &["-A", "INPUT", "-d", &vip, "-j", "DROP"],
                &["-A", "OUTPUT", "-s", &vip, "-j", "mangle", "--mangle-ip-s", &rip],
            ];
            for rule in rules {
                // arptables may use nftables, which the kernel may not support.
                if !host.attempt(&[&["arptables"], rule].concat(), "").status.success() {
                    host.command(&[&["arptables-legacy"], rule].concat(), "");
                }
            }
        }
        Arp::None => {}
    }
}

/// Sets up the interface that unpacks packets, and returns its name.
fn tunnel_device(host: &Host, tunnel: Tunnel, inner: Family, rip: IpAddr) -> &'static str {
    if tunnel.kind == Kind::Gre {
        // The fallback interfaces do not support checksums.
        let device = if tunnel.outer == V4 { "gre" } else { "ip6gre" };
        let checksum = if tunnel.checksum == Checksum::No { "" } else { "icsum" };
        host.ip(&format!("link add lvs type {device} local {rip} {checksum}\n"));
        return "lvs";
    }
    if tunnel.kind == Kind::Gue {
        let family = if tunnel.outer == V4 { "" } else { "-6" };
        host.ip(&format!("fou add port {GUE_PORT} gue {family}\n"));
    }
    match (inner, tunnel.outer) {
        (V4, V4) => "tunl0",
        (V6, V4) => "sit0",
        (V6, V6) => "ip6tnl0",
        (V4, V6) => {
            // `ip link set` cannot change the fallback interface.
            host.command(&["ip", "-6", "tunnel", "change", "ip6tnl0", "mode", "any"], "");
            "ip6tnl0"
        }
    }
}
