//! Compares the connection tables of two directors.

use std::collections::HashMap;
use std::net::IpAddr;

use super::connection::Connection;

type Endpoint = (IpAddr, u16);

/// The parts that identify a connection on every director: protocol, client and virtual address. A
/// client can have several templates of a persistence engine, so the engine's data count too.
type Identity = (String, Endpoint, Endpoint, Option<(String, String)>);

/// The connections of one director, to be compared with those of another.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The other director's connections that have not been found here yet, with their real servers.
    others: HashMap<Identity, Endpoint>,
    shares: Shares,
}

/// How many connections two directors have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Connections that both have, with the same real server.
    pub common: u64,
    /// Connections that both have, but with different real servers.
    pub elsewhere: u64,
    /// Connections of this director that the other one lacks.
    pub only_here: u64,
    /// Connections of the other director that this one lacks.
    pub only_there: u64,
}

impl Shares {
    /// Whether both directors have the same connections with the same real servers.
    pub fn are_equal(&self) -> bool {
        (self.elsewhere, self.only_here, self.only_there) == (0, 0, 0)
    }

    /// Number of this director's connections.
    pub fn here(&self) -> u64 {
        self.common + self.elsewhere + self.only_here
    }

    /// Number of the other director's connections.
    pub fn there(&self) -> u64 {
        self.common + self.elsewhere + self.only_there
    }
}

fn identity(connection: &Connection) -> Identity {
    let Connection { protocol, client, virtual_server, engine, .. } = connection;
    (protocol.clone(), *client, *virtual_server, engine.clone())
}

impl Comparison {
    /// Adds a connection of the other director.
    pub fn add_there(&mut self, connection: &Connection) {
        self.others.insert(identity(connection), connection.destination);
    }

    /// Adds a connection of this director, after all of the other one's.
    pub fn add_here(&mut self, connection: &Connection) {
        match self.others.remove(&identity(connection)) {
            Some(server) if server == connection.destination => self.shares.common += 1,
            Some(_) => self.shares.elsewhere += 1,
            None => self.shares.only_here += 1,
        }
    }

    pub fn shares(&self) -> Shares {
        Shares { only_there: self.others.len() as u64, ..self.shares }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::connection::test_connection;

    #[test]
    fn a_connection_with_another_real_server_is_counted_apart() {
        let connection = |port| test_connection("TCP", &format!("198.51.100.7:{port}"), "NONE");
        let mut comparison = Comparison::default();
        for port in 1..=3 {
            comparison.add_there(&connection(port));
        }
        let moved = Connection { destination: ("10.0.0.9".parse().unwrap(), 80), ..connection(3) };
        for here in [connection(2), moved, connection(4), connection(5)] {
            comparison.add_here(&here);
        }
        let shares = comparison.shares();
        assert_eq!(shares, Shares { common: 1, elsewhere: 1, only_here: 2, only_there: 1 });
        assert_eq!((shares.here(), shares.there(), shares.are_equal()), (4, 3, false));
    }

    #[test]
    fn templates_of_an_engine_are_told_apart_by_its_data() {
        let template = |call: &str, server: &str| Connection {
            engine: Some(("sip".to_owned(), call.to_owned())),
            destination: (server.parse().unwrap(), 5060),
            ..test_connection("UDP", "198.51.100.7:0", "NONE")
        };
        let both = [template("a@pc", "10.0.0.1"), template("b@pc", "10.0.0.2")];
        let mut comparison = Comparison::default();
        for template in &both {
            comparison.add_there(template);
        }
        for template in &both {
            comparison.add_here(template);
        }
        assert_eq!(comparison.shares(), Shares { common: 2, ..Shares::default() });
    }
}
