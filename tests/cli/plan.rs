//! Plans and rollbacks reach their goal, on a model of the kernel's table.

use std::collections::HashSet;
use std::sync::Arc;

use ipvsadm::diff::plan;
use ipvsadm::internals::{Delta, Limits};
use ipvsadm::model::{
    Change, Daemon, DaemonRole, Family, InterfaceName, ServiceKey, Table, Timeouts,
};
use proptest::prelude::*;

use crate::tables::table;

fn apply(table: &Table, changes: &[Change]) -> Table {
    let mut table = table.clone();
    for change in changes {
        assert_eq!(table.change(change), Ok(()), "{change:?}");
    }
    table
}

/// Order of a change in a plan: additions, edits, deletions. A daemon starts before them or, with
/// `starts_last`, after them.
fn phase(change: &Change, starts_last: bool) -> u8 {
    match change {
        Change::StopDaemon(_) => 0,
        Change::AddService(_) | Change::AddDestination(..) => 1,
        Change::UpdateService(_) | Change::UpdateDestination(..) | Change::SetTimeouts(_) => 2,
        Change::DeleteService(_) | Change::DeleteDestination(..) => 3,
        Change::StartDaemon(_) => {
            if starts_last {
                4
            } else {
                2
            }
        }
        Change::Flush | Change::Zero(_) => panic!("no plan has these: {change:?}"),
    }
}

/// Whether the plan deletes real servers of the other address family, which the kernel refuses next
/// to a daemon.
fn makes_room(current: &Table, desired: &Table) -> bool {
    current.pools.iter().any(|(key, pool)| {
        let there = desired.pools.get(key);
        pool.destinations.keys().any(|server| {
            server.address.is_ipv4() != (key.family() == Family::V4)
                && there.is_none_or(|pool| !pool.destinations.contains_key(server))
        })
    })
}

fn timeouts() -> impl Strategy<Value = Option<Timeouts>> {
    proptest::option::of((1..4u32, 1..4u32, 1..4u32))
        .prop_map(|it| it.map(|(tcp, tcp_fin, udp)| Timeouts { tcp, tcp_fin, udp }))
}

fn daemon(role: DaemonRole) -> impl Strategy<Value = (DaemonRole, Option<Daemon>)> {
    proptest::option::of(0..3u8).prop_map(move |sync_id| {
        let daemon = sync_id.map(|sync_id| Daemon {
            role,
            interface: InterfaceName::new("lo").unwrap(),
            sync_id,
            max_length: Some(1472),
            group: Some("224.0.0.81".parse().unwrap()),
            port: Some(8848),
            ttl: Some(1),
        });
        (role, daemon)
    })
}

/// Random tables with time-outs and daemons.
fn whole() -> impl Strategy<Value = Table> {
    let daemons = (daemon(DaemonRole::Master), daemon(DaemonRole::Backup));
    (table(), timeouts(), daemons).prop_map(|(table, timeouts, (master, backup))| Table {
        timeouts: timeouts.or(Some(Timeouts { tcp: 900, tcp_fin: 120, udp: 300 })),
        daemons: [master, backup].into_iter().collect(),
        ..table
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_plan_reaches_the_desired_table(current in whole(), desired in whole()) {
        let changes = plan(&current, &desired);
        let starts_last = makes_room(&current, &desired);
        let is_in_order = changes.is_sorted_by_key(|change| phase(change, starts_last));
        prop_assert!(is_in_order, "{:?}", changes);
        prop_assert_eq!(apply(&current, &changes), desired);
    }

    /// A plan changes nothing twice and nothing that is equal, and does not delete and add the same
    /// object.
    #[test]
    fn a_plan_touches_no_equal_object(current in table(), desired in table()) {
        let mut touched = HashSet::new();
        for change in plan(&current, &desired) {
            let (key, server) = match change {
                Change::AddService(it) | Change::UpdateService(it) => (it.key, None),
                Change::DeleteService(key) => (key, None),
                Change::AddDestination(key, it) | Change::UpdateDestination(key, it) => {
                    (key, Some(it.key))
                }
                Change::DeleteDestination(key, it) => (key, Some(it)),
                other => panic!("{other:?}"),
            };
            prop_assert!(touched.insert((key, server)), "twice: {:?} {:?}", key, server);
            let (old, new) = (current.pools.get(&key), desired.pools.get(&key));
            if let (Some(old), Some(new)) = (old, new) {
                match server {
                    None => prop_assert_ne!(&old.service, &new.service),
                    Some(it) => {
                        prop_assert_ne!(old.destinations.get(&it), new.destinations.get(&it));
                    }
                }
            }
        }
    }

    #[test]
    fn a_plan_between_equal_tables_is_empty(table in whole()) {
        prop_assert_eq!(plan(&table, &table), []);
    }

    /// After any part of a plan, in any order, a rollback restores the old table.
    #[test]
    fn rollback_restores_the_table_from_any_point(
        current in whole(),
        desired in whole(),
        done in proptest::collection::vec(any::<bool>(), 40),
    ) {
        let changes = plan(&current, &desired);
        let delta = Delta::of(&changes, &current);
        let mut now = current.clone();
        for (change, _) in changes.iter().zip(&done).filter(|(_, done)| **done) {
            // A change that depends on a missing one is refused, as by the kernel.
            let _ = now.change(change);
        }
        prop_assert_eq!(apply(&now, &delta.undo(&now)), current);
    }

    #[test]
    fn rollback_leaves_untouched_objects_alone(
        current in table(),
        desired in table(),
        other in table(),
    ) {
        let changes = plan(&current, &desired);
        let delta = Delta::of(&changes, &current);
        let mut now = apply(&current, &changes);
        let foreign: Vec<ServiceKey> =
            other.pools.keys().filter(|key| !delta.services().contains(*key)).copied().collect();
        for key in &foreign {
            now.pools.insert(*key, other.pools[key].clone());
        }
        let back = apply(&now, &delta.undo(&now));
        for key in &foreign {
            prop_assert_eq!(&back.pools[key], &other.pools[key]);
        }
    }

    /// An object that was only edited, and that another program has deleted meanwhile, stays
    /// deleted.
    #[test]
    fn rollback_adds_no_object_that_was_only_edited(
        current in whole(),
        desired in whole(),
        gone in proptest::collection::vec(any::<bool>(), 40),
    ) {
        let changes = plan(&current, &desired);
        let delta = Delta::of(&changes, &current);
        let mut now = apply(&current, &changes);
        let mut gone = gone.into_iter();
        now.pools.retain(|_, pool| {
            let servers = &mut Arc::make_mut(pool).destinations;
            servers.retain(|_, _| !gone.next().unwrap_or(false));
            !gone.next().unwrap_or(false)
        });
        let back = apply(&now, &delta.undo(&now));
        for (key, pool) in &back.pools {
            let server = |table: &Table, server| {
                table.pools.get(key).is_some_and(|pool| pool.destinations.contains_key(server))
            };
            prop_assert!(now.pools.contains_key(key) || !desired.pools.contains_key(key));
            for it in pool.destinations.keys() {
                prop_assert!(server(&now, it) || !server(&desired, it));
            }
        }
    }

    #[test]
    fn foreign_services_are_left_alone(current in whole(), desired in whole()) {
        let limits = Limits { scopes: vec!["192.0.2.80,tcp".parse().unwrap()], ..Limits::default() };
        let target = limits.target(&current, &desired);
        let end = apply(&current, &plan(&current, &target));
        prop_assert_eq!(&end.daemons, &current.daemons);
        prop_assert_eq!(end.timeouts, current.timeouts);
        let foreign = |table: &Table| {
            let mut table = table.clone();
            table.pools.retain(|key, _| !limits.contain(key));
            table.pools
        };
        prop_assert_eq!(foreign(&end), foreign(&current));
        for (key, pool) in desired.pools.iter().filter(|(key, _)| limits.contain(key)) {
            prop_assert_eq!(&end.pools[key], pool);
        }
    }

    #[test]
    fn a_plan_with_keep_weights_keeps_weights(current in table(), desired in table()) {
        let limits = Limits { keep_weights: true, ..Limits::default() };
        let end = apply(&current, &plan(&current, &limits.target(&current, &desired)));
        for (key, pool) in &end.pools {
            for (server, found) in &pool.destinations {
                let was = current.pools.get(key).and_then(|pool| pool.destinations.get(server));
                let expected = was.unwrap_or(&desired.pools[key].destinations[server]).weight;
                prop_assert_eq!(found.weight, expected);
            }
        }
    }

    #[test]
    fn the_lines_of_a_table_read_back(table in whole()) {
        let empty = Table::default();
        let made = apply(&empty, &plan(&empty, &table));
        prop_assert_eq!(&made.pools, &table.pools);
        prop_assert_eq!(plan(&made, &table), []);
    }
}

/// The kernel raises a backup's length, and lowers a length that no packet can hold.
#[test]
fn a_running_daemon_equals_its_rule_for_any_length() {
    let table = |words: &str| ipvsadm::read_table(words).unwrap();
    let short = table("--start-daemon backup --sync-maxlen 500");
    assert_eq!(plan(&short, &short), []);
    let raised = table("--start-daemon backup --sync-maxlen 1024");
    assert_eq!(plan(&raised, &short), []);
    let group = "--start-daemon master --mcast-group ff02::51";
    let long = table(&format!("{group} --sync-maxlen 65507"));
    assert_eq!(plan(&long, &long), []);
    let other = table("--start-daemon backup --sync-maxlen 1025");
    assert_ne!(plan(&short, &other), []);
}

#[test]
fn rollback_resets_only_time_outs_that_were_set() {
    let times = |tcp, tcp_fin, udp| Some(Timeouts { tcp, tcp_fin, udp });
    let table = |timeouts| Table { timeouts, ..Table::default() };
    let current = table(times(900, 120, 300));
    let delta = Delta::of(&plan(&current, &table(times(901, 0, 0))), &current);
    // Meanwhile another program has changed a different time-out.
    let back = apply(&table(times(901, 120, 60)), &delta.undo(&table(times(901, 120, 60))));
    assert_eq!(back.timeouts, times(900, 120, 60));
}

#[test]
fn timeouts_of_only_one_file_are_a_difference_but_no_change() {
    let [old, new] = ["--set 900 120 300", ""].map(|text| ipvsadm::read_table(text).unwrap());
    assert_eq!(plan(&old, &new), []);
    assert_ne!(Delta::between(&old, &new, &Limits::default()), Delta::default());
}
