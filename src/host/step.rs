//! The steps of a preparation.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::filter;
use crate::model::quote::shell;
use crate::model::{GuePort, NewLink, RouteImage, printable, sysctl_name, write_parameter};

/// One change to a host that can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Load a kernel module. It stays: others may use it meanwhile.
    Module {
        /// The module.
        name: String,
    },
    /// Set a kernel parameter.
    Sysctl {
        /// Its path below `/proc/sys/net`.
        key: String,
        /// Its value.
        value: String,
    },
    /// Make an nftables table for ARP, in one transaction.
    Nft {
        /// The table.
        table: String,
        /// What is in it.
        body: String,
    },
    /// Add arptables rules.
    Arptables {
        /// The program.
        program: String,
        /// The address that they are about.
        vip: IpAddr,
        /// The rules, each without `-A`.
        rules: Vec<String>,
    },
    /// Open a UDP port for generic UDP encapsulation.
    Gue {
        /// The port.
        port: GuePort,
    },
    /// Make an interface.
    Link {
        /// Its name.
        name: String,
        /// What it is.
        link: NewLink,
    },
    /// Set an interface up.
    Up {
        /// The interface.
        device: String,
    },
    /// Add an address with all bits as its prefix.
    Address {
        /// The interface.
        device: String,
        /// The address.
        address: IpAddr,
    },
    /// Tell the neighbours that an address is here.
    Announce {
        /// The interface.
        device: String,
        /// The address.
        address: IpAddr,
    },
    /// Put a default route in the place of another.
    Route {
        /// The new one.
        new: RouteImage,
        /// The one that it replaces, where there is one.
        former: Option<RouteImage>,
        /// What `ip route replace` would be told.
        words: String,
        /// `-6` for IPv6.
        ipv6: bool,
    },
    /// Write a file.
    File {
        /// Where.
        path: String,
        /// What.
        content: String,
    },
    /// Make a symbolic link, as `systemctl enable` does.
    Symlink {
        /// Where.
        path: String,
        /// To what.
        target: String,
    },
}

impl Step {
    /// The same thing is changed by both, perhaps to another value.
    pub fn same_object(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Route { words: a, ipv6: c, .. }, Self::Route { words: b, ipv6: d, .. }) => {
                (a, c) == (b, d)
            }
            (
                Self::Arptables { program: a, vip: c, .. },
                Self::Arptables { program: b, vip: d, .. },
            ) => (a, c) == (b, d),
            (Self::Sysctl { key: a, .. }, Self::Sysctl { key: b, .. })
            | (Self::Link { name: a, .. }, Self::Link { name: b, .. })
            | (Self::Nft { table: a, .. }, Self::Nft { table: b, .. })
            | (Self::File { path: a, .. }, Self::File { path: b, .. }) => a == b,
            _ => self == other,
        }
    }

    /// A host cannot have both: two default routes of one family.
    pub fn excludes(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Route { ipv6: a, .. }, Self::Route { ipv6: b, .. }) if a == b
        ) && !self.same_object(other)
    }

    /// Whether a boot leaves it as it is.
    pub fn outlives_boot(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Symlink { .. })
    }

    /// What is done, for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Module { name } => format!("load module {name}"),
            Self::Sysctl { key, value } => format!("set net/{key} to {value}"),
            Self::Nft { table, .. } => format!("make nftables table arp {table}"),
            Self::Arptables { program, rules, .. } => format!("{program}: {}", rules.join("; ")),
            Self::Gue { port } => {
                format!("unpack GUE at UDP port {} of IPv{}", port.port, version(port.ipv6))
            }
            Self::Link { name, link } => format!("make interface {name}: {}", link.words()),
            Self::Up { device } => format!("set {device} up"),
            Self::Address { device, address } => format!("add {address} to {device}"),
            Self::Announce { device, address } => format!("announce {address} on {device}"),
            Self::Route { words, .. } => format!("route {words}"),
            Self::File { path, .. } => format!("write {path}"),
            Self::Symlink { path, .. } => format!("link {path}"),
        }
    }

    /// The same as commands for a shell that runs with `set -e`. Names of interfaces and files are
    /// quoted: others may have chosen them.
    pub fn shell(&self) -> String {
        match self {
            Self::Module { name } => format!("modprobe {}", shell(name)),
            Self::Sysctl { key, value } => match sysctl_name(key) {
                Some(name) => format!("sysctl -q -w {name}='{value}'"),
                None => write_parameter(key, value),
            },
            Self::Nft { table, body } => {
                format!("nft -f - {}", here_document(&filter::script(table, body)))
            }
            Self::Arptables { program, rules, .. } => {
                let rules = rules.iter().map(|rule| format!("{program} -A {}", words(rule)));
                rules.collect::<Vec<_>>().join("\n")
            }
            Self::Gue { port } => {
                format!("ip fou add port {} gue{}", port.port, if port.ipv6 { " -6" } else { "" })
            }
            Self::Link { name, link } => {
                format!("ip link add {} type {}", shell(name), link.words())
            }
            Self::Up { device } => format!("ip link set dev {} up", shell(device)),
            Self::Address { device, address: IpAddr::V4(address) } => {
                format!("ip address add {address}/32 dev {}", shell(device))
            }
            Self::Address { device, address } => {
                let device = shell(device);
                format!("ip -6 address add {address}/128 dev {device} nodad preferred_lft 0")
            }
            Self::Announce { device, address: IpAddr::V4(address) } => {
                let device = shell(device);
                format!("arping -q -U -c 3 -I {device} {address} || {}", unheard(address))
            }
            Self::Announce { device, address } => {
                format!("ndsend {address} {} || {}", shell(device), unheard(address))
            }
            Self::Route { words: route, ipv6, .. } => {
                format!("ip -{} route replace {}", version(*ipv6), words(route))
            }
            Self::File { path, content } => {
                format!("{}cat >{} {}", make_parent(path), shell(path), here_document(content))
            }
            Self::Symlink { path, target } => {
                format!("{}ln -s {} {}", make_parent(path), shell(target), shell(path))
            }
        }
    }
}

/// Words with a blank between them, which the kernel allows in no name of an interface.
fn words(text: &str) -> String {
    text.split(' ').map(shell).collect::<Vec<_>>().join(" ")
}

/// Text as the input of a command, with a last line that the text does not have.
fn here_document(text: &str) -> String {
    let mut end = "END".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    format!("<<'{end}'\n{text}{end}")
}

fn version(ipv6: bool) -> u8 {
    if ipv6 { 6 } else { 4 }
}

/// The address works all the same, once the neighbours ask for it again.
fn unheard(address: impl std::fmt::Display) -> String {
    format!("echo 'not announced: {address}' >&2")
}

/// A line that makes the folder of a file.
fn make_parent(path: &str) -> String {
    let folder = path.rsplit_once('/').map(|(folder, _)| shell(folder));
    folder.map(|folder| format!("mkdir -p {folder}\n")).unwrap_or_default()
}

/// The steps as a script for hosts without this program, and what else there is to know.
pub fn script<'a>(steps: impl IntoIterator<Item = &'a Step>, notes: &[String]) -> String {
    let mut text = "#!/bin/sh\nset -e\n".to_owned();
    // A comment ends with its line, whatever it quotes.
    for step in steps {
        let _ = write!(text, "\n# {}\n{}\n", printable(&step.describe()), step.shell());
    }
    for note in notes {
        let _ = write!(text, "\n# {}\n", printable(note));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sysctl_names_keep_dots_of_interfaces() {
        let step = Step::Sysctl { key: "ipv4/conf/eth0.10/arp_ignore".into(), value: "1".into() };
        assert_eq!(step.shell(), "sysctl -q -w net.ipv4.conf.eth0/10.arp_ignore='1'");
    }

    #[test]
    fn a_script_makes_the_folders_of_its_files() {
        let path = "/etc/modules-load.d/x.conf".to_owned();
        let file = Step::File { path: path.clone(), content: "dummy\n".to_owned() };
        assert!(
            file.shell().starts_with("mkdir -p /etc/modules-load.d\ncat >/etc/modules-load.d/")
        );
        let link = Step::Symlink { path, target: "/x".to_owned() };
        assert!(link.shell().starts_with("mkdir -p /etc/modules-load.d\nln -s /x "));
    }

    #[test]
    fn names_that_others_chose_are_never_run() {
        let name = "$(id>&2)".to_owned();
        let key = format!("ipv4/conf/{name}/arp_ignore");
        let address = "192.0.2.1".parse().unwrap();
        for (step, command) in [
            (Step::Up { device: name.clone() }, "ip link set dev '$(id>&2)' up"),
            (
                Step::Address { device: name.clone(), address },
                "ip address add 192.0.2.1/32 dev '$(id>&2)'",
            ),
            (
                Step::Sysctl { key, value: "1".to_owned() },
                "echo 1 >'/proc/sys/net/ipv4/conf/$(id>&2)/arp_ignore'",
            ),
            (
                Step::Arptables {
                    program: "arptables".to_owned(),
                    vip: address,
                    rules: vec![format!("INPUT -i {name} -d 192.0.2.1 -j DROP")],
                },
                "arptables -A INPUT -i '$(id>&2)' -d 192.0.2.1 -j DROP",
            ),
        ] {
            assert_eq!(step.shell(), command);
        }
    }

    #[test]
    fn text_with_the_end_of_a_here_document_stays_text() {
        assert_eq!(here_document("a\nEND\nb\n"), "<<'END_'\na\nEND\nb\nEND_");
    }

    #[test]
    fn a_step_comes_back_from_the_state_file() {
        let step = Step::Address { device: "lo".into(), address: "192.0.2.1".parse().unwrap() };
        let text = serde_json::to_string(&step).unwrap();
        assert_eq!(serde_json::from_str::<Step>(&text).unwrap(), step);
    }
}
