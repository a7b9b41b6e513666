//! Services: the kernel returns each attribute as it was set.

use ipvsadm::model::{
    EngineName, Family, Granularity, Operation, Persistence, Protocol, SchedulerFlags,
    SchedulerName, Service, ServiceKey,
};

use super::common::{client, namespace};
use super::{EEXIST, ENOENT, ESRCH, key, refused, service, web};

fn scheduler(name: &str) -> SchedulerName {
    SchedulerName::new(name).unwrap()
}

fn mark(mark: u32, family: Family) -> ServiceKey {
    ServiceKey::Fwmark { mark: mark.try_into().unwrap(), family }
}

fn every_kind() -> Vec<Service> {
    let long = Persistence { timeout: 31 * 86400, granularity: Granularity::host(Family::V4) };
    let net = Persistence { timeout: 60, granularity: Granularity::V4([255, 255, 0, 0].into()) };
    let prefix = Persistence { timeout: 1, granularity: Granularity::V6(48) };
    let udp = key(Protocol::Udp, "10.0.0.1", 53);
    vec![
        service(web()),
        Service { one_packet: true, ..service(udp) },
        Service {
            scheduler: scheduler("sh"),
            flags: SchedulerFlags::from_bits(0b111),
            ..service(key(Protocol::Sctp, "10.0.0.1", 99))
        },
        Service {
            scheduler: scheduler("mh"),
            flags: SchedulerFlags::from_bits(0b010),
            persistence: Some(prefix),
            ..service(key(Protocol::Tcp, "fd00::1", 443))
        },
        Service { persistence: Some(net), ..service(mark(7, Family::V4)) },
        service(mark(7, Family::V6)),
        service(mark(u32::MAX, Family::V6)),
        Service { persistence: Some(long), ..service(key(Protocol::Tcp, "10.0.0.2", 0)) },
        Service {
            persistence: Some(net),
            engine: Some(EngineName::new("sip").unwrap()),
            ..service(key(Protocol::Udp, "10.0.0.1", 5060))
        },
        Service { scheduler: scheduler("none"), ..service(key(Protocol::Tcp, "10.0.0.3", 1)) },
        // Only another program can add a service of this protocol.
        service(key(Protocol::Other(50), "10.0.0.1", 4)),
    ]
}

#[test]
fn every_kind_is_made_read_and_deleted() {
    namespace(|| {
        let mut client = client();
        for service in every_kind() {
            client.add_service(service.clone()).unwrap();
            let entry = client.service(&service.key).unwrap();
            assert_eq!(entry.service, service);
            assert_eq!(entry.stats, ipvsadm::model::Stats::default());
        }
        let found = client.services().unwrap();
        assert_eq!(found.len(), every_kind().len());
        for service in every_kind() {
            assert!(found.iter().any(|entry| entry.service == service), "{service:?}");
            client.delete_service(service.key).unwrap();
            refused(client.service(&service.key), Operation::GetService, ESRCH);
        }
        assert_eq!(client.services().unwrap(), []);
    });
}

#[test]
fn update_replaces_everything() {
    namespace(|| {
        let mut client = client();
        let full = Service {
            scheduler: scheduler("sh"),
            flags: SchedulerFlags::from_bits(0b011),
            persistence: Some(Persistence {
                timeout: 90,
                granularity: Granularity::V4([255, 255, 255, 0].into()),
            }),
            engine: Some(EngineName::new("sip").unwrap()),
            ..service(key(Protocol::Udp, "10.0.0.1", 5060))
        };
        client.add_service(service(full.key)).unwrap();
        client.update_service(full.clone()).unwrap();
        assert_eq!(client.service(&full.key).unwrap().service, full);
        client.update_service(service(full.key)).unwrap();
        assert_eq!(client.service(&full.key).unwrap().service, service(full.key));
    });
}

#[test]
fn refusals() {
    namespace(|| {
        let mut client = client();
        let unknown = Service { scheduler: scheduler("nosuch"), ..service(web()) };
        refused(client.add_service(unknown.clone()), Operation::AddService, ENOENT);
        refused(client.update_service(service(web())), Operation::UpdateService, ESRCH);
        refused(client.delete_service(web()), Operation::DeleteService, ESRCH);
        refused(client.zero(Some(web())), Operation::Zero, ESRCH);
        client.add_service(service(web())).unwrap();
        refused(client.add_service(service(web())), Operation::AddService, EEXIST);
        refused(client.update_service(unknown), Operation::UpdateService, ENOENT);
        assert_eq!(client.service(&web()).unwrap().service, service(web()));
    });
}
