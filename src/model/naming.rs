//! How addresses and ports are written.

use std::fmt::Write;
use std::net::IpAddr;

use super::Protocol;

/// Finds names for numbers.
pub trait Naming {
    /// Looks up the names of many hosts at once, before they are asked for one by one.
    fn prepare(&self, _: &mut dyn Iterator<Item = IpAddr>) {}

    /// The name of a host.
    fn host(&self, address: IpAddr) -> Option<String>;
    /// The name of a port.
    fn port(&self, port: u16, protocol: Protocol) -> Option<String>;

    /// The longest `HOST:PORT` with the name of a host.
    fn longest(&self) -> usize {
        usize::MAX
    }

    /// `ADDRESS:PORT`, with IPv6 addresses in brackets.
    fn endpoint(&self, address: IpAddr, port: u16, protocol: Protocol) -> String {
        let mut text = String::new();
        self.push_endpoint(&mut text, address, port, protocol);
        text
    }

    /// Adds [`Self::endpoint`] to `text`.
    fn push_endpoint(&self, text: &mut String, address: IpAddr, port: u16, protocol: Protocol) {
        let mut digits = itoa::Buffer::new();
        let name = self.port(port, protocol);
        let port = name.as_deref().unwrap_or_else(|| digits.format(port));
        let fits = |host: &String| host.len() + 1 + port.len() <= self.longest();
        let host = self.host(address).filter(fits);
        let [open, close] = if address.is_ipv6() { ["[", "]:"] } else { ["", ":"] };
        text.push_str(open);
        match host {
            Some(name) => text.push_str(&name),
            None => push_address(text, address),
        }
        text.push_str(close);
        text.push_str(port);
    }
}

fn push_address(text: &mut String, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let [first, rest @ ..] = address.octets();
            text.push_str(itoa::Buffer::new().format(first));
            for octet in rest {
                text.push('.');
                text.push_str(itoa::Buffer::new().format(octet));
            }
        }
        // Writing to a String cannot fail.
        IpAddr::V6(address) => drop(write!(text, "{address}")),
    }
}

/// Knows no names: everything is written in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers;

impl Naming for Numbers {
    fn host(&self, _: IpAddr) -> Option<String> {
        None
    }

    fn port(&self, _: u16, _: Protocol) -> Option<String> {
        None
    }
}
