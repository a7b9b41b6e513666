//! The hosts of a load balancing site and their networks:
//!
//! ```text
//! client -- router --+-- director       TwoArm: rs1 and rs2 behind the director
//!                    |                  OneArm, Beside: on the director's own segment
//!                    +-- (rs1, rs2)     Remote: in a third network, behind the router
//! ```

use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Once;

use crate::host::Host;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    V4,
    V6,
}

pub use Family::{V4, V6};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// NAT with two networks: the default route of the real servers is the director.
    TwoArm,
    /// NAT on one network: the default route of the real servers is the director too.
    OneArm,
    /// Direct routing: the default route of the real servers is the router.
    Beside,
    /// Tunnels: the director reaches the real servers through the router.
    Remote,
}

pub struct World {
    pub client: Host,
    pub router: Host,
    pub director: Host,
    pub real: [Host; 2],
    layout: Layout,
    /// Holds the bridges of the networks.
    switch: Host,
}

/// Number of a network, used in its addresses.
#[derive(Clone, Copy)]
enum Net {
    Outside,
    Front,
    Back,
}

fn address(family: Family, net: Net, host: u8) -> IpAddr {
    let text = match (family, net) {
        (V4, Net::Outside) => format!("198.51.100.{host}"),
        (V4, Net::Front) => format!("192.0.2.{host}"),
        (V4, Net::Back) => format!("203.0.113.{host}"),
        (V6, Net::Outside) => format!("2001:db8:c::{host}"),
        (V6, Net::Front) => format!("2001:db8:f::{host}"),
        (V6, Net::Back) => format!("2001:db8:b::{host}"),
    };
    text.parse().expect("an address")
}

/// Virtual address: host 80 of the front network.
pub fn vip(family: Family) -> IpAddr {
    address(family, Net::Front, 80)
}

pub fn vip_port(family: Family, port: u16) -> SocketAddr {
    SocketAddr::new(vip(family), port)
}

pub fn client_address(family: Family) -> IpAddr {
    address(family, Net::Outside, 10)
}

/// The director's own address.
pub fn dip(family: Family) -> IpAddr {
    address(family, Net::Front, 2)
}

/// An address without a host in the real servers' network behind the director.
pub fn nobody(family: Family) -> IpAddr {
    address(family, Net::Back, 99)
}

pub fn router_front(family: Family) -> IpAddr {
    address(family, Net::Front, 1)
}

/// The address with a prefix of /32 or /128.
pub fn alone(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}

/// Loads all modules once, because their fallback interfaces appear in every namespace. A module
/// may be built in; if it is missing, the test that needs it fails.
fn load_modules() {
    static ONCE: Once = Once::new();
    const MODULES: [&str; 10] =
        ["ipv6", "bridge", "veth", "ipip", "sit", "ip6_tunnel", "ip_gre", "ip6_gre", "fou", "fou6"];
    ONCE.call_once(|| {
        let _ = Command::new("modprobe").arg("-aq").args(MODULES).stderr(Stdio::null()).status();
    });
}

impl World {
    pub fn new(layout: Layout) -> Self {
        load_modules();
        let world = Self {
            client: Host::new("client", 10),
            router: Host::new("router", 1),
            director: Host::new("director", 2),
            real: [Host::new("rs1", 11), Host::new("rs2", 12)],
            layout,
            switch: Host::new("switch", 0),
        };
        world.wire();
        world
    }

    fn wire(&self) {
        let mut wires = vec![
            (&self.client, 0, Net::Outside),
            (&self.router, 0, Net::Outside),
            (&self.router, 1, Net::Front),
            (&self.director, 0, Net::Front),
        ];
        let net = self.net();
        wires.extend(self.real.iter().map(|real| (real, 0, net)));
        match self.layout {
            Layout::TwoArm => wires.push((&self.director, 1, net)),
            Layout::Remote => wires.push((&self.router, 2, net)),
            Layout::OneArm | Layout::Beside => {}
        }

        let mut lines = Vec::new();
        for bridge in ["outside", "front", "back"] {
            lines.push(format!("link add {bridge} type bridge\nlink set {bridge} up\n"));
        }
        for (host, interface, net) in &wires {
            let bridge = match net {
                Net::Outside => "outside",
                Net::Front => "front",
                Net::Back => "back",
            };
            let port = format!("{}{interface}", host.name);
            lines.push(format!(
                "link add {port} type veth peer name eth{interface} address {} netns {}\n\
                 link set {port} master {bridge} up\n",
                mac_text(host.mac(*interface)),
                host.path()
            ));
        }
        self.switch.ip(&lines.concat());

        self.router.sysctl("ipv4/ip_forward", "1");
        self.router.sysctl("ipv6/conf/all/forwarding", "1");
        for host in [&self.client, &self.router, &self.director, &self.real[0], &self.real[1]] {
            let mut lines = vec!["link set lo up\n".to_owned()];
            for (_, interface, net) in wires.iter().filter(|(wired, ..)| wired.name == host.name) {
                let number = if net_is_gateway(host, *interface) { 1 } else { host.number };
                lines.push(format!(
                    "link set eth{interface} up\n\
                     address add {}/24 dev eth{interface}\n\
                     address add {}/64 dev eth{interface} nodad\n",
                    address(V4, *net, number),
                    address(V6, *net, number)
                ));
            }
            for family in [V4, V6] {
                let gateway = match host.name {
                    "router" => continue,
                    "client" => address(family, Net::Outside, 1),
                    "director" => router_front(family),
                    _ => self.gateway(family),
                };
                lines.push(format!("route replace default via {gateway}\n"));
            }
            host.ip(&lines.concat());
        }
    }

    fn net(&self) -> Net {
        match self.layout {
            Layout::TwoArm | Layout::Remote => Net::Back,
            Layout::OneArm | Layout::Beside => Net::Front,
        }
    }

    /// Default route of the real servers for this layout.
    pub fn gateway(&self, family: Family) -> IpAddr {
        match self.layout {
            Layout::OneArm => address(family, Net::Front, self.director.number),
            _ => address(family, self.net(), 1),
        }
    }

    /// Address of real server 0 or 1.
    pub fn rip(&self, index: usize, family: Family) -> IpAddr {
        address(family, self.net(), self.real[index].number)
    }

    /// Runs the program under test on the director, and returns its output.
    pub fn ipvsadm(&self, words: &[&str]) -> String {
        let program = env!("CARGO_BIN_EXE_ipvsadm");
        self.director.command(&[&[program], words].concat(), "")
    }

    /// Loads rules with `ipvsadm -R`.
    pub fn rules(&self, lines: &str) {
        let program = env!("CARGO_BIN_EXE_ipvsadm");
        self.director.command(&[program, "-R"], lines);
    }
}

/// Whether the interface has the first address of its network: all interfaces of the router, and
/// the director's second one.
fn net_is_gateway(host: &Host, interface: u8) -> bool {
    host.name == "router" || (host.name == "director" && interface == 1)
}

pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
