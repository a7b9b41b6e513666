//! Writes values as rule lines.

use std::fmt::{self, Write};

use crate::model::field::Fields;
use crate::model::{
    Change, Checksum, Daemon, Destination, DestinationKey, Family, Forwarding, Granularity, Naming,
    Numbers, Protocol, Service, ServiceKey, Timeouts, Tunnel,
};

use super::options::option_named;
use super::validate::NotExpressible;

/// Initial buffer size of a line in bytes, enough for most.
const LENGTH: usize = 96;

/// The line that adds `service`, as `ipvsadm -S` writes it. Values outside the ranges of the
/// options, which only another program can set, are written unchanged.
///
/// # Errors
/// Reason why no rule line can express the object. Only another program can have made it.
pub fn service_line(service: &Service, naming: &dyn Naming) -> Result<String, NotExpressible> {
    let scheduler = &service.scheduler;
    let mut line = String::with_capacity(LENGTH);
    line.push_str("-A ");
    push_key(&mut line, &service.key, naming)?;
    line.push_str(" -s ");
    line.push_str(scheduler.as_str());
    if let Some(persistence) = &service.persistence {
        push(&mut line, format_args!(" -p {}", persistence.timeout));
        match persistence.granularity {
            granularity if granularity.is_host() => {}
            Granularity::V4(mask) => push(&mut line, format_args!(" -M {mask}")),
            Granularity::V6(length) => push(&mut line, format_args!(" -M {length}")),
        }
    }
    if let Some(engine) = &service.engine {
        push(&mut line, format_args!(" --pe {engine}"));
    }
    for long in service.switched_on() {
        match option_named(long).and_then(|row| row.short) {
            Some(letter) => push(&mut line, format_args!(" -{letter}")),
            None => push(&mut line, format_args!(" --{long}")),
        }
    }
    let flags = service.flags.names(scheduler.as_str());
    if !flags.is_empty() {
        push(&mut line, format_args!(" -b {}", flags.join(",")));
    }
    Ok(line)
}

/// The line that adds this real server to `service`.
///
/// Thresholds follow the weight, because programs search for the words before it.
///
/// # Errors
/// Reason why no rule line can express the object. Only another program can have made it.
pub fn destination_line(
    service: &ServiceKey,
    destination: &Destination,
    naming: &dyn Naming,
) -> Result<String, NotExpressible> {
    let mut line = String::with_capacity(LENGTH);
    line.push_str("-a ");
    push_destination(&mut line, service, &destination.key, naming)?;
    line.push_str(match destination.forwarding {
        // No option gives "local", which only other programs can set. The loaded real server has
        // another method, but the kernel still treats its own address as local.
        Forwarding::Route | Forwarding::Local => " -g",
        Forwarding::Masquerade => " -m",
        Forwarding::Tunnel(_) => " -i",
        Forwarding::Bypass => return Err(NotExpressible::Forwarding(4)),
        Forwarding::Other(number) => return Err(NotExpressible::Forwarding(number)),
    });
    push_number(&mut line, " -w ", destination.weight);
    if destination.upper_threshold != 0 {
        push_number(&mut line, " -x ", destination.upper_threshold);
    }
    if destination.lower_threshold != 0 {
        push_number(&mut line, " -y ", destination.lower_threshold);
    }
    if let Forwarding::Tunnel(tunnel) = destination.forwarding {
        push_tunnel(&mut line, tunnel)?;
    }
    Ok(line)
}

/// The `--set` line of these time-outs, in seconds.
pub fn timeouts_line(Timeouts { tcp, tcp_fin, udp }: &Timeouts) -> String {
    format!("--set {tcp} {tcp_fin} {udp}")
}

/// The `--start-daemon` line of this sync daemon.
pub fn daemon_line(daemon: &Daemon) -> String {
    let (role, interface) = (daemon.role.as_str(), &daemon.interface);
    let mut line =
        format!("--start-daemon {role} --mcast-interface {interface} --syncid {}", daemon.sync_id);
    let options = ["--sync-maxlen", "--mcast-group", "--mcast-port", "--mcast-ttl"];
    for (option, value) in options.into_iter().zip(daemon.settings()) {
        if let Some(value) = value {
            push(&mut line, format_args!(" {option} {value}"));
        }
    }
    line
}

fn push_tunnel(line: &mut String, tunnel: Tunnel) -> Result<(), NotExpressible> {
    let checksum = match tunnel {
        Tunnel::Ipip => {
            line.push_str(" --tun-type ipip");
            return Ok(());
        }
        Tunnel::Gue { port, checksum } => {
            push(line, format_args!(" --tun-type gue --tun-port {port}"));
            checksum
        }
        Tunnel::Gre { checksum } => {
            line.push_str(" --tun-type gre");
            checksum
        }
        Tunnel::Other { kind, flags, .. } => return Err(NotExpressible::Tunnel { kind, flags }),
    };
    line.push_str(match checksum {
        Checksum::None => " --tun-nocsum",
        Checksum::Full => " --tun-csum",
        Checksum::Remote => " --tun-remcsum",
    });
    Ok(())
}

fn push_key(
    line: &mut String,
    key: &ServiceKey,
    naming: &dyn Naming,
) -> Result<(), NotExpressible> {
    match key {
        ServiceKey::Address { protocol, address, port } => {
            line.push_str(match protocol {
                Protocol::Tcp => "-t ",
                Protocol::Udp => "-u ",
                Protocol::Sctp => "--sctp-service ",
                Protocol::Other(number) => return Err(NotExpressible::Protocol(*number)),
            });
            naming.push_endpoint(line, *address, *port, *protocol);
        }
        ServiceKey::Fwmark { mark, family } => {
            push_number(line, "-f ", mark.get());
            if *family == Family::V6 {
                line.push_str(" -6");
            }
        }
    }
    Ok(())
}

fn push_destination(
    line: &mut String,
    service: &ServiceKey,
    destination: &DestinationKey,
    naming: &dyn Naming,
) -> Result<(), NotExpressible> {
    push_key(line, service, naming)?;
    line.push_str(" -r ");
    naming.push_endpoint(line, destination.address, destination.port, service.protocol());
    Ok(())
}

fn push_number(line: &mut String, word: &str, value: u32) {
    line.push_str(word);
    line.push_str(itoa::Buffer::new().format(value));
}

fn push(line: &mut String, words: fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = line.write_fmt(words);
}

/// Describes a service in the words of a rule line, for messages.
pub fn describe_service(key: &ServiceKey) -> String {
    let mut words = String::new();
    match push_key(&mut words, key, &Numbers) {
        Ok(()) => words,
        Err(why) => format!("a service of {why}"),
    }
}

/// Describes a real server in the words of a rule line, for messages.
pub fn describe_destination(service: &ServiceKey, server: &DestinationKey) -> String {
    let mut words = String::new();
    match push_destination(&mut words, service, server, &Numbers) {
        Ok(()) => words,
        Err(_) => describe_service(service),
    }
}

/// Writes the object of the change as in a rule line, such as `-t 192.0.2.80:80 -s wlc`; nothing if
/// the change has no object.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(self))
    }
}

/// Describes the object of a change as in a rule line, for messages; empty if it has none.
pub fn describe(change: &Change) -> String {
    match change {
        Change::AddService(service) | Change::UpdateService(service) => {
            let line = service_line(service, &Numbers);
            line.map_or_else(
                |_| describe_service(&service.key),
                |line| line["-A ".len()..].to_owned(),
            )
        }
        Change::DeleteService(key) | Change::Zero(Some(key)) => describe_service(key),
        Change::AddDestination(key, destination) | Change::UpdateDestination(key, destination) => {
            describe_destination(key, &destination.key)
        }
        Change::DeleteDestination(key, destination) => describe_destination(key, destination),
        Change::StartDaemon(daemon) => {
            format!("{} daemon on {}", daemon.role.as_str(), daemon.interface)
        }
        Change::StopDaemon(role) => format!("{} daemon", role.as_str()),
        Change::Flush | Change::Zero(None) | Change::SetTimeouts(_) => String::new(),
    }
}
