//! Batches: every refusal is assigned to its change.

use std::net::Ipv4Addr;

use ipvsadm::Refusal;
use ipvsadm::model::{Change, Destination, DestinationKey, Protocol, ServiceKey};

use super::common::{client, namespace};
use super::{EEXIST, ENOENT, ESRCH, server, service, web};

/// Key of service `n`. The low bytes of the address differ, because kernels before 7.1 hash only
/// these.
fn numbered(n: u32) -> ServiceKey {
    let address = Ipv4Addr::from(0x0a00_0000 + n).into();
    ServiceKey::Address { protocol: Protocol::Tcp, address, port: 80 }
}

fn add(n: u32) -> Change {
    Change::AddService(service(numbered(n)))
}

#[test]
fn an_empty_batch_changes_nothing() {
    namespace(|| {
        assert_eq!(client().batch(Vec::<Change>::new()).unwrap(), []);
    });
}

#[test]
fn refusals_in_the_middle_name_their_change() {
    namespace(|| {
        let mut client = client();
        let gone = server("10.9.9.9", 80);
        let changes = [
            Change::AddService(service(web())),
            Change::AddService(service(web())),
            Change::AddDestination(web(), gone),
            Change::DeleteDestination(web(), gone.key),
            Change::DeleteDestination(web(), gone.key),
            Change::DeleteService(numbered(5)),
            add(5),
        ];
        let expected = [(1, EEXIST), (4, ENOENT), (5, ESRCH)];
        let expected = expected.map(|(index, errno)| Refusal { index, errno });
        assert_eq!(client.batch(&changes).unwrap(), expected);
        assert_eq!(client.services().unwrap().len(), 2);
        // The last change can be refused too.
        let expected = [Refusal { index: 0, errno: EEXIST }];
        assert_eq!(client.batch([add(5)]).unwrap(), expected);
        // The client still works.
        assert_eq!(client.services().unwrap().len(), 2);
    });
}

#[test]
fn many_failures_in_many_sends() {
    namespace(|| {
        let mut client = client();
        let changes: Vec<_> = (0..1500).map(|n| add(if n % 7 == 6 { n - 1 } else { n })).collect();
        let expected: Vec<_> = (0..1500)
            .filter(|n| n % 7 == 6)
            .map(|index| Refusal { index, errno: EEXIST })
            .collect();
        assert_eq!(client.batch(&changes).unwrap(), expected);
        // Most changes fail now, so there is an answer to almost every request.
        let refusals = client.batch(&changes).unwrap();
        assert_eq!(refusals.len(), 1500);
        assert!(refusals.iter().enumerate().all(|(at, refusal)| refusal.index == at));
    });
}

#[test]
fn twenty_thousand_from_an_iterator() {
    namespace(|| {
        let mut client = client();
        let key = DestinationKey { address: [10, 1, 2, 3].into(), port: 80 };
        let changes = (0..10_000)
            .flat_map(|n| [add(n), Change::AddDestination(numbered(n), Destination::new(key))]);
        assert_eq!(client.batch(changes).unwrap(), []);
        assert_eq!(client.services().unwrap().len(), 10_000);
        for n in [0, 99, 100, 9_999] {
            assert_eq!(client.destinations(&numbered(n)).unwrap().len(), 1);
        }
        client.flush().unwrap();
        assert_eq!(client.services().unwrap(), []);
    });
}
