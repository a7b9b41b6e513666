//! Entries of the director's connection table.

use std::net::IpAddr;

/// A connection, or a persistence template (client port 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `TCP`, `UDP` or `SCTP`; `IP` for templates of services by firewall mark.
    pub protocol: String,
    /// Address and port of the client.
    pub client: (IpAddr, u16),
    /// Virtual address and port. For templates of services by firewall mark, the mark as an
    /// address.
    pub virtual_server: (IpAddr, u16),
    /// Address and port of the real server.
    pub destination: (IpAddr, u16),
    /// State of the protocol in the kernel's words, such as `ESTABLISHED`.
    pub state: String,
    /// Seconds until the kernel drops the entry.
    pub expires: u64,
    /// The persistence engine, and the client's identity that it read from the packet.
    pub engine: Option<(String, String)>,
}
