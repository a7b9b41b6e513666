//! The JSON form of connections.

use std::net::IpAddr;

use serde::Serialize;

use crate::model::Connection;

/// A connection. A `client_port` of 0 marks a persistence template.
#[derive(Debug, Serialize)]
pub struct ConnectionFields<'a> {
    protocol: String,
    state: &'a str,
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
    engine: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_data: Option<&'a str>,
}

impl<'a> From<&'a Connection> for ConnectionFields<'a> {
    fn from(connection: &'a Connection) -> Self {
        let (address, port) = connection.virtual_server;
        // Templates of services by firewall mark have the mark in the first four bytes of the
        // address.
        let mark = (connection.protocol == "IP").then_some(match address {
            IpAddr::V4(address) => address.to_bits(),
            IpAddr::V6(address) => {
                let [high, low, ..] = address.segments();
                u32::from(high) << 16 | u32::from(low)
            }
        });
        let engine = connection.engine.as_ref();
        Self {
            protocol: connection.protocol.to_ascii_lowercase(),
            state: &connection.state,
            expires: connection.expires,
            client_address: connection.client.0,
            client_port: connection.client.1,
            virtual_address: mark.is_none().then_some(address),
            virtual_port: mark.is_none().then_some(port),
            fwmark: mark,
            destination_address: connection.destination.0,
            destination_port: connection.destination.1,
            engine: engine.map(|(name, _)| name.as_str()),
            engine_data: engine.map(|(_, data)| data.as_str()),
        }
    }
}
