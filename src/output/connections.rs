//! The listing of connections (`-L -c`).

use std::io;

use crate::model::{Connection, Naming, Protocol};

/// Writes the two header lines.
pub fn title(out: &mut dyn io::Write, engine: bool) -> io::Result<()> {
    writeln!(out, "IPVS connection entries")?;
    write!(out, "pro expire {:<11} {:<18} {:<18} ", "state", "source", "virtual")?;
    if engine {
        writeln!(out, "{:<18} {:<16} pe_data", "destination", "pe name")
    } else {
        writeln!(out, "destination")
    }
}

/// Writes the line of a connection.
pub fn connection(
    out: &mut dyn io::Write,
    connection: &Connection,
    engine: bool,
    naming: &dyn Naming,
) -> io::Result<()> {
    let protocol = match connection.protocol.as_str() {
        "TCP" => Protocol::Tcp,
        "UDP" => Protocol::Udp,
        "SCTP" => Protocol::Sctp,
        _ => Protocol::Other(0),
    };
    let text = |(address, port)| naming.endpoint(address, port, protocol);
    let expires = format!("{:02}:{:02}", connection.expires / 60, connection.expires % 60);
    write!(
        out,
        "{:<3} {expires:<6} {:<11} {:<18} {:<18} ",
        connection.protocol,
        connection.state,
        text(connection.client),
        text(connection.virtual_server),
    )?;
    let destination = text(connection.destination);
    match &connection.engine {
        Some((name, data)) if engine => writeln!(out, "{destination:<16} {name:<18} {data}"),
        _ => writeln!(out, "{destination}"),
    }
}
