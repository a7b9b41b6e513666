//! Loading a saved table gives the same table, also with the reference.

use std::collections::BTreeMap;
use std::sync::Arc;

use std::net::SocketAddr;

use ipvsadm::Client;
use ipvsadm::model::{
    Change, Daemon, DaemonRole, Destination, Family, Forwarding, Granularity, InterfaceName,
    Persistence, Protocol, SchedulerName, Service, ServiceKey, Table, Timeouts, Tunnel,
};
use proptest::prelude::*;

use crate::common::{namespace, run};
use crate::program::{
    Random, called, file, inside, lines, live_whole, ours, ours_with, reference, restore,
};
use crate::tables::table;

fn daemon(role: DaemonRole) -> impl Strategy<Value = Option<Daemon>> {
    // A master needs a route to its group; on lo there is one for IPv4 only.
    let sixth = if role == DaemonRole::Master { "224.0.0.9" } else { "ff02::51" };
    let group = proptest::sample::select(vec!["224.0.0.81", "239.1.2.3", sixth]);
    let raw = (any::<u8>(), 1200..1500u16, group, 1..=u16::MAX - 8, 1..=u8::MAX);
    // Daemons are rare, since stopping one can take half a second.
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
            // The kernel permits no daemon next to real servers of the other address family.
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
            let desired = random.draw(whole());
            clear();
            let (_file, path) = file(&lines(&desired));
            inside(&["apply", "--allow-empty", &path]).expect(0);
            let before = live_whole();
            assert_eq!(before, desired, "round {round}");
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
fn save_reports_values_that_no_line_can_express_and_json_keeps_them() {
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
        let left = "no rule line can express protocol 50; use --json\n";
        assert!(full.complaints.contains(left), "{full:?}");
        assert!(full.complaints.contains("forwarding method 4"), "{full:?}");
        let port = "-r 198.51.100.1:8080 is not saved as it is: its rule line loads as port 80: \
                    only -m can have a port of its own; use --json\n";
        assert!(full.complaints.contains(port), "{full:?}");
        let json = ours(&["-S", "--full", "--json"]).expect(0).out;
        clear();
        ours_with(&json, &["apply", "-"]).expect(0);
        assert_eq!(live_whole(), before);
    });
}

/// Two real servers that would load as the same one, and one that would load as another.
#[test]
fn every_output_reports_lines_that_load_as_something_else() {
    namespace(|| {
        let server = |port: u16, forwarding: &str| {
            format!(
                "{{\"address\":\"198.51.100.1\",\"port\":{port},\"forwarding\":\"{forwarding}\"}}"
            )
        };
        let servers =
            [server(80, "route"), server(8080, "route"), server(81, "tunnel"), server(82, "local")];
        let json = format!(
            "{{\"schema\":1,\"services\":[{{\"protocol\":\"tcp\",\"address\":\"192.0.2.80\",\
             \"port\":80,\"destinations\":[{}]}}]}}",
            servers.join(",")
        );
        ours_with(&json, &["apply", "-"]).expect(0);
        let before = live_whole();
        let theirs = reference("", &["-S", "-n"]).expect(0);
        let ways: [(&str, &[&str]); 5] = [
            ("ipvsadm", &["-S", "-n"]),
            ("ipvsadm", &["-S"]),
            ("ipvsadm", &["-S", "-n", "--full"]),
            ("ipvsadm-save", &["-n"]),
            ("ipvsadm-save", &[]),
        ];
        for (name, words) in ways {
            let saved = called(name, "", words).expect(1);
            if words == ["-n"] || words == ["-S", "-n"] {
                assert_eq!(saved.out, theirs.out, "the file is the old one");
            }
            let said = |text: &str| {
                assert!(saved.complaints.contains(text), "{name} {words:?}: {saved:?}");
            };
            assert_eq!(saved.complaints.lines().count(), 3, "{name} {words:?}: {saved:?}");
            let port = "is not saved as it is: its rule line loads as port 80: only -m";
            said(&format!("198.51.100.1:8080 {port}"));
            said(&format!("198.51.100.1:81 {port}"));
            said(
                "198.51.100.1:82 is not saved as it is: its rule line loads as -g, since no option",
            );
        }
        let json = ours(&["-S", "--full", "--json"]).expect(0).out;
        clear();
        ours_with(&json, &["apply", "-"]).expect(0);
        assert_eq!(live_whole(), before);
        clear();
    });
}

fn key(protocol: Protocol, port: u16) -> ServiceKey {
    ServiceKey::Address { protocol, address: "192.0.2.80".parse().unwrap(), port }
}

fn service(key: ServiceKey) -> Service {
    Service::new(key, SchedulerName::new("rr").unwrap())
}

fn lasting(key: ServiceKey, timeout: u32, granularity: Granularity) -> Service {
    Service { persistence: Some(Persistence { timeout, granularity }), ..service(key) }
}

/// Objects with values that no option sets. The first ones can still be written as rule lines.
fn odd_changes() -> Vec<Change> {
    let host = Granularity::host(Family::V4);
    let holes = Granularity::V4([0, 0, 0, 24].into());
    let web = key(Protocol::Tcp, 80);
    let server = |text: &str| Destination::new(text.parse::<SocketAddr>().unwrap());
    let odd_gre = Tunnel::Other { kind: 2, port: 7, flags: 9 };
    let mut changes: Vec<Change> = [
        lasting(web, 300, holes),
        lasting(key(Protocol::Tcp, 1), 4_000_000, host),
        lasting(key(Protocol::Tcp, 2), 0, holes),
        Service { one_packet: true, ..service(key(Protocol::Sctp, 80)) },
        service(key(Protocol::Tcp, 0)),
        service(key(Protocol::Other(50), 80)),
    ]
    .map(Change::AddService)
    .into();
    changes.extend(
        [
            Destination { forwarding: Forwarding::Masquerade, ..server("198.51.100.1:8080") },
            Destination { upper_threshold: i32::MAX as u32, ..server("198.51.100.2:80") },
            Destination { forwarding: Forwarding::Local, ..server("198.51.100.3:80") },
            Destination { upper_threshold: u32::MAX, ..server("198.51.100.4:80") },
            Destination { forwarding: Forwarding::Other(5), ..server("198.51.100.5:80") },
            Destination { forwarding: Forwarding::Tunnel(odd_gre), ..server("198.51.100.6:80") },
        ]
        .map(|server| Change::AddDestination(web, server)),
    );
    changes.push(Change::SetTimeouts(Timeouts { tcp: 3_000_000, tcp_fin: 120, udp: 300 }));
    changes
}

const READABLE: &str = "-A -t 192.0.2.80:80 -s rr -p 300 -M 0.0.0.24\n\
    -a -t 192.0.2.80:80 -r 198.51.100.1:8080 -m -w 1\n\
    -a -t 192.0.2.80:80 -r 198.51.100.2:80 -g -w 1 -x 2147483647\n\
    -a -t 192.0.2.80:80 -r 198.51.100.3:80 -g -w 1\n";

const LEFT_OUT: [&str; 9] = [
    "-t 192.0.2.80:1 is not saved: no rule line can express this persistence",
    "-t 192.0.2.80:2 is not saved: no rule line can express this persistence",
    "--sctp-service 192.0.2.80:80 is not saved: no rule line can express one-packet scheduling of \
     a protocol other than UDP",
    "-t 192.0.2.80:0 is not saved: no rule line can express port 0 without persistence",
    "no rule line can express protocol 50",
    "-r 198.51.100.4:80 is not saved: no rule line can express this upper_threshold",
    "-r 198.51.100.5:80 is not saved: no rule line can express forwarding method 5",
    "-r 198.51.100.6:80 is not saved: no rule line can express tunnel type 2 with checksum flags 9",
    "no rule line can express this tcp",
];

#[test]
fn every_line_that_is_saved_can_be_read() {
    namespace(|| {
        let mut client = Client::open().unwrap();
        for change in odd_changes() {
            // Linux 7.2 refuses this threshold.
            if let Err(why) = client.change(&change) {
                assert!(format!("{change:?}").contains("4294967295"), "{change:?}: {why}");
            }
        }
        let saved = ours(&["-S", "-n"]).expect(1);
        assert_eq!(saved.out, READABLE);
        let full = ours(&["-S", "-n", "--full"]).expect(1);
        assert_eq!(full.out, READABLE);
        for text in LEFT_OUT.iter().filter(|text| !text.ends_with("upper_threshold")) {
            assert!(full.complaints.contains(&format!("{text}; use --json\n")), "{text}: {full:?}");
        }
        let before = live_whole();
        for words in [&["-S", "--full", "--json"][..], &["-L", "--json"]] {
            let json = ours(words).expect(0).out;
            assert_eq!(ours_with(&json, &["diff", "-"]).expect(0).out, "");
        }
        let json = ours(&["-S", "--full", "--json"]).expect(0).out;
        clear();
        restore(&saved.out).expect(0);
        ours_with(&json, &["apply", "-"]).expect(0);
        assert_eq!(live_whole(), before);
    });
}

#[test]
fn a_daemon_whose_interface_reads_as_a_comment_is_left_out() {
    namespace(|| {
        run("ip", &["link", "set", "lo", "up"]);
        run("ip", &["link", "add", "#0", "type", "dummy"]);
        run("ip", &["link", "set", "#0", "up"]);
        ours(&["--start-daemon", "backup", "--mcast-interface", "#0"]).expect(0);
        let full = ours(&["-S", "-n", "--full"]).expect(1);
        assert_eq!(full.out, "--set 900 120 300\n");
        let text = "backup daemon on #0 is not saved: no rule line can express this interface";
        assert!(full.complaints.starts_with(text), "{full:?}");
        let json = ours(&["-S", "--full", "--json"]).expect(0).out;
        assert_eq!(ours_with(&json, &["diff", "-"]).expect(0).out, "");
        clear();
    });
}
