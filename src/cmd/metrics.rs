//! `ipvsadm metrics`: prints the table in the text formats of Prometheus.

use std::io::Write;

use crate::cli::MetricsVerb;
use crate::diff::{Limits, plan};
use crate::error::Error;
use crate::netlink::Client;
use crate::output::metrics::{self, Format, Sample, ServiceSample};
use crate::output::order;
use crate::reader::{Columns, Reader};
use crate::system::totals::totals;
use crate::system::{atomic_file, failed};
use crate::transaction::snapshot;

use super::listing::rows;
use super::outcome::unread;
use super::{Session, desired};

/// Prints the metrics. Reads the whole table before it writes the first line.
pub(super) fn run(session: &mut Session<'_>, verb: &MetricsVerb) -> Result<u8, Error> {
    let sample = match sample(session, verb) {
        Ok(sample) => sample,
        Err(error) => return Ok(unread(session, &error)),
    };
    let format = if verb.openmetrics { Format::OpenMetrics } else { Format::Prometheus };
    let text = metrics::text(sample, format).map_err(std::io::Error::other)?;
    match &verb.textfile {
        Some(path) => {
            let path = session.args.path(path);
            atomic_file::replace_foreign(&path, &text).map_err(failed("write", &path))?;
        }
        // The name of an interface may have control characters.
        None => session.listing().write_all(text.as_bytes())?,
    }
    Ok(0)
}

fn sample(session: &mut Session<'_>, verb: &MetricsVerb) -> Result<Sample, Error> {
    let drift = match &verb.against {
        Some(file) => Some(drift(session, file)?),
        None => None,
    };
    let columns = Columns { totals: true, ..Columns::CONFIGURED };
    Ok(Sample { drift, services_only: verb.services_only, ..whole(session.client()?, columns)? })
}

/// Reads the table with these columns.
pub(super) fn whole(client: &mut Client, columns: Columns) -> Result<Sample, Error> {
    let info = client.info()?;
    let mut reader = Reader::open(client, columns)?;
    let mut services = Vec::new();
    for row in rows(&mut reader, true) {
        let Some(entry) = reader.entry(client, row)? else { continue };
        let Some(servers) = reader.servers(client, row)? else { continue };
        let servers = order::destinations(servers, |server| server.destination.key);
        services.push(ServiceSample { entry, servers });
    }
    Ok(Sample {
        totals: totals()?,
        info: Some(info),
        timeouts: Some(client.timeouts()?),
        daemons: client.daemons()?,
        services,
        ..Sample::default()
    })
}

/// Number of changes that `apply` would make to reach the table of `file`.
fn drift(session: &mut Session<'_>, file: &str) -> Result<u64, Error> {
    let limits = Limits::default();
    let after = desired::read(session, file, &limits)?.table;
    let before = snapshot::whole(session.client()?, &after)?;
    Ok(plan(&before, &limits.target(&before, &after)).len() as u64)
}
