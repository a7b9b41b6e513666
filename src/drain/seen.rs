//! The kernel's side of a drain: services, real servers, connections and kernel parameters.

use crate::error::{Errno, Error};
use crate::model::{DestinationEntry, DestinationKey, Service, ServiceKey, Timeouts};
use crate::netlink::Client;
use crate::reader::{Columns, Reader};
use crate::system::sysctl;

/// A service with its real servers, in the kernel's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenService {
    pub service: Service,
    pub servers: Vec<DestinationEntry>,
}

/// Parameters below `net.ipv4.vs`; `None` for one that this kernel does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Whether weight 0 also ends persistence.
    pub expire_quiescent_template: Option<String>,
    /// Whether connections of a removed real server end at once.
    pub expire_nodest_conn: Option<String>,
    /// Whether a new connection from the port of a finished one is scheduled anew.
    pub conn_reuse_mode: Option<String>,
}

/// The current state of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub services: Vec<SeenService>,
    /// Kernel parameters of this network namespace.
    pub parameters: Parameters,
    pub timeouts: Timeouts,
}

/// The key of the parameter that ends persistence, below `/proc/sys/net`.
pub const TEMPLATE: &str = "ipv4/vs/expire_quiescent_template";

impl Parameters {
    fn read() -> Result<Self, Error> {
        Ok(Self {
            expire_quiescent_template: sysctl::read(TEMPLATE)?,
            expire_nodest_conn: sysctl::read("ipv4/vs/expire_nodest_conn")?,
            conn_reuse_mode: sysctl::read("ipv4/vs/conn_reuse_mode")?,
        })
    }

    /// Whether templates send no clients to a real server with weight 0.
    pub fn expires_templates(&self) -> bool {
        self.expire_quiescent_template.as_deref().is_some_and(|value| value != "0")
    }

    /// Whether the kernel keeps the connections of a deleted real server and drops their packets.
    /// In a persistent service, it then also sends a client that uses the port of a finished
    /// connection again to a real server with weight 0.
    pub fn keeps_what_is_left(&self) -> bool {
        self.expire_nodest_conn.as_deref() == Some("0")
    }
}

impl Seen {
    /// Reads the whole table.
    pub fn whole(client: &mut Client) -> Result<Self, Error> {
        let mut reader = Reader::open(client, Columns::CONFIGURED)?;
        let mut services = Vec::new();
        for row in reader.rows().to_vec() {
            if let Some(servers) = reader.servers(client, row)? {
                services.push(SeenService { service: reader.service(row), servers });
            }
        }
        Self::with(client, services)
    }

    /// Reads these services, without those that do not exist.
    pub fn of(client: &mut Client, keys: &[ServiceKey]) -> Result<Self, Error> {
        let mut services = Vec::new();
        for key in keys {
            let service = match client.service(key) {
                Ok(entry) => entry.service,
                Err(Error::Kernel { errno: Errno::ESRCH, .. }) => continue,
                Err(error) => return Err(error),
            };
            services.push(SeenService { service, servers: client.destinations(key)? });
        }
        Self::with(client, services)
    }

    fn with(client: &mut Client, services: Vec<SeenService>) -> Result<Self, Error> {
        Ok(Self { services, parameters: Parameters::read()?, timeouts: client.timeouts()? })
    }

    pub fn service(&self, key: &ServiceKey) -> Option<&SeenService> {
        self.services.iter().find(|it| it.service.key == *key)
    }

    pub fn server(&self, key: &ServiceKey, server: &DestinationKey) -> Option<&DestinationEntry> {
        let servers = &self.service(key)?.servers;
        servers.iter().find(|it| it.destination.key == *server)
    }
}
