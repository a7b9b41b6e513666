//! The listings of the old tool, to the byte.

use std::fmt::Write;
use std::io;

use crate::model::{
    Checksum, Daemon, DestinationEntry, DestinationKey, Family, Forwarding, Granularity, Info,
    Method, Naming, PlainDestination, Protocol, Service, ServiceEntry, ServiceKey, Stats, Timeouts,
    Tunnel,
};

use super::numbers::big;

/// Which columns a listing of services has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Forwarding, weight, connections.
    Default,
    /// `--stats`
    Stats,
    /// `--rate`
    Rate,
    /// `--thresholds`
    Thresholds,
    /// `--persistent-conn`
    Persistent,
    /// `--tun-info`
    Tunnel,
}

/// How values are written.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    /// Which columns.
    pub columns: Columns,
    /// Whole numbers, without K, M, G and T.
    pub exact: bool,
    /// Names or numbers.
    pub naming: &'a dyn Naming,
}

/// The first line of a list of all services.
pub fn version(info: Info) -> String {
    let (major, minor, patch) = info.version;
    let size = info.connection_table_size;
    format!("IP Virtual Server version {major}.{minor}.{patch} (size={size})")
}

/// The two lines above the services.
pub fn title(out: &mut dyn io::Write, columns: Columns) -> io::Result<()> {
    let local = "Prot LocalAddress:Port";
    let remote = "  -> RemoteAddress:Port";
    match columns {
        Columns::Default => {
            writeln!(out, "{local} Scheduler Flags")?;
            writeln!(out, "{remote:<33} Forward Weight ActiveConn InActConn")
        }
        Columns::Tunnel => {
            writeln!(out, "{local} Scheduler Flags")?;
            writeln!(out, "{remote:<33} Forward TunnelInfo    Weight ActiveConn InActConn")
        }
        Columns::Stats => {
            writeln!(out, "{local:<33}    Conns   InPkts  OutPkts  InBytes OutBytes\n{remote}")
        }
        Columns::Rate => {
            writeln!(out, "{local:<33}      CPS    InPPS   OutPPS    InBPS   OutBPS\n{remote}")
        }
        Columns::Thresholds => {
            writeln!(out, "{local:<33} Uthreshold Lthreshold ActiveConn InActConn \n{remote}")
        }
        Columns::Persistent => {
            writeln!(out, "{local:<33} Weight    PersistConn ActiveConn InActConn \n{remote}")
        }
    }
}

/// The line of a service.
pub fn service(out: &mut dyn io::Write, entry: &ServiceEntry, style: &Style<'_>) -> io::Result<()> {
    match style.columns {
        Columns::Stats | Columns::Rate => {
            let text = service_text(&entry.service.key, style.naming);
            writeln!(out, "{text:<33}{}", counters(&entry.stats, style))
        }
        _ => plain_service(out, &entry.service, style.naming),
    }
}

/// The line of a service without counters.
pub fn plain_service(
    out: &mut dyn io::Write,
    service: &Service,
    naming: &dyn Naming,
) -> io::Result<()> {
    writeln!(out, "{}{}", service_text(&service.key, naming), service_flags(service))
}

fn service_text(key: &ServiceKey, naming: &dyn Naming) -> String {
    match key {
        ServiceKey::Fwmark { mark, family: Family::V4 } => format!("FWM  {mark}"),
        ServiceKey::Fwmark { mark, family: Family::V6 } => format!("FWM  {mark} IPv6"),
        ServiceKey::Address { protocol, address, port } => {
            let name = match protocol {
                Protocol::Tcp => "TCP",
                Protocol::Udp => "UDP",
                Protocol::Sctp => "SCTP",
                Protocol::Other(_) => "?",
            };
            let endpoint = naming.endpoint(*address, *port, *protocol);
            let text = format!("{name:<4} {endpoint}");
            if address.is_ipv4() { cut(text, 33) } else { text }
        }
    }
}

/// Long names of IPv4 hosts are cut; IPv6 never was.
fn cut(mut text: String, width: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(width) {
        text.truncate(end);
    }
    text
}

fn service_flags(service: &Service) -> String {
    let mut text = format!(" {}", service.scheduler);
    let flags = service.flags.names(service.scheduler.as_str());
    if !flags.is_empty() {
        push(&mut text, format_args!(" ({})", flags.join(",")));
    }
    if let Some(persistence) = service.persistence {
        push(&mut text, format_args!(" persistent {}", persistence.timeout));
        match persistence.granularity {
            granularity if granularity.is_host() => {}
            Granularity::V4(mask) => push(&mut text, format_args!(" mask {mask}")),
            Granularity::V6(length) => push(&mut text, format_args!(" mask {length}")),
        }
        if let Some(engine) = &service.engine {
            push(&mut text, format_args!(" pe {engine}"));
        }
    }
    if service.one_packet {
        text.push_str(" ops");
    }
    text
}

fn push(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(words);
}

fn counters(stats: &Stats, style: &Style<'_>) -> String {
    let values = if style.columns == Columns::Stats {
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
    values.map(|value| big(value, style.exact)).concat()
}

/// The line of a real server of `service`.
pub fn destination(
    out: &mut dyn io::Write,
    service: &ServiceKey,
    entry: &DestinationEntry,
    style: &Style<'_>,
) -> io::Result<()> {
    let DestinationEntry { destination, active, inactive, persistent, stats } = entry;
    let server = server_text(service, destination.key, style.naming);
    let weight = destination.weight;
    match style.columns {
        Columns::Default => plain_destination(out, service, &entry.into(), style.naming),
        Columns::Tunnel => {
            let method = Method::from(destination.forwarding).name();
            let tunnel = tunnel(destination.forwarding);
            writeln!(
                out,
                "  -> {server:<28} {method:<7} {tunnel:<13} {weight:<6} {active:<10} {inactive:<10}"
            )
        }
        Columns::Stats => writeln!(out, "  -> {server:<28}{}", counters(stats, style)),
        Columns::Rate => {
            let Stats { connection_rate, in_packet_rate, out_packet_rate, .. } = stats;
            let bytes = [stats.in_byte_rate, stats.out_byte_rate];
            let bytes = bytes.map(|value| big(value, style.exact)).concat();
            writeln!(
                out,
                "  -> {server:<28} {connection_rate:>8} {in_packet_rate:>8} {out_packet_rate:>8}{bytes}"
            )
        }
        Columns::Thresholds => {
            let (upper, lower) = (destination.upper_threshold, destination.lower_threshold);
            writeln!(out, "  -> {server:<28} {upper:<10} {lower:<10} {active:<10} {inactive:<10}")
        }
        Columns::Persistent => {
            writeln!(
                out,
                "  -> {server:<28} {weight:<9} {persistent:<11} {active:<10} {inactive:<10}"
            )
        }
    }
}

/// The line of a real server of `service` in the default columns.
pub fn plain_destination(
    out: &mut dyn io::Write,
    service: &ServiceKey,
    destination: &PlainDestination,
    naming: &dyn Naming,
) -> io::Result<()> {
    let PlainDestination { key, weight, active, inactive, .. } = destination;
    let method = destination.method.name();
    let server = server_text(service, *key, naming);
    writeln!(out, "  -> {server:<28} {method:<7} {weight:<6} {active:<10} {inactive:<10}")
}

fn server_text(service: &ServiceKey, key: DestinationKey, naming: &dyn Naming) -> String {
    let text = naming.endpoint(key.address, key.port, service.protocol());
    if key.address.is_ipv4() { cut(text, 28) } else { text }
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

/// The line of the time-outs.
pub fn timeouts(timeouts: &Timeouts) -> String {
    let Timeouts { tcp, tcp_fin, udp } = timeouts;
    format!("Timeout (tcp tcpfin udp): {tcp} {tcp_fin} {udp}")
}

/// The line of a sync daemon.
pub fn daemon(daemon: &Daemon) -> String {
    let role = daemon.role.as_str();
    let mut text =
        format!("{role} sync daemon (mcast={}, syncid={}", daemon.interface, daemon.sync_id);
    if let Some(length) = daemon.max_length {
        push(&mut text, format_args!(", maxlen={length}"));
    }
    if let Some(group) = daemon.group {
        push(&mut text, format_args!(", group={group}"));
    }
    if let Some(port) = daemon.port {
        push(&mut text, format_args!(", port={port}"));
    }
    if let Some(ttl) = daemon.ttl {
        push(&mut text, format_args!(", ttl={ttl}"));
    }
    text.push(')');
    text
}
