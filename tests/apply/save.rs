//! save and restore are each other's inverse, for any table; also through the reference.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipvsadm::model::{
    Daemon, DaemonRole, Destination, Family, Forwarding, InterfaceName, Table, Timeouts,
};
use proptest::prelude::*;

use crate::common::namespace;
use crate::program::{
    Random, file, inside, lines, live_whole, ours, ours_with, reference, restore,
};
use crate::tables::table;

fn daemon(role: DaemonRole) -> impl Strategy<Value = Option<Daemon>> {
    // A master needs a route to its group, which lo has for IPv4 only.
    let sixth = if role == DaemonRole::Master { "224.0.0.9" } else { "ff02::51" };
    let group = proptest::sample::select(vec!["224.0.0.81", "239.1.2.3", sixth]);
    let raw = (any::<u8>(), 1200..1500u16, group, 1..=u16::MAX - 8, 1..=u8::MAX);
    // Stopping one costs half a second where its thread has not run yet.
    proptest::option::weighted(0.2, raw).prop_map(move |raw| {
        raw.map(|(sync_id, length, group, port, ttl)| Daemon {
            role,
            interface: InterfaceName::new("lo").unwrap(),
            sync_id,
            max_length: Some(length),
            group: Some(group.parse().unwrap()),
            port: Some(port),
            ttl: Some(ttl),
        })
    })
}

fn whole() -> impl Strategy<Value = Table> {
    let daemons = (daemon(DaemonRole::Master), daemon(DaemonRole::Backup));
    let seconds = 1..=2_678_400u32;
    (table(), daemons, (seconds.clone(), seconds.clone(), seconds)).prop_map(
        |(mut table, (master, backup), (tcp, tcp_fin, udp))| {
            // The kernel has no daemons besides real servers of another family.
            let runs = master.is_some() || backup.is_some();
            let same = |family, it: &Destination| Family::of(&it.key.address) == family;
            for (key, pool) in &mut table.pools {
                let servers = &mut Arc::make_mut(pool).destinations;
                servers.retain(|_, server| !runs || same(key.family(), server));
            }
            table.timeouts = Some(Timeouts { tcp, tcp_fin, udp });
            table.daemons =
                BTreeMap::from([(DaemonRole::Master, master), (DaemonRole::Backup, backup)]);
            table
        },
    )
}

fn clear() {
    inside(&["-C"]).expect(0);
    for role in ["master", "backup"] {
        let stop = format!("--stop-daemon {role}\n");
        ours_with(&stop, &["apply", "--allow-empty", "-"]).expect(0);
    }
    inside(&["--set", "900", "120", "300"]).expect(0);
}

#[test]
fn save_and_restore_is_identity() {
    namespace(|| {
        let mut random = Random::new();
        for round in 0..40 {
            let wish = random.draw(whole());
            clear();
            let (_file, path) = file(&lines(&wish));
            inside(&["apply", "--allow-empty", &path]).expect(0);
            let before = live_whole();
            assert_eq!(before, wish, "round {round}");
            let saved = inside(&["-S", "-n", "--full"]).expect(0).out;
            let json = inside(&["-S", "--full", "--json"]).expect(0).out;
            clear();
            assert_eq!(ours_with(&saved, &["-R"]).expect(0).complaints, "");
            assert_eq!(live_whole(), before, "ours -R: {saved}");
            clear();
            assert_eq!(restore(&saved).expect(0).complaints, "");
            assert_eq!(live_whole(), before, "ours, ipvsadm-restore: {saved}");
            clear();
            assert_eq!(reference(&saved, &["-R"]).expect(0).complaints, "");
            assert_eq!(live_whole(), before, "theirs -R: {saved}");
            clear();
            ours_with(&json, &["apply", "--allow-empty", "-"]).expect(0);
            assert_eq!(live_whole(), before, "JSON: {json}");
            assert_eq!(inside(&["-S", "-n", "--full"]).expect(0).out, saved);
        }
    });
}

#[test]
fn what_no_line_can_say_is_said_and_json_keeps_it() {
    namespace(|| {
        let json = "{\"schema\":1,\"services\":[{\"protocol\":\"tcp\",\"address\":\"192.0.2.80\",\
            \"port\":80,\"destinations\":[\
            {\"address\":\"198.51.100.1\",\"port\":8080,\"forwarding\":\"route\"},\
            {\"address\":\"198.51.100.2\",\"port\":80,\"forwarding\":\"bypass\"}]},\
            {\"protocol\":50,\"address\":\"192.0.2.80\",\"port\":80}]}";
        ours_with(json, &["apply", "-"]).expect(0);
        let before = live_whole();
        assert_eq!(before.destinations(), 2);
        let mut servers = before.pools.values().flat_map(|pool| pool.destinations.values());
        assert!(servers.any(|it| it.forwarding == Forwarding::Bypass), "{before:?}");
        let full = ours(&["-S", "-n", "--full"]).expect(1);
        assert!(full.complaints.contains("protocol 50"), "{full:?}");
        assert!(full.complaints.contains("forwarding method 4"), "{full:?}");
        assert!(full.complaints.contains("loads as another; use --json"), "{full:?}");
        let json = ours(&["-S", "--full", "--json"]).expect(0).out;
        clear();
        ours_with(&json, &["apply", "-"]).expect(0);
        assert_eq!(live_whole(), before);
    });
}
