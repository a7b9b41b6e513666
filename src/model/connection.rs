//! Connections that the director knows.

use std::net::IpAddr;

/// A connection, or a persistence template (client port 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `TCP`, `UDP`, `SCTP`, or `IP` for templates of services by mark.
    pub protocol: String,
    /// The client.
    pub client: (IpAddr, u16),
    /// The virtual address; the mark as an address for templates of services by mark.
    pub virtual_server: (IpAddr, u16),
    /// The real server.
    pub destination: (IpAddr, u16),
    /// The state of the protocol.
    pub state: String,
    /// Seconds until it is forgotten.
    pub expires: u64,
    /// The persistence engine and what it read from the packet.
    pub engine: Option<(String, String)>,
}
