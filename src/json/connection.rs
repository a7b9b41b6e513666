//! The JSON form of connections, of counts, and of the comparison of two directors.

use std::borrow::Cow;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::schema::check_schema;
use crate::error::{Error, Rejection};
use crate::model::{Connection, Count, Group, Shares};

/// A connection, or a persistence template (`client_port` 0).
#[derive(Debug, Serialize, Deserialize)]
pub struct ConnectionFields<'a> {
    protocol: String,
    state: Cow<'a, str>,
    expires: u64,
    client_address: IpAddr,
    client_port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fwmark: Option<u32>,
    destination_address: IpAddr,
    destination_port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_data: Option<Cow<'a, str>>,
}

impl<'a> From<&'a Connection> for ConnectionFields<'a> {
    fn from(connection: &'a Connection) -> Self {
        let (address, port) = connection.virtual_server;
        let mark = connection.mark();
        let engine = connection.engine.as_ref();
        Self {
            protocol: connection.protocol.to_ascii_lowercase(),
            state: Cow::Borrowed(&connection.state),
            expires: connection.expires,
            client_address: connection.client.0,
            client_port: connection.client.1,
            virtual_address: mark.is_none().then_some(address),
            virtual_port: mark.is_none().then_some(port),
            fwmark: mark,
            destination_address: connection.destination.0,
            destination_port: connection.destination.1,
            engine: engine.map(|(name, _)| Cow::Borrowed(name.as_str())),
            engine_data: engine.map(|(_, data)| Cow::Borrowed(data.as_str())),
        }
    }
}

impl ConnectionFields<'_> {
    /// The connection; `None` without a virtual address and without a mark.
    fn connection(self) -> Option<Connection> {
        let client = (self.client_address, self.client_port);
        let virtual_server = match (self.virtual_address, self.fwmark) {
            (Some(address), _) => (address, self.virtual_port.unwrap_or(0)),
            // As the kernel stores a mark: in the first four bytes.
            (None, Some(mark)) if client.0.is_ipv4() => (Ipv4Addr::from_bits(mark).into(), 0),
            (None, Some(mark)) => (Ipv6Addr::from_bits(u128::from(mark) << 96).into(), 0),
            (None, None) => return None,
        };
        let data = self.engine_data.unwrap_or_default().into_owned();
        Some(Connection {
            protocol: self.protocol.to_ascii_uppercase(),
            client,
            virtual_server,
            destination: (self.destination_address, self.destination_port),
            state: self.state.into_owned(),
            expires: self.expires,
            engine: self.engine.map(|name| (name.into_owned(), data)),
        })
    }
}

#[derive(Deserialize)]
struct Document {
    schema: u32,
    connections: Vec<ConnectionFields<'static>>,
}

/// Reads the output of `conns --json` or `-L -c --json`.
///
/// # Errors
/// [`Rejection::NoConnections`] if the text is something else; [`Error::Io`] if it cannot be read.
pub fn read(text: impl Read) -> Result<Vec<Connection>, Error> {
    let document: Document = serde_json::from_reader(text).map_err(|error| {
        if error.is_io() {
            Error::Io(error.into())
        } else {
            Rejection::NoConnections(error.to_string()).into()
        }
    })?;
    check_schema(document.schema).map_err(Rejection::NoConnections)?;
    let fields = document.connections.into_iter().enumerate();
    let connections = fields.map(|(number, fields)| {
        fields.connection().ok_or_else(|| {
            let text = format!("connections[{number}]: virtual_address or fwmark is needed");
            Rejection::NoConnections(text).into()
        })
    });
    connections.collect()
}

/// The connections of one client, real server, service or state.
#[derive(Debug, Serialize)]
pub struct CountFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fwmark: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    connections: u64,
    established: u64,
}

impl<'a> CountFields<'a> {
    /// The fields of a group, named as those of a connection.
    pub fn new(group: &'a Group, count: Count) -> Self {
        let mut fields = Self {
            client_address: None,
            destination_address: None,
            destination_port: None,
            protocol: None,
            virtual_address: None,
            virtual_port: None,
            fwmark: None,
            state: None,
            connections: count.connections,
            established: count.established,
        };
        match group {
            Group::Client(address) => fields.client_address = Some(*address),
            Group::Server(address, port) => {
                fields.destination_address = Some(*address);
                fields.destination_port = Some(*port);
            }
            Group::Service(protocol, address, port) => {
                fields.protocol = Some(protocol.to_ascii_lowercase());
                fields.virtual_address = Some(*address);
                fields.virtual_port = Some(*port);
            }
            Group::Fwmark(mark) => fields.fwmark = Some(*mark),
            Group::State(state) => fields.state = Some(state),
        }
        fields
    }
}

/// How many connections two directors have in common.
#[derive(Debug, Serialize)]
pub struct SharesFields {
    here: u64,
    there: u64,
    common: u64,
    only_here: u64,
    only_there: u64,
    other_server: u64,
}

impl From<Shares> for SharesFields {
    fn from(shares: Shares) -> Self {
        Self {
            here: shares.here(),
            there: shares.there(),
            common: shares.common,
            only_here: shares.only_here,
            only_there: shares.only_there,
            other_server: shares.elsewhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let endpoint = |text: &str, port| (text.parse::<IpAddr>().unwrap(), port);
        let v4 = Connection {
            protocol: "UDP".to_owned(),
            client: endpoint("198.51.100.7", 0),
            virtual_server: endpoint("192.0.2.80", 5060),
            destination: endpoint("2001:db8::1", 53),
            state: "ASSURED".to_owned(),
            expires: 57,
            engine: Some(("sip".to_owned(), "a84b@pc33".to_owned())),
        };
        let marked = |client, mark| Connection {
            protocol: "IP".to_owned(),
            client: endpoint(client, 0),
            virtual_server: endpoint(mark, 0),
            engine: None,
            ..v4.clone()
        };
        let all = [v4.clone(), marked("198.51.100.7", "0.0.0.7"), marked("2001:db8::7", "0:7::")];
        let fields: Vec<_> = all.iter().map(ConnectionFields::from).collect();
        let text =
            serde_json::json!({"schema": crate::json::SCHEMA, "connections": fields}).to_string();
        assert_eq!(read(text.as_bytes()).unwrap(), all);
        assert!(text.contains("\"fwmark\":7"), "{text}");
    }
}
