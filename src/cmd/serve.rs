//! `ipvsadm serve`: the table over HTTP.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use crate::cli::ServeVerb;
use crate::drain::Store;
use crate::error::Error;
use crate::netlink::Client;
use crate::output::drain;
use crate::reader::Columns;
use crate::system::capabilities::{Capability, keep_only};
use crate::web::{Guard, Reading, Site, Table, serve};

use super::Session;
use super::metrics::whole;

/// Exit status if the server cannot listen.
const DEAF: u8 = 1;

/// Points of a sparkline: three minutes.
const POINTS: usize = 90;

pub(super) fn run(session: &mut Session<'_>, verb: &ServeVerb) -> Result<u8, Error> {
    let listener = match TcpListener::bind(verb.listen) {
        Ok(listener) => listener,
        Err(source) => return Ok(deaf(session, verb.listen, source)),
    };
    let address = listener.local_addr()?;
    let table = table(session, POINTS)?;
    keep_only(Capability::NetAdmin)?;
    let site = Site::new(Guard::new(&verb.hosts), table, verb.services_only);
    serve(listener, site, || announce(session, address))?;
    Ok(0)
}

fn announce(session: &mut Session<'_>, address: SocketAddr) {
    session.say(&format!("serving http://{address}/ until Ctrl-C or SIGTERM"));
    if !address.ip().is_loopback() {
        let text = "everyone who can reach this address can read the table; no password is \
                    asked for";
        session.hint(&[text.to_owned()]);
    }
}

fn deaf(session: &mut Session<'_>, address: SocketAddr, source: io::Error) -> u8 {
    let remedy = match source.kind() {
        ErrorKind::AddrInUse => "another program uses this port; choose another port with --listen",
        ErrorKind::AddrNotAvailable => "no interface of this host has this address",
        ErrorKind::PermissionDenied => "ports below 1024 need CAP_NET_BIND_SERVICE",
        _ => "give --listen an address of this host and a port",
    };
    let action = format!("listen on {address}");
    session.complain_with(&Error::System { action, source }, vec![remedy.to_owned()]);
    DEAF
}

/// The table, read once to report errors before the server starts.
pub(super) fn table(session: &mut Session<'_>, points: usize) -> Result<Table, Error> {
    let columns = Columns { totals: true, rates: true, ..Columns::CONFIGURED };
    let mut client = Some(session.take_client()?);
    // Later, the program lacks the capabilities that finding the records may need.
    let drains = Store::look().ok();
    let mut read = move || {
        // After an error the connection is opened again: IPVS may have been unloaded and loaded.
        let mut open = client.take().map_or_else(Client::open, Ok)?;
        let sample = whole(&mut open, columns)?;
        client = Some(open);
        let records = drains.as_ref().and_then(|store| store.read().ok()).unwrap_or_default();
        let drains = records.drains.iter().map(drain::record).collect();
        Ok(Reading { sample, drains })
    };
    read()?;
    Ok(Table::new(Box::new(read), points))
}
