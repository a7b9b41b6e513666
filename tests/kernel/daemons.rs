//! Starts, reads and stops sync daemons.

use ipvsadm::model::{Change, Daemon, DaemonRole, InterfaceName, Operation};
use ipvsadm::{Errno, Refusal};

use super::common::{client, namespace, run};
use super::{EEXIST, EINVAL, ESRCH, refused, service, web};

fn daemon(role: DaemonRole) -> Daemon {
    Daemon {
        role,
        interface: InterfaceName::new("lo").unwrap(),
        sync_id: 7,
        max_length: None,
        group: None,
        port: None,
        ttl: None,
    }
}

fn full(role: DaemonRole, group: &str) -> Daemon {
    Daemon {
        interface: InterfaceName::new("d0").unwrap(),
        sync_id: 255,
        max_length: Some(1400),
        group: Some(group.parse().unwrap()),
        port: Some(9000),
        ttl: Some(3),
        ..daemon(role)
    }
}

#[test]
fn both_roles_with_each_family_of_group() {
    namespace(|| {
        // A dummy interface, because `lo` has no route to IPv6 groups.
        run("ip", &["link", "add", "d0", "type", "dummy"]);
        run("ip", &["link", "set", "d0", "up"]);
        run("ip", &["address", "add", "10.0.0.1/24", "dev", "d0"]);
        let mut client = client();
        assert_eq!(client.daemons().unwrap(), []);
        for (master, backup) in [("224.0.0.99", "ff02::51"), ("ff02::52", "239.1.2.3")] {
            let expected = [full(DaemonRole::Master, master), full(DaemonRole::Backup, backup)];
            for daemon in expected.clone() {
                client.start_daemon(daemon).unwrap();
            }
            assert_eq!(client.daemons().unwrap(), expected);
            client.stop_daemon(DaemonRole::Master).unwrap();
            assert_eq!(client.daemons().unwrap(), expected[1..]);
            client.stop_daemon(DaemonRole::Backup).unwrap();
            assert_eq!(client.daemons().unwrap(), []);
        }
    });
}

#[test]
fn kernel_fills_in_missing_daemon_values() {
    namespace(|| {
        let mut client = client();
        client.start_daemon(daemon(DaemonRole::Master)).unwrap();
        let found = client.daemons().unwrap().remove(0);
        assert_eq!(found.group.unwrap().to_string(), "224.0.0.81");
        assert_eq!((found.port, found.ttl, found.sync_id), (Some(8848), Some(1), 7));
        client.stop_daemon(DaemonRole::Master).unwrap();
    });
}

/// If a daemon is stopped before its thread first ran, Linux 6.1 sends no answer.
#[test]
fn stop_right_after_start_never_hangs() {
    namespace(|| {
        let mut client = client();
        for round in 0..10 {
            let role = if round % 2 == 0 { DaemonRole::Master } else { DaemonRole::Backup };
            client.start_daemon(daemon(role)).unwrap();
            client.stop_daemon(role).unwrap();
            assert_eq!(client.daemons().unwrap(), []);
        }
    });
}

#[test]
fn stop_in_the_middle_of_a_batch() {
    namespace(|| {
        let mut client = client();
        let changes = [
            Change::AddService(service(web())),
            Change::StartDaemon(daemon(DaemonRole::Master)),
            Change::StopDaemon(DaemonRole::Master),
            Change::StopDaemon(DaemonRole::Backup),
            Change::AddService(service(web())),
        ];
        let refusals = client.batch(&changes).unwrap();
        let expected = [Refusal { index: 3, errno: ESRCH }, Refusal { index: 4, errno: EEXIST }];
        assert_eq!(refusals, expected);
        assert_eq!(client.daemons().unwrap(), []);
    });
}

#[test]
fn refusals() {
    namespace(|| {
        let mut client = client();
        let master = daemon(DaemonRole::Master);
        refused(client.stop_daemon(master.role), Operation::StopDaemon, ESRCH);
        let nowhere =
            Daemon { interface: InterfaceName::new("nosuch0").unwrap(), ..master.clone() };
        refused(client.start_daemon(nowhere), Operation::StartDaemon, Errno(19));
        let unicast = Daemon { group: Some([10, 0, 0, 1].into()), ..master.clone() };
        refused(client.start_daemon(unicast), Operation::StartDaemon, EINVAL);
        client.start_daemon(master.clone()).unwrap();
        refused(client.start_daemon(master), Operation::StartDaemon, EEXIST);
        client.stop_daemon(DaemonRole::Master).unwrap();
    });
}
