//! The listings of the old tool, byte for byte.

use std::io;

use crate::model::field::Fields;
use crate::model::{
    Checksum, Daemon, DestinationEntry, DestinationKey, Family, Forwarding, Granularity, Info,
    Method, Naming, PlainDestination, Protocol, Service, ServiceEntry, ServiceKey, Stats, Timeouts,
    Tunnel,
};

use crate::classic::Layout;

use super::line::Line;
use super::numbers::big;

/// Format of a listing.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    /// The set of columns.
    pub layout: Layout,
    /// Print all digits instead of the units K, M, G and T.
    pub exact: bool,
    /// Source of host and port names.
    pub naming: &'a dyn Naming,
}

/// First line of a listing of all services.
pub fn version(info: Info) -> String {
    let (major, minor, patch) = info.version;
    let size = info.connection_table_size;
    format!("IP Virtual Server version {major}.{minor}.{patch} (size={size})")
}

/// Writes the two header lines.
pub fn title(out: &mut dyn io::Write, layout: Layout) -> io::Result<()> {
    let local = "Prot LocalAddress:Port";
    let remote = "  -> RemoteAddress:Port";
    match layout {
        Layout::Default => {
            writeln!(out, "{local} Scheduler Flags")?;
            writeln!(out, "{remote:<33} Forward Weight ActiveConn InActConn")
        }
        Layout::Tunnel => {
            writeln!(out, "{local} Scheduler Flags")?;
            writeln!(out, "{remote:<33} Forward TunnelInfo    Weight ActiveConn InActConn")
        }
        Layout::Stats => {
            writeln!(out, "{local:<33}    Conns   InPkts  OutPkts  InBytes OutBytes\n{remote}")
        }
        Layout::Rate => {
            writeln!(out, "{local:<33}      CPS    InPPS   OutPPS    InBPS   OutBPS\n{remote}")
        }
        Layout::Thresholds => {
            writeln!(out, "{local:<33} Uthreshold Lthreshold ActiveConn InActConn \n{remote}")
        }
        Layout::Persistent => {
            writeln!(out, "{local:<33} Weight    PersistConn ActiveConn InActConn \n{remote}")
        }
    }
}

/// Writes the line of a service.
pub fn service(out: &mut dyn io::Write, entry: &ServiceEntry, style: &Style<'_>) -> io::Result<()> {
    match style.layout {
        Layout::Stats | Layout::Rate => {
            let mut line = Line::new();
            push_service(&mut line, &entry.service.key, style.naming);
            push_counters(line.pad(0, 33), &entry.stats, style);
            line.end(out)
        }
        _ => plain_service(out, &entry.service, style.naming),
    }
}

/// Writes the line of a service without counters.
pub fn plain_service(
    out: &mut dyn io::Write,
    service: &Service,
    naming: &dyn Naming,
) -> io::Result<()> {
    let mut line = Line::new();
    push_service(&mut line, &service.key, naming);
    push_flags(&mut line, service);
    line.end(out)
}

fn push_service(line: &mut Line, key: &ServiceKey, naming: &dyn Naming) {
    match key {
        ServiceKey::Fwmark { mark, family } => {
            line.push("FWM  ").number(mark.get());
            if *family == Family::V6 {
                line.push(" IPv6");
            }
        }
        ServiceKey::Address { protocol, address, port } => {
            line.push(match protocol {
                Protocol::Tcp => "TCP  ",
                Protocol::Udp => "UDP  ",
                Protocol::Sctp => "SCTP ",
                Protocol::Other(_) => "?    ",
            });
            line.with(|text| naming.push_endpoint(text, *address, *port, *protocol));
            // The old tool cuts long names of IPv4 hosts, but not of IPv6 hosts.
            if address.is_ipv4() {
                line.cut(0, 33);
            }
        }
    }
}

fn push_flags(line: &mut Line, service: &Service) {
    line.push(" ").push(service.scheduler.as_str());
    let flags = service.flags.names(service.scheduler.as_str());
    if !flags.is_empty() {
        line.push(" (").push(&flags.join(",")).push(")");
    }
    if let Some(persistence) = service.persistence {
        line.push(" persistent ").number(persistence.timeout);
        match persistence.granularity {
            granularity if granularity.is_host() => {}
            Granularity::V4(mask) => drop(line.push(" mask ").push(&mask.to_string())),
            Granularity::V6(length) => drop(line.push(" mask ").number(length)),
        }
        if let Some(engine) = &service.engine {
            line.push(" pe ").push(engine.as_str());
        }
    }
    for option in service.switched_on() {
        line.push(" ").push(option);
    }
}

fn push_counters(line: &mut Line, stats: &Stats, style: &Style<'_>) {
    let values = if style.layout == Layout::Stats {
        [stats.connections, stats.in_packets, stats.out_packets, stats.in_bytes, stats.out_bytes]
    } else {
        [
            stats.connection_rate,
            stats.in_packet_rate,
            stats.out_packet_rate,
            stats.in_byte_rate,
            stats.out_byte_rate,
        ]
    };
    for value in values {
        big(line, value, style.exact);
    }
}

/// Writes the line of a real server of `service`.
pub fn destination(
    out: &mut dyn io::Write,
    service: &ServiceKey,
    entry: &DestinationEntry,
    style: &Style<'_>,
) -> io::Result<()> {
    let DestinationEntry { destination, active, inactive, persistent, stats } = entry;
    let mut line = server(service, destination.key, style.naming);
    let weight = destination.weight;
    match style.layout {
        Layout::Default => return plain_destination(out, service, &entry.into(), style.naming),
        Layout::Tunnel => {
            line.left(Method::from(destination.forwarding).name(), 7);
            line.left(&tunnel(destination.forwarding), 13).number_left(weight, 6);
            line.number_left(*active, 10).number_left(*inactive, 10);
        }
        Layout::Stats => push_counters(&mut line, stats, style),
        Layout::Rate => {
            for rate in [stats.connection_rate, stats.in_packet_rate, stats.out_packet_rate] {
                line.push(" ").number_right(rate, "", 8);
            }
            big(&mut line, stats.in_byte_rate, style.exact);
            big(&mut line, stats.out_byte_rate, style.exact);
        }
        Layout::Thresholds => {
            line.number_left(destination.upper_threshold, 10);
            line.number_left(destination.lower_threshold, 10);
            line.number_left(*active, 10).number_left(*inactive, 10);
        }
        Layout::Persistent => {
            line.number_left(weight, 9).number_left(*persistent, 11);
            line.number_left(*active, 10).number_left(*inactive, 10);
        }
    }
    line.end(out)
}

/// Writes the line of a real server of `service` in the default columns.
pub fn plain_destination(
    out: &mut dyn io::Write,
    service: &ServiceKey,
    destination: &PlainDestination,
    naming: &dyn Naming,
) -> io::Result<()> {
    let PlainDestination { key, weight, active, inactive, .. } = destination;
    let mut line = server(service, *key, naming);
    line.left(destination.method.name(), 7).number_left(*weight, 6);
    line.number_left(*active, 10).number_left(*inactive, 10).end(out)
}

/// First column of a real server's line.
fn server(service: &ServiceKey, key: DestinationKey, naming: &dyn Naming) -> Line {
    let mut line = Line::new();
    let place = line.push("  -> ").place();
    line.with(|text| naming.push_endpoint(text, key.address, key.port, service.protocol()));
    if key.address.is_ipv4() {
        line.cut(place, 28);
    }
    line.pad(place, 28);
    line
}

fn tunnel(forwarding: Forwarding) -> String {
    let flags = |checksum| match checksum {
        Checksum::None => "-c",
        Checksum::Full => "+c",
        Checksum::Remote => "r+c",
    };
    match forwarding {
        Forwarding::Tunnel(Tunnel::Ipip) => "ipip".to_owned(),
        Forwarding::Tunnel(Tunnel::Gue { port, checksum }) => {
            format!("gue:{port}:{}", flags(checksum))
        }
        Forwarding::Tunnel(Tunnel::Gre { checksum }) => format!("gre:{}", flags(checksum)),
        Forwarding::Tunnel(Tunnel::Other { kind, port, flags }) => format!("{kind}:{port}:{flags}"),
        _ => "n/a".to_owned(),
    }
}

/// The line of `-L --timeout`.
pub fn timeouts(timeouts: &Timeouts) -> String {
    let Timeouts { tcp, tcp_fin, udp } = timeouts;
    format!("Timeout (tcp tcpfin udp): {tcp} {tcp_fin} {udp}")
}

/// The line of a sync daemon in `-L --daemon`.
pub fn daemon(daemon: &Daemon) -> String {
    let role = daemon.role.as_str();
    let mut text =
        format!("{role} sync daemon (mcast={}, syncid={}", daemon.interface, daemon.sync_id);
    for (name, value) in ["maxlen", "group", "port", "ttl"].into_iter().zip(daemon.settings()) {
        if let Some(value) = value {
            text.extend([", ", name, "=", &value]);
        }
    }
    text.push(')');
    text
}
