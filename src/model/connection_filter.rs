//! Selects connections by their endpoints, state, protocol and family.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::connection::Connection;
use crate::model::{Family, Prefix};

/// One end of a connection: a network, with or without a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointFilter {
    network: Prefix,
    port: Option<u16>,
}

/// The text is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected ADDRESS, ADDRESS/LENGTH, ADDRESS:PORT or [IPV6]:PORT")]
pub struct BadEndpoint;

impl EndpointFilter {
    fn matches(&self, (address, port): (IpAddr, u16)) -> bool {
        self.network.contains(address) && self.port.is_none_or(|wanted| wanted == port)
    }
}

impl FromStr for EndpointFilter {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        if let Ok(network) = text.parse() {
            return Ok(Self { network, port: None });
        }
        let endpoint: SocketAddr = text.parse().map_err(|_| BadEndpoint)?;
        let network = endpoint.ip().to_string().parse().map_err(|_| BadEndpoint)?;
        Ok(Self { network, port: Some(endpoint.port()) })
    }
}

/// Conditions on a connection, all of which must hold. An empty list is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionFilter {
    /// The client is one of these.
    pub clients: Vec<EndpointFilter>,
    /// The virtual address and port are one of these.
    pub services: Vec<EndpointFilter>,
    /// The real server is one of these.
    pub servers: Vec<EndpointFilter>,
    /// The state is one of these names, in capitals as the kernel prints them.
    pub states: Vec<String>,
    /// The protocol is one of these, in capitals as the kernel prints them.
    pub protocols: Vec<String>,
    /// The client has an address of this family.
    pub family: Option<Family>,
    /// Persistence templates instead of connections.
    pub templates: bool,
}

impl ConnectionFilter {
    /// Whether all conditions hold.
    pub fn matches(&self, connection: &Connection) -> bool {
        let among = |filters: &[EndpointFilter], endpoint| {
            filters.is_empty() || filters.iter().any(|filter| filter.matches(endpoint))
        };
        let named = |names: &[String], name: &String| names.is_empty() || names.contains(name);
        self.templates == connection.is_template()
            && self.family.is_none_or(|family| family == Family::of(&connection.client.0))
            && named(&self.protocols, &connection.protocol)
            && named(&self.states, &connection.state)
            && among(&self.clients, connection.client)
            && among(&self.services, connection.virtual_server)
            && among(&self.servers, connection.destination)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::connection::test_connection;

    #[test]
    fn an_endpoint_is_a_network_with_or_without_a_port() {
        let rows = [
            ("192.0.2.1", "192.0.2.1:80", true),
            ("192.0.2.1:80", "192.0.2.1:80", true),
            ("192.0.2.1:81", "192.0.2.1:80", false),
            ("192.0.2.0/24", "192.0.2.1:80", true),
            ("[2001:db8::1]:80", "[2001:db8::1]:80", true),
            ("2001:db8::1", "[2001:db8::1]:80", true),
            ("0.0.0.0/0", "[2001:db8::1]:80", false),
        ];
        for (filter, endpoint, matches) in rows {
            let filter: EndpointFilter = filter.parse().unwrap();
            let endpoint: SocketAddr = endpoint.parse().unwrap();
            assert_eq!(filter.matches((endpoint.ip(), endpoint.port())), matches, "{filter:?}");
        }
        for bad in ["", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.0/33", "web", "2001:db8::1:x"] {
            assert_eq!(bad.parse::<EndpointFilter>(), Err(BadEndpoint), "{bad}");
        }
    }

    #[test]
    fn every_condition_must_hold() {
        let connection = test_connection("TCP", "198.51.100.7:4000", "ESTABLISHED");
        let holds = |change: &dyn Fn(&mut ConnectionFilter)| {
            let mut filter = ConnectionFilter::default();
            change(&mut filter);
            filter.matches(&connection)
        };
        assert!(holds(&|_| {}));
        assert!(holds(&|filter| filter.states = vec!["SYN_RECV".into(), "ESTABLISHED".into()]));
        assert!(!holds(&|filter| filter.states = vec!["SYN_RECV".into()]));
        assert!(!holds(&|filter| filter.protocols = vec!["UDP".into()]));
        assert!(!holds(&|filter| filter.family = Some(Family::V6)));
        assert!(!holds(&|filter| filter.templates = true));
        assert!(!holds(&|filter| filter.clients = vec!["198.51.100.8".parse().unwrap()]));
        assert!(!holds(&|filter| filter.servers = vec!["198.51.100.7".parse().unwrap()]));
    }
}
