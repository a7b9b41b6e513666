//! The listing of connections (`-L -c`).

use std::io;

use crate::model::{Connection, Naming, Protocol};

use super::line::Line;

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
    let mut line = Line::new();
    let place = line.place();
    line.push(&connection.protocol).pad(place, 3).push(" ");
    let place = line.place();
    two_digits(&mut line, connection.expires / 60).push(":");
    two_digits(&mut line, connection.expires % 60).pad(place, 6);
    line.left(&connection.state, 11);
    for (address, port) in [connection.client, connection.virtual_server] {
        let place = line.push(" ").place();
        line.with(|text| naming.push_endpoint(text, address, port, protocol)).pad(place, 18);
    }
    let (address, port) = connection.destination;
    let place = line.push(" ").place();
    line.with(|text| naming.push_endpoint(text, address, port, protocol));
    if let Some((name, data)) = &connection.engine
        && engine
    {
        line.pad(place, 16).left(name, 18).push(" ").push(data);
    }
    line.end(out)
}

fn two_digits(line: &mut Line, number: u64) -> &mut Line {
    if number < 10 {
        line.push("0");
    }
    line.number(number)
}
