//! Counts connections by client, real server, service or state.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::connection::Connection;

/// Criterion by which connections are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The address of the client.
    Client,
    /// Address and port of the real server.
    Server,
    /// Protocol, virtual address and virtual port; the mark of a template of a service by mark.
    Service,
    State,
}

/// The common property of a group's connections. Sorts by address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Address of the client.
    Client(IpAddr),
    /// Address and port of the real server.
    Server(IpAddr, u16),
    /// Protocol, virtual address and virtual port.
    Service(String, IpAddr, u16),
    /// Mark of a service by mark, which only templates show.
    Fwmark(u32),
    /// Name of the state.
    State(String),
}

impl By {
    fn group(self, connection: &Connection) -> Group {
        match self {
            Self::Client => Group::Client(connection.client.0),
            Self::Server => Group::Server(connection.destination.0, connection.destination.1),
            Self::State => Group::State(connection.state.clone()),
            Self::Service => {
                let (address, port) = connection.virtual_server;
                let by_address = || Group::Service(connection.protocol.clone(), address, port);
                connection.mark().map_or_else(by_address, Group::Fwmark)
            }
        }
    }
}

/// For people: `TCP 192.0.2.80:80`, `fwmark 7`, `[2001:db8::1]:80`.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(address) => write!(f, "{address}"),
            Self::Server(address, port) => write!(f, "{}", SocketAddr::new(*address, *port)),
            Self::Service(protocol, address, port) => {
                write!(f, "{protocol} {}", SocketAddr::new(*address, *port))
            }
            Self::Fwmark(mark) => write!(f, "fwmark {mark}"),
            Self::State(state) => f.write_str(state),
        }
    }
}

/// Size of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Connections in any state.
    pub connections: u64,
    /// Connections in state `ESTABLISHED`.
    pub established: u64,
}

/// Counts, one for each group. Memory grows with the number of groups, not of connections.
#[derive(Debug)]
pub struct Groups {
    by: By,
    counts: HashMap<Group, Count>,
    /// Sum of all groups.
    pub total: Count,
}

impl Groups {
    /// No connection has been counted yet.
    pub fn new(by: By) -> Self {
        Self { by, counts: HashMap::new(), total: Count::default() }
    }

    pub fn add(&mut self, connection: &Connection) {
        let established = u64::from(connection.state == "ESTABLISHED");
        let group = self.counts.entry(self.by.group(connection)).or_default();
        for count in [group, &mut self.total] {
            count.connections += 1;
            count.established += established;
        }
    }

    /// The groups, the largest first; equal ones in the order of their addresses.
    pub fn largest_first(self) -> Vec<(Group, Count)> {
        let mut groups: Vec<_> = self.counts.into_iter().collect();
        groups.sort_unstable_by(|(a, count_a), (b, count_b)| {
            (Reverse(count_a.connections), a).cmp(&(Reverse(count_b.connections), b))
        });
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::connection::test_connection;

    #[test]
    fn the_largest_group_comes_first() {
        let mut groups = Groups::new(By::Client);
        for (client, state) in [
            ("198.51.100.9:1", "ESTABLISHED"),
            ("198.51.100.7:1", "ESTABLISHED"),
            ("198.51.100.8:1", "TIME_WAIT"),
            ("198.51.100.8:2", "ESTABLISHED"),
        ] {
            groups.add(&test_connection("TCP", client, state));
        }
        assert_eq!(groups.total, Count { connections: 4, established: 3 });
        let groups = groups.largest_first();
        let names: Vec<String> = groups.iter().map(|(group, _)| group.to_string()).collect();
        assert_eq!(names, ["198.51.100.8", "198.51.100.7", "198.51.100.9"]);
        assert_eq!(groups[0].1, Count { connections: 2, established: 1 });
    }
}
