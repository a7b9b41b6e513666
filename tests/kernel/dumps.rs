//! Long lists are complete and without duplicates, even while another program writes.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ipvsadm::model::{Change, Destination, DestinationKey, Protocol, ServiceKey};

use super::common::{client, namespace};
use super::{service, web};

fn destination(port: u16) -> Destination {
    Destination::new(DestinationKey { address: [10, 0, 0, 2].into(), port })
}

/// Stops the writer when dropped.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn three_thousand_destinations() {
    namespace(|| {
        let mut client = client();
        client.add_service(service(web())).unwrap();
        let changes = (1..=3000).map(|port| Change::AddDestination(web(), destination(port)));
        assert_eq!(client.batch(changes).unwrap(), []);
        let ports: Vec<u16> = client
            .destinations(&web())
            .unwrap()
            .iter()
            .map(|entry| entry.destination.key.port)
            .collect();
        assert_eq!(ports, (1..=3000).rev().collect::<Vec<_>>());
    });
}

#[test]
fn destination_lists_are_complete_while_another_program_writes() {
    namespace(|| {
        let mut reader = client();
        reader.add_service(service(web())).unwrap();
        let changes = (1..=1000).map(|port| Change::AddDestination(web(), destination(port)));
        assert_eq!(reader.batch(changes).unwrap(), []);
        let (stop, written) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = client();
                // New destinations come first in the list and move all others back by one.
                for port in (2000..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                    writer.add_destination(web(), destination(port)).unwrap();
                    writer.delete_destination(web(), destination(port).key).unwrap();
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
            // Stop the writer even if a reading fails.
            let _stop = Stop(&stop);
            // Read on while the other program has had too few turns.
            let is_enough = |reads| reads >= 20 && written.load(Ordering::Relaxed) > 20;
            for _ in (0..).take_while(|reads| !is_enough(*reads)) {
                let list = reader.destinations(&web()).unwrap();
                let keys: HashSet<_> = list.iter().map(|entry| entry.destination.key).collect();
                assert_eq!(keys.len(), list.len());
                let missing = (1..=1000).filter(|port| !keys.contains(&destination(*port).key));
                assert_eq!(missing.collect::<Vec<u16>>(), [0; 0]);
            }
        });
    });
}

/// Key of service `n`. Port and low byte of the address differ from those of its neighbours.
fn numbered(n: u16) -> ServiceKey {
    let [high, low] = n.to_be_bytes();
    ServiceKey::Address { protocol: Protocol::Tcp, address: [10, 1, high, low].into(), port: n + 1 }
}

#[test]
fn service_lists_are_complete_while_another_program_writes() {
    const STAY: u16 = 600;
    namespace(|| {
        let mut reader = client();
        let changes = (0..STAY).map(|n| Change::AddService(service(numbered(n))));
        assert_eq!(reader.batch(changes).unwrap(), []);
        let (stop, written) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = client();
                for n in (STAY..STAY + 300).cycle().take_while(|_| !stop.load(Ordering::Relaxed)) {
                    writer.add_service(service(numbered(n))).unwrap();
                    writer.add_destination(numbered(n), destination(80)).unwrap();
                    writer.delete_service(numbered(n)).unwrap();
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
            let _stop = Stop(&stop);
            // Read on while the other program has had too few turns.
            let is_enough = |reads| reads >= 20 && written.load(Ordering::Relaxed) > 20;
            for _ in (0..).take_while(|reads| !is_enough(*reads)) {
                let list = reader.services().unwrap();
                let keys: HashSet<_> = list.iter().map(|entry| entry.service.key).collect();
                assert_eq!(keys.len(), list.len());
                let staying = (0..STAY).filter(|n| keys.contains(&numbered(*n))).count();
                assert_eq!(staying, usize::from(STAY));
                let table = reader.table().unwrap();
                let missing = (0..STAY).filter(|n| !table.pools.contains_key(&numbered(*n)));
                assert_eq!(missing.collect::<Vec<u16>>(), [0; 0]);
            }
        });
    });
}
