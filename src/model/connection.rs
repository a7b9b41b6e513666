//! Entries of the kernel's connection table.

use std::net::IpAddr;

/// The names of states that the kernel prints: for TCP, for UDP, for SCTP, and for templates.
pub const STATES: [&str; 25] = [
    "NONE",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "SYNACK",
    "UDP",
    "INIT1",
    "INIT",
    "C-SENT",
    "C-REPLIED",
    "C-WAIT",
    "COOKIE",
    "C-ECHOED",
    "S-SENT",
    "S-RECEIVED",
    "S-ACK-SENT",
    "REJECTED",
    "CLOSED",
    "ASSURED",
];

/// A connection, or a persistence template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `TCP`, `UDP` or `SCTP`; `IP` for templates of services by firewall mark.
    pub protocol: String,
    /// Address and port of the client. A template has port 0.
    pub client: (IpAddr, u16),
    /// Virtual address and port. A template of a service by mark has the mark in the address.
    pub virtual_server: (IpAddr, u16),
    /// Address and port of the real server.
    pub destination: (IpAddr, u16),
    /// State of the protocol in the words of the kernel, such as `ESTABLISHED`; `NONE` or `ASSURED` for
    /// a template.
    pub state: String,
    /// Seconds until the kernel deletes the entry.
    pub expires: u64,
    /// The persistence engine, and what it read from the packet.
    pub engine: Option<(String, String)>,
}

impl Connection {
    /// Whether this is a persistence template. The kernel prints no flag for them, but only
    /// templates have client port 0 in state `NONE` or `ASSURED` (6.1, 6.12, 7.2).
    pub fn is_template(&self) -> bool {
        self.client.1 == 0 && matches!(self.state.as_str(), "NONE" | "ASSURED")
    }

    /// The firewall mark of a template of a service by mark. The kernel stores it in the first four
    /// bytes of the virtual address.
    pub fn mark(&self) -> Option<u32> {
        (self.protocol == "IP").then(|| match self.virtual_server.0 {
            IpAddr::V4(address) => address.to_bits(),
            IpAddr::V6(address) => {
                let [high, low, ..] = address.segments();
                u32::from(high) << 16 | u32::from(low)
            }
        })
    }
}

#[cfg(test)]
pub(super) fn test_connection(protocol: &str, client: &str, state: &str) -> Connection {
    let endpoint = |text: &str| {
        let endpoint: std::net::SocketAddr = text.parse().unwrap();
        (endpoint.ip(), endpoint.port())
    };
    Connection {
        protocol: protocol.to_owned(),
        client: endpoint(client),
        virtual_server: endpoint("192.0.2.80:80"),
        destination: endpoint("10.0.0.1:80"),
        state: state.to_owned(),
        expires: 60,
        engine: None,
    }
}
