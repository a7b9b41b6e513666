//! The table as JSON, equal to `ipvsadm -L --json`.

use std::io;

use crate::json::{Counters, DestinationFields, ServiceFields, Style, Writer};
use crate::model::Info;
use crate::output::metrics::Sample;
use crate::output::order;

/// The object as text.
pub fn json(sample: &Sample) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Style::Compact)?;
    if let Some(Info { version: (major, minor, patch), connection_table_size }) = sample.info {
        writer.field("version", &format!("{major}.{minor}.{patch}"))?;
        writer.field("connection_table_size", &connection_table_size)?;
    }
    writer.list("services")?;
    for service in &sample.services {
        let servers = order::destinations(service.servers.clone(), |it| it.destination.key);
        let servers = servers.iter().map(|it| DestinationFields::listed(it, Counters::None));
        let fields = ServiceFields::listed(&service.entry, servers.collect(), Counters::None);
        writer.item(&fields)?;
    }
    writer.end_list()?;
    writer.end()?;
    Ok(out)
}
