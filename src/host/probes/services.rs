//! Reads the IPVS services of this network namespace.

use crate::classic::describe_service;
use crate::error::Error;
use crate::host::checks::OwnService;
use crate::model::ServiceKey;
use crate::netlink::Client;
use crate::system::table;

/// Every service with the real servers that get packets. Empty if IPVS is not loaded, since a
/// request would load it. Without `CAP_NET_ADMIN`, the services in /proc, which lacks those by
/// firewall mark.
pub fn own() -> Vec<OwnService> {
    if !table::is_there() {
        return Vec::new();
    }
    asked().unwrap_or_else(|_| {
        let table = table::plain().unwrap_or_default();
        let services = table.services().map(|key| {
            let servers = table.get(key).unwrap_or_default().iter();
            service(*key, servers.filter(|it| it.weight > 0).map(|it| it.key))
        });
        services.collect()
    })
}

fn asked() -> Result<Vec<OwnService>, Error> {
    let mut client = Client::open()?;
    let mut services = Vec::new();
    for entry in client.services()? {
        let key = entry.service.key;
        let servers = client.destinations(&key)?.into_iter().map(|it| it.destination);
        services.push(service(key, servers.filter(|it| it.weight > 0).map(|it| it.key)));
    }
    Ok(services)
}

fn service(
    key: ServiceKey,
    servers: impl Iterator<Item = crate::model::DestinationKey>,
) -> OwnService {
    OwnService { key, words: describe_service(&key), servers: servers.collect() }
}
