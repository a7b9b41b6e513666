//! How addresses and ports are written.

use std::net::IpAddr;

use super::Protocol;

/// Finds names for numbers.
pub trait Naming {
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
        let port = self.port(port, protocol).unwrap_or_else(|| port.to_string());
        let fits = |host: &String| host.len() + 1 + port.len() <= self.longest();
        let host = self.host(address).filter(fits).unwrap_or_else(|| address.to_string());
        if address.is_ipv6() { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
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
