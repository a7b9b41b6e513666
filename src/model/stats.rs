//! Counters and rates of services and real servers.

/// Totals since the counters were last zeroed, and rates, which the kernel averages every 2
/// seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections scheduled.
    pub connections: u64,
    /// Packets from clients.
    pub in_packets: u64,
    /// Packets to clients. 0 with direct routing and tunnels, where replies do not pass the
    /// director.
    pub out_packets: u64,
    /// Bytes from clients.
    pub in_bytes: u64,
    /// Bytes to clients; 0 in the same cases as `out_packets`.
    pub out_bytes: u64,
    /// Connections per second.
    pub connection_rate: u64,
    /// Packets per second from clients.
    pub in_packet_rate: u64,
    /// Packets per second to clients; 0 in the same cases as `out_packets`.
    pub out_packet_rate: u64,
    /// Bytes per second from clients.
    pub in_byte_rate: u64,
    /// Bytes per second to clients; 0 in the same cases as `out_packets`.
    pub out_byte_rate: u64,
}
