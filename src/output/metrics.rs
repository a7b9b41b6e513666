//! Metrics in the text formats of Prometheus and `OpenMetrics`.
//!
//! The tables below define the metrics. The manual page is generated from them.

pub mod watch;

use std::fmt;
use std::net::IpAddr;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::model::{
    Daemon, DestinationEntry, Family, Info, ServiceEntry, ServiceKey, Stats, Timeouts,
};

/// The values from which the metrics are computed.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Counters of all services together, deleted ones included.
    pub totals: Stats,
    /// The version of IPVS, and the size of its connection table.
    pub info: Option<Info>,
    /// The time-outs of the table.
    pub timeouts: Option<Timeouts>,
    /// The sync daemons that run.
    pub daemons: Vec<Daemon>,
    /// The services with their real servers.
    pub services: Vec<ServiceSample>,
    /// Number of differences from the file of `--against`.
    pub drift: Option<u64>,
    /// Leave out the metrics of real servers.
    pub services_only: bool,
}

/// A service with its real servers.
#[derive(Clone, Debug)]
pub struct ServiceSample {
    /// Configuration and counters, as the kernel reports them.
    pub entry: ServiceEntry,
    /// Its real servers.
    pub servers: Vec<DestinationEntry>,
}

/// Whether a metric only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The value grows until the kernel's counters are set to zero. The name ends with `_total`.
    Counter,
    /// The value goes up and down.
    Gauge,
}

/// A metric whose value comes from a `T`.
pub struct Metric<T> {
    /// The name, for a counter without `_total`.
    pub name: &'static str,
    /// Help text: what the metric counts, and the unit.
    pub help: &'static str,
    /// Counter or gauge.
    pub kind: Kind,
    /// Computes the value. `None` leaves the line out.
    value: fn(&T) -> Option<u64>,
}

const fn counter<T>(
    name: &'static str,
    help: &'static str,
    value: fn(&T) -> Option<u64>,
) -> Metric<T> {
    Metric { name, help, kind: Kind::Counter, value }
}

const fn gauge<T>(
    name: &'static str,
    help: &'static str,
    value: fn(&T) -> Option<u64>,
) -> Metric<T> {
    Metric { name, help, kind: Kind::Gauge, value }
}

/// Metrics of the director. They have no labels.
pub const DIRECTOR: [Metric<Sample>; 13] = [
    gauge("ipvs_up", "1 if the table could be read.", |_| Some(1)),
    counter("ipvs_connections", "Connections of all services.", |it| Some(it.totals.connections)),
    counter("ipvs_incoming_packets", "Packets from clients.", |it| Some(it.totals.in_packets)),
    counter(
        "ipvs_outgoing_packets",
        "Packets to clients, as far as they pass through the director.",
        |it| Some(it.totals.out_packets),
    ),
    counter("ipvs_incoming_bytes", "Bytes from clients.", |it| Some(it.totals.in_bytes)),
    counter(
        "ipvs_outgoing_bytes",
        "Bytes to clients, as far as they pass through the director.",
        |it| Some(it.totals.out_bytes),
    ),
    gauge("ipvs_services", "Number of services.", |it| Some(it.services.len() as u64)),
    gauge("ipvs_connection_table_buckets", "Number of buckets of the connection table.", |it| {
        it.info.map(|info| u64::from(info.connection_table_size))
    }),
    gauge(
        "ipvs_connection_table_entries",
        "Connections and persistence templates of all real servers in the table.",
        |it| {
            let servers = it.services.iter().flat_map(|service| &service.servers);
            Some(servers.map(|it| known(it) + u64::from(it.persistent)).sum())
        },
    ),
    gauge("ipvs_timeout_tcp_seconds", "Time-out of an idle TCP connection.", |it| {
        it.timeouts.map(|timeouts| timeouts.tcp.into())
    }),
    gauge("ipvs_timeout_tcp_fin_seconds", "Time-out of a TCP connection after a FIN.", |it| {
        it.timeouts.map(|timeouts| timeouts.tcp_fin.into())
    }),
    gauge("ipvs_timeout_udp_seconds", "Time-out of a UDP client after its last packet.", |it| {
        it.timeouts.map(|timeouts| timeouts.udp.into())
    }),
    gauge("ipvs_drift_changes", "Differences between the table and the file of --against.", |it| {
        it.drift
    }),
];

/// Metrics of each service. Labels: `family`, `protocol`, and `address` with `port`, or `fwmark`.
pub const SERVICE: [Metric<ServiceSample>; 9] = [
    counter("ipvs_service_connections", "Connections of the service.", |it| {
        Some(it.entry.stats.connections)
    }),
    counter("ipvs_service_incoming_packets", "Packets from clients to the service.", |it| {
        Some(it.entry.stats.in_packets)
    }),
    counter("ipvs_service_outgoing_packets", "Packets from the service to clients.", |it| {
        Some(it.entry.stats.out_packets)
    }),
    counter("ipvs_service_incoming_bytes", "Bytes from clients to the service.", |it| {
        Some(it.entry.stats.in_bytes)
    }),
    counter("ipvs_service_outgoing_bytes", "Bytes from the service to clients.", |it| {
        Some(it.entry.stats.out_bytes)
    }),
    gauge("ipvs_service_servers", "Number of real servers of the service.", |it| {
        Some(it.servers.len() as u64)
    }),
    gauge(
        "ipvs_service_servers_up",
        "Number of real servers with a weight and below their upper threshold.",
        |it| Some(it.servers.iter().filter(|server| is_up(server)).count() as u64),
    ),
    gauge("ipvs_service_weight", "Sum of the weights of the real servers.", |it| {
        Some(it.servers.iter().map(|server| u64::from(server.destination.weight)).sum())
    }),
    gauge(
        "ipvs_service_persistence_seconds",
        "How long persistence keeps a client on its real server.",
        |it| it.entry.service.persistence.map(|persistence| persistence.timeout.into()),
    ),
];

/// Metrics of each real server. Labels: those of its service, `server_address` and `server_port`.
pub const SERVER: [Metric<DestinationEntry>; 13] = [
    counter("ipvs_server_connections", "Connections of the real server.", |it| {
        Some(it.stats.connections)
    }),
    counter("ipvs_server_incoming_packets", "Packets from clients to the real server.", |it| {
        Some(it.stats.in_packets)
    }),
    counter("ipvs_server_outgoing_packets", "Packets from the real server to clients.", |it| {
        Some(it.stats.out_packets)
    }),
    counter("ipvs_server_incoming_bytes", "Bytes from clients to the real server.", |it| {
        Some(it.stats.in_bytes)
    }),
    counter("ipvs_server_outgoing_bytes", "Bytes from the real server to clients.", |it| {
        Some(it.stats.out_bytes)
    }),
    gauge("ipvs_server_active_connections", "Established connections.", |it| {
        Some(it.active.into())
    }),
    gauge("ipvs_server_inactive_connections", "Connections in any other state.", |it| {
        Some(it.inactive.into())
    }),
    gauge("ipvs_server_persistent_connections", "Persistence templates.", |it| {
        Some(it.persistent.into())
    }),
    gauge("ipvs_server_weight", "Weight: relative share of new connections.", |it| {
        Some(it.destination.weight.into())
    }),
    gauge(
        "ipvs_server_upper_threshold",
        "Number of connections at which the real server gets no new ones; absent if unlimited.",
        |it| (it.destination.upper_threshold > 0).then(|| it.destination.upper_threshold.into()),
    ),
    gauge(
        "ipvs_server_lower_threshold",
        "Number of connections below which it gets new ones again; absent if not set.",
        |it| (it.destination.lower_threshold > 0).then(|| it.destination.lower_threshold.into()),
    ),
    gauge("ipvs_server_draining", "1 if the weight is 0.", |it| {
        Some((it.destination.weight == 0).into())
    }),
    gauge(
        "ipvs_server_up",
        "1 if the weight is not 0 and the real server has fewer connections than its upper \
         threshold. It can be 1 while the kernel still waits for the lower threshold, or while the \
         real server does not work: IPVS does not check real servers.",
        |it| Some(is_up(it).into()),
    ),
];

/// The metric of each sync daemon. Labels: `role`, `interface` and `sync_id`.
pub const DAEMON: (&str, &str) = ("ipvs_sync_daemon", "1 for each sync daemon that runs.");

fn known(server: &DestinationEntry) -> u64 {
    u64::from(server.active) + u64::from(server.inactive)
}

/// Whether the real server gets new connections. IPVS itself does not check real servers.
pub fn is_up(server: &DestinationEntry) -> bool {
    let limit = u64::from(server.destination.upper_threshold);
    server.destination.weight > 0 && (limit == 0 || known(server) < limit)
}

/// The format of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Version 0.0.4 of Prometheus' text format.
    #[default]
    Prometheus,
    /// Version 1.0.0 of `OpenMetrics`.
    OpenMetrics,
}

/// The metrics as text.
///
/// # Errors
/// None in practice: text is written to memory.
pub fn text(sample: Sample, format: Format) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(sample));
    let mut text = String::new();
    match format {
        Format::Prometheus => prometheus_text::encode(&mut text, &registry)?,
        Format::OpenMetrics => text::encode(&mut text, &registry)?,
    }
    Ok(text)
}

type Labels = Vec<(&'static str, String)>;

impl Collector for Sample {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        for metric in &DIRECTOR {
            family(encoder, metric, &[(Vec::new(), self)])?;
        }
        let daemons: Vec<_> = self.daemons.iter().map(|it| (daemon_labels(it), it)).collect();
        let (name, help) = DAEMON;
        family(encoder, &gauge(name, help, |_| Some(1)), &daemons)?;
        let label = |service: &ServiceSample| service_labels(&service.entry.service.key);
        let services: Vec<_> = self.services.iter().map(|it| (label(it), it)).collect();
        for metric in &SERVICE {
            family(encoder, metric, &services)?;
        }
        if self.services_only {
            return Ok(());
        }
        let servers: Vec<_> = services
            .iter()
            .flat_map(|(labels, service)| {
                service.servers.iter().map(|server| (server_labels(labels, server), server))
            })
            .collect();
        for metric in &SERVER {
            family(encoder, metric, &servers)?;
        }
        Ok(())
    }
}

/// Writes all lines of a metric. A metric without lines is left out.
fn family<T>(
    encoder: &mut DescriptorEncoder<'_>,
    metric: &Metric<T>,
    things: &[(Labels, &T)],
) -> fmt::Result {
    let mut lines = things
        .iter()
        .filter_map(|(labels, thing)| Some((labels, (metric.value)(thing)?)))
        .peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    let kind = match metric.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
    };
    // OpenMetrics ends the help text with a full stop of its own.
    let help = metric.help.trim_end_matches('.');
    let mut encoder = encoder.encode_descriptor(metric.name, help, None, kind)?;
    for (labels, value) in lines {
        let mut line = encoder.encode_family(labels)?;
        match metric.kind {
            Kind::Counter => line.encode_counter::<NoLabelSet, u64, u64>(&value, None)?,
            Kind::Gauge => line.encode_gauge(&value)?,
        }
    }
    Ok(())
}

fn family_name(family: Family) -> String {
    match family {
        Family::V4 => "ipv4".to_owned(),
        Family::V6 => "ipv6".to_owned(),
    }
}

fn service_labels(key: &ServiceKey) -> Labels {
    let family = ("family", family_name(key.family()));
    match key {
        ServiceKey::Address { protocol, address, port } => vec![
            family,
            ("protocol", protocol.to_string()),
            ("address", address.to_string()),
            ("port", port.to_string()),
        ],
        ServiceKey::Fwmark { mark, .. } => {
            vec![family, ("protocol", "fwmark".to_owned()), ("fwmark", mark.to_string())]
        }
    }
}

fn server_labels(service: &Labels, server: &DestinationEntry) -> Labels {
    let (address, port): (IpAddr, u16) =
        (server.destination.key.address, server.destination.key.port);
    let own = [("server_address", address.to_string()), ("server_port", port.to_string())];
    service.iter().cloned().chain(own).collect()
}

fn daemon_labels(daemon: &Daemon) -> Labels {
    vec![
        ("role", daemon.role.as_str().to_owned()),
        ("interface", daemon.interface.to_string()),
        ("sync_id", daemon.sync_id.to_string()),
    ]
}
