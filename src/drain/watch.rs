//! Counts the connections of drained real servers.

use std::time::{Duration, Instant};

use super::plan::Target;
use super::request::Until;
use super::seen::Seen;
use super::wait::{Counts, Course, Tick};
use crate::error::Error;
use crate::model::{Connection, DestinationEntry, DestinationKey, Service, ServiceKey};
use crate::netlink::Client;
use crate::system::connections::connections;

/// Minimum time between two readings of the connection table.
const BETWEEN_READS: Duration = Duration::from_secs(1);

/// Reading the connection table may take at most 1/`SHARE` of the time of a drain.
const SHARE: u32 = 20;

/// State of a real server that is being drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Still drained, with these connections.
    Counted(Counts),
    /// Another program has given the real server this weight.
    Undone(u32),
    /// Another program has deleted the real server.
    Gone,
}

/// State of all real servers that are being drained, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// State and summed counts of all of them.
    pub tick: Tick,
    pub servers: Vec<(ServiceKey, DestinationKey, Fate)>,
}

/// Entries of a real server in the connection table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entries {
    udp: u32,
    /// Seconds until the kernel forgets the last UDP client.
    udp_forgotten_in: Option<u64>,
    /// Seconds until the kernel forgets the last persistence template.
    templates_forgotten_in: Option<u64>,
    /// Seconds until the kernel forgets the last entry that is not a template.
    all_forgotten_in: Option<u64>,
}

#[derive(Debug)]
pub struct Watch {
    targets: Vec<(Service, DestinationKey)>,
    course: Course,
    start: Instant,
    entries: Vec<Entries>,
    next_read: Instant,
    until: Until,
}

impl Watch {
    /// Starts to watch the real servers of a plan.
    pub fn new(seen: &Seen, targets: &[Target], until: Until, limit: Option<Duration>) -> Self {
        let service = |it: &Target| Some(seen.service(&it.service)?.service.clone());
        let targets: Vec<_> =
            targets.iter().filter_map(|it| Some((service(it)?, it.server))).collect();
        let start = Instant::now();
        Self {
            entries: vec![Entries::default(); targets.len()],
            targets,
            course: Course::new(until, limit),
            start,
            next_read: start,
            until,
        }
    }

    /// Counts the connections.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn look(&mut self, client: &mut Client) -> Result<Look, Error> {
        let keys: Vec<ServiceKey> = self.services();
        let seen = Seen::of(client, &keys)?;
        let expires = seen.parameters.expires_templates();
        self.read_connections(expires)?;
        let mut sum = Counts::default();
        let mut servers = Vec::new();
        for ((service, server), entries) in self.targets.iter().zip(&self.entries) {
            let fate = match seen.server(&service.key, server) {
                None => Fate::Gone,
                Some(found) if found.destination.weight != 0 => {
                    Fate::Undone(found.destination.weight)
                }
                Some(found) => Fate::Counted(counts(service, found, entries, expires)),
            };
            if let Fate::Counted(counts) = fate {
                sum = sum.and(counts);
            }
            servers.push((service.key, *server, fate));
        }
        Ok(Look { tick: self.course.look(self.start.elapsed(), sum), servers })
    }

    fn services(&self) -> Vec<ServiceKey> {
        let mut keys: Vec<ServiceKey> = Vec::new();
        for (service, _) in &self.targets {
            if !keys.contains(&service.key) {
                keys.push(service.key);
            }
        }
        keys
    }

    /// Reads the connection table if the counts of the real servers do not suffice and the last
    /// reading is old enough.
    fn read_connections(&mut self, expires: bool) -> Result<(), Error> {
        let tells = |service: &Service| {
            service.may_remember_datagrams()
                || service.persistence.is_some() && !expires
                || self.until == Until::All
        };
        let start = Instant::now();
        if start < self.next_read || !self.targets.iter().any(|(service, _)| tells(service)) {
            return Ok(());
        }
        self.entries = vec![Entries::default(); self.targets.len()];
        for connection in connections()? {
            let connection = connection?;
            for ((service, server), entries) in self.targets.iter().zip(&mut self.entries) {
                if belongs(&connection, &service.key, server) {
                    entries.add(&connection);
                }
            }
        }
        let took = start.elapsed();
        self.next_read = Instant::now() + BETWEEN_READS.max(took * SHARE);
        Ok(())
    }
}

impl Entries {
    fn add(&mut self, connection: &Connection) {
        let expires = Some(connection.expires);
        if connection.is_template() {
            self.templates_forgotten_in = self.templates_forgotten_in.max(expires);
            return;
        }
        if connection.protocol == "UDP" {
            self.udp += 1;
            self.udp_forgotten_in = self.udp_forgotten_in.max(expires);
        }
        self.all_forgotten_in = self.all_forgotten_in.max(expires);
    }
}

/// Whether the connection is one of this real server. An entry does not contain the mark of its
/// packets, so for a service by mark only the real server is compared.
fn belongs(connection: &Connection, service: &ServiceKey, server: &DestinationKey) -> bool {
    let (address, port) = connection.destination;
    // A real server with port 0 gets packets to every port.
    if address != server.address || server.port != 0 && port != server.port {
        return false;
    }
    match service {
        ServiceKey::Fwmark { .. } => true,
        ServiceKey::Address { protocol, address, port } => {
            let (virtual_address, virtual_port) = connection.virtual_server;
            let is_port = *port == 0
                || virtual_port == *port
                // Templates of FTP are for every port.
                || connection.is_template() && virtual_port == 0;
            let is_protocol = connection.protocol.eq_ignore_ascii_case(&protocol.to_string());
            virtual_address == *address && is_port && is_protocol
        }
    }
}

/// Connections of a real server. The kernel counts every UDP connection as inactive, although the
/// client's next datagram still goes to this real server.
fn counts(service: &Service, found: &DestinationEntry, entries: &Entries, expires: bool) -> Counts {
    let is_held = service.persistence.is_some() && !expires;
    let udp = if service.remembers_datagrams() {
        found.inactive
    } else if service.key.mark() != 0 {
        entries.udp.min(found.inactive)
    } else {
        0
    };
    let udp_forgotten_in = entries.udp_forgotten_in.filter(|_| udp > 0);
    let templates = entries.templates_forgotten_in.filter(|_| is_held && found.persistent > 0);
    Counts {
        active: found.active.saturating_add(udp),
        inactive: found.inactive - udp,
        persistent: found.persistent,
        is_held,
        forgotten_in: udp_forgotten_in.max(templates),
        all_forgotten_in: entries.all_forgotten_in.filter(|_| found.active + found.inactive > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Destination, Family, Granularity, Persistence, SchedulerName, Stats};

    fn connection(protocol: &str, client: u16, vip: &str, server: &str) -> Connection {
        let endpoint = |text: &str| {
            let endpoint: std::net::SocketAddr = text.parse().unwrap();
            (endpoint.ip(), endpoint.port())
        };
        Connection {
            protocol: protocol.to_owned(),
            client: ("198.51.100.9".parse().unwrap(), client),
            virtual_server: endpoint(vip),
            destination: endpoint(server),
            state: "NONE".to_owned(),
            expires: 60,
            engine: None,
        }
    }

    fn key(text: &str) -> DestinationKey {
        text.parse::<std::net::SocketAddr>().unwrap().into()
    }

    #[test]
    fn connections_belong_to_one_service_and_one_real_server() {
        let tcp = ServiceKey::tcp("192.0.2.80:80".parse().unwrap());
        let server = key("10.0.0.11:8080");
        let is = |it: &Connection| belongs(it, &tcp, &server);
        assert!(is(&connection("TCP", 4000, "192.0.2.80:80", "10.0.0.11:8080")));
        assert!(is(&connection("TCP", 0, "192.0.2.80:80", "10.0.0.11:8080")));
        assert!(is(&connection("TCP", 0, "192.0.2.80:0", "10.0.0.11:8080")));
        for other in [
            connection("UDP", 4000, "192.0.2.80:80", "10.0.0.11:8080"),
            connection("TCP", 4000, "192.0.2.80:8080", "10.0.0.11:8080"),
            connection("TCP", 4000, "192.0.2.81:80", "10.0.0.11:8080"),
            connection("TCP", 4000, "192.0.2.80:80", "10.0.0.11:80"),
            connection("TCP", 4000, "192.0.2.80:80", "10.0.0.1:8080"),
        ] {
            assert!(!is(&other), "{other:?}");
        }
        let every = ServiceKey::tcp("192.0.2.80:0".parse().unwrap());
        let any_port = connection("TCP", 4000, "192.0.2.80:443", "10.0.0.11:443");
        assert!(belongs(&any_port, &every, &key("10.0.0.11:0")));
        let mark = ServiceKey::Fwmark { mark: std::num::NonZeroU32::MIN, family: Family::V4 };
        assert!(belongs(&any_port, &mark, &key("10.0.0.11:0")));
    }

    /// UDP may have the source port 0; only the state tells such a client from a template.
    #[test]
    fn a_client_with_port_0_is_no_template() {
        let mut entries = Entries::default();
        let datagram = Connection {
            state: "UDP".to_owned(),
            ..connection("UDP", 0, "192.0.2.80:53", "10.0.0.11:53")
        };
        entries.add(&datagram);
        assert_eq!((entries.udp, entries.templates_forgotten_in), (1, None));
        entries.add(&connection("UDP", 0, "192.0.2.80:53", "10.0.0.11:53"));
        assert_eq!((entries.udp, entries.templates_forgotten_in), (1, Some(60)));
    }

    #[test]
    fn datagrams_are_active_and_templates_hold_only_where_there_is_persistence() {
        let found = DestinationEntry {
            destination: Destination::new("10.0.0.11:53".parse::<std::net::SocketAddr>().unwrap()),
            active: 1,
            inactive: 5,
            persistent: 2,
            stats: Stats::default(),
        };
        let entries = Entries {
            udp: 2,
            udp_forgotten_in: Some(90),
            templates_forgotten_in: Some(400),
            all_forgotten_in: Some(100),
        };
        let service = |key| Service::new(key, SchedulerName::new("rr").unwrap());
        let udp = service(ServiceKey::udp("192.0.2.80:53".parse().unwrap()));
        let tcp = service(ServiceKey::tcp("192.0.2.80:53".parse().unwrap()));
        let mark = ServiceKey::Fwmark { mark: std::num::NonZeroU32::MIN, family: Family::V4 };
        let numbers = |service: &Service| {
            let it = counts(service, &found, &entries, false);
            (it.active, it.inactive, it.forgotten_in)
        };
        assert_eq!(numbers(&udp), (6, 0, Some(90)));
        assert_eq!(numbers(&tcp), (1, 5, None));
        assert_eq!(numbers(&service(mark)), (3, 3, Some(90)));
        let granularity = Granularity::host(Family::V4);
        let persistence = Some(Persistence { timeout: 600, granularity });
        let sticky = Service { persistence, ..tcp };
        assert_eq!(numbers(&sticky), (1, 5, Some(400)));
        assert!(counts(&sticky, &found, &entries, false).is_held);
        assert!(!counts(&sticky, &found, &entries, true).is_held);
    }
}
