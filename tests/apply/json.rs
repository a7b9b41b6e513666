//! The JSON output agrees with the text output.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};
use serde_json::Value;

use crate::common::{namespace, run};
use crate::program::{Random, file, inside, lines, ours};
use crate::tables::table;

fn parse(words: &[&str]) -> Value {
    let outcome = inside(words).expect(0);
    let value: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(value["schema"], 1, "{words:?}");
    value
}

fn text(words: &[&str]) -> Vec<Vec<String>> {
    let out = inside(words).expect(0).out;
    let words = |row: &str| row.split_whitespace().map(str::to_owned).collect();
    out.lines().map(words).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => panic!("a key is missing"),
        other => other.to_string(),
    }
}

fn endpoint(value: &Value, prefix: &str) -> String {
    let address = value[format!("{prefix}address")].as_str().unwrap();
    let port = &value[format!("{prefix}port")];
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

fn service_words(service: &Value) -> Vec<String> {
    match service.get("fwmark") {
        Some(mark) if service["family"] == "ipv6" => {
            vec!["FWM".to_owned(), mark.to_string(), "IPv6".to_owned()]
        }
        Some(mark) => vec!["FWM".to_owned(), mark.to_string()],
        None => vec![plain(&service["protocol"]).to_uppercase(), endpoint(service, "")],
    }
}

/// Words after the name of a service in the default listing.
fn flags(service: &Value) -> Vec<String> {
    let mut words = vec![plain(&service["scheduler"])];
    if let Some(flags) = service.get("flags") {
        let flags: Vec<String> = flags.as_array().unwrap().iter().map(plain).collect();
        words.push(format!("({})", flags.join(",")));
    }
    if let Some(timeout) = service.get("persistence") {
        words.extend(["persistent".to_owned(), timeout.to_string()]);
        if let Some(mask) = service.get("netmask") {
            words.extend(["mask".to_owned(), plain(mask)]);
        }
        if let Some(engine) = service.get("engine") {
            words.extend(["pe".to_owned(), plain(engine)]);
        }
    }
    if service.get("one_packet").is_some() {
        words.push("ops".to_owned());
    }
    words
}

fn tunnel(server: &Value) -> String {
    let checksum = match server["tunnel_checksum"].as_str() {
        Some("full") => "+c",
        Some("remote") => "r+c",
        _ => "-c",
    };
    match server["tunnel"].as_str() {
        None => "n/a".to_owned(),
        Some("ipip") => "ipip".to_owned(),
        Some("gue") => format!("gue:{}:{checksum}", server["tunnel_port"]),
        Some(kind) => format!("{kind}:{checksum}"),
    }
}

fn method(server: &Value) -> &'static str {
    match server["forwarding"].as_str().unwrap() {
        "masquerade" => "Masq",
        "route" => "Route",
        "tunnel" => "Tunnel",
        other => panic!("{other}"),
    }
}

/// Values of these fields. Thresholds of 0 may be missing; every other field of a column must
/// exist.
fn fields(value: &Value, names: &[&str]) -> Vec<String> {
    let field = |name: &str| match value.get(name) {
        Some(value) => plain(value),
        None if name.ends_with("_threshold") => "0".to_owned(),
        None => panic!("no {name} in {value}"),
    };
    names.iter().map(|name| field(name)).collect()
}

const COUNTERS: [&str; 5] = ["connections", "in_packets", "out_packets", "in_bytes", "out_bytes"];

/// Rows of the text listing, built from the JSON.
fn rows(list: &Value, option: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for service in list["services"].as_array().unwrap() {
        let mut row = service_words(service);
        row.extend(match option {
            "--stats" => fields(&service["stats"], &COUNTERS),
            "--rate" => fields(&service["rate"], &COUNTERS),
            _ => flags(service),
        });
        rows.push(row);
        for server in service["destinations"].as_array().unwrap() {
            let mut row = vec!["->".to_owned(), endpoint(server, "")];
            let connections = fields(server, &["active_connections", "inactive_connections"]);
            let (weight, method) = (plain(&server["weight"]), method(server).to_owned());
            row.extend(match option {
                "--stats" => fields(&server["stats"], &COUNTERS),
                "--rate" => fields(&server["rate"], &COUNTERS),
                "--thresholds" => {
                    [fields(server, &["upper_threshold", "lower_threshold"]), connections].concat()
                }
                "--persistent-conn" => {
                    [vec![weight], fields(server, &["persistent_connections"]), connections]
                        .concat()
                }
                "--tun-info" => [vec![method, tunnel(server), weight], connections].concat(),
                _ => [vec![method, weight], connections].concat(),
            });
            rows.push(row);
        }
    }
    rows
}

/// Collects the keys of all levels.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.keys().cloned());
            map.values().for_each(|value| keys(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn every_key_is_documented() {
    namespace(|| {
        let mut random = Random::new();
        let mut found = BTreeSet::new();
        for _ in 0..20 {
            let (_file, path) = file(&(lines(&random.draw(table())) + "--set 901 121 301\n"));
            let diff = inside(&["diff", "--json", &path]).out;
            keys(&serde_json::from_str(&diff).unwrap(), &mut found);
            let apply = inside(&["apply", "--json", "--allow-empty", &path]).expect(0).out;
            keys(&serde_json::from_str(&apply).unwrap(), &mut found);
            let forms: [&[&str]; 5] = [
                &["-L", "--json"],
                &["-L", "--stats", "--json"],
                &["-L", "--rate", "--json"],
                &["-L", "-c", "--json"],
                &["-S", "--full", "--json"],
            ];
            for words in forms {
                keys(&parse(words), &mut found);
            }
        }
        assert!(found.len() > 35, "{found:?}");
        let text = include_str!("../../docs/json.md");
        for key in found {
            assert!(text.contains(&format!("`{key}`")), "docs/json.md: {key} is missing");
        }
    });
}

#[test]
fn every_listing_of_services_agrees() {
    namespace(|| {
        let mut random = Random::new();
        for round in 0..25 {
            let (_file, path) = file(&lines(&random.draw(table())));
            inside(&["apply", "--allow-empty", &path]).expect(0);
            let options =
                ["--sort", "--stats", "--rate", "--thresholds", "--persistent-conn", "--tun-info"];
            for option in options {
                let list = parse(&["-L", option, "--json"]);
                let words = text(&["-L", "-n", "--exact", option]);
                assert_eq!(rows(&list, option), words[3..], "round {round} {option}");
                let version =
                    format!("{} (size={})", plain(&list["version"]), list["connection_table_size"]);
                assert_eq!(words[0][4..].join(" "), version);
                for service in list["services"].as_array().unwrap() {
                    assert_eq!(service.get("stats").is_some(), option == "--stats");
                    assert_eq!(service.get("rate").is_some(), option == "--rate");
                }
            }
            // With both options, each object contains the fields of both listings.
            let both = parse(&["-L", "--stats", "--rate", "--json"]);
            for service in both["services"].as_array().unwrap() {
                let servers = service["destinations"].as_array().unwrap();
                for object in servers.iter().chain([service]) {
                    assert!(object["stats"].is_object() && object["rate"].is_object(), "{object}");
                }
            }
            let saved = parse(&["-S", "--json"]);
            let mut list = parse(&["-L", "--json"]);
            for service in list["services"].as_array_mut().unwrap() {
                for server in service["destinations"].as_array_mut().unwrap() {
                    server
                        .as_object_mut()
                        .unwrap()
                        .retain(|name, _| !name.contains("_connections"));
                }
            }
            assert_eq!(saved["services"], list["services"]);
        }
    });
}

/// Sends datagrams and every second reply, so that all counters differ.
fn traffic(vip: &str, server: &UdpSocket, clients: usize) {
    for _ in 0..clients {
        let client = UdpSocket::bind("10.0.0.1:0").unwrap();
        for round in 0..4 {
            client.send_to(&[1; 10], vip).unwrap();
            let (_, peer) = server.recv_from(&mut [0; 10]).unwrap();
            if round % 2 == 0 {
                server.send_to(&[2; 100], peer).unwrap();
                client.recv_from(&mut [0; 100]).unwrap();
            }
        }
    }
}

#[test]
fn counters_and_rates_of_traffic_agree() {
    namespace(|| {
        run("ip", &["address", "add", "10.0.0.1/24", "dev", "lo"]);
        let rules = "-A -u 10.0.0.1:53 -s rr\n-a -u 10.0.0.1:53 -r 10.0.0.1:5353 -m\n";
        let (_file, path) = file(rules);
        ours(&["apply", &path]).expect(0);
        let server = UdpSocket::bind("10.0.0.1:5353").unwrap();
        server.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        for option in ["--stats", "--rate"] {
            let begun = Instant::now();
            // The kernel updates counters every two seconds, so it may do so between two readings.
            // Rates sink without traffic.
            loop {
                traffic("10.0.0.1:53", &server, 50);
                let list = parse(&["-L", option, "--json"]);
                let words = text(&["-L", "-n", "--exact", option]);
                let rows = rows(&list, option);
                let apart: BTreeSet<&String> = rows[1][2..].iter().collect();
                if rows == words[3..] && apart.len() == 5 && !apart.contains(&"0".to_owned()) {
                    break;
                }
                assert!(begun.elapsed() < Duration::from_secs(60), "{rows:?}, {words:?}");
                sleep(Duration::from_millis(200));
            }
        }
    });
}

#[test]
fn one_service_time_outs_and_daemons_agree() {
    namespace(|| {
        let rules = "-A -t 192.0.2.80:80 -s rr\n-A -f 7 -6 -s rr\n--set 901 121 301\n\
            --start-daemon master --mcast-interface lo --syncid 3\n\
            --start-daemon backup --mcast-interface lo --mcast-group ff02::51\n";
        let (_file, path) = file(rules);
        ours(&["apply", &path]).expect(0);
        let one = parse(&["-L", "-f", "7", "-6", "--json"]);
        assert_eq!(rows(&one, ""), text(&["-L", "-n", "-f", "7", "-6"])[2..]);
        assert_eq!(one.get("version"), None);
        let timeouts = parse(&["-L", "--timeout", "--json"]);
        let values = fields(&timeouts["timeouts"], &["tcp", "tcp_fin", "udp"]);
        assert_eq!(values, text(&["-L", "--timeout"])[0][4..]);
        let daemons = parse(&["-L", "--daemon", "--json"]);
        let rows: Vec<String> = daemons["daemons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                let values = fields(
                    it,
                    &["role", "interface", "sync_id", "max_length", "group", "port", "ttl"],
                );
                let [role, interface, id, length, group, port, ttl] = values.try_into().unwrap();
                format!(
                    "{role} sync daemon (mcast={interface}, syncid={id}, maxlen={length}, \
                 group={group}, port={port}, ttl={ttl})"
                )
            })
            .collect();
        assert_eq!(rows, ours(&["-L", "--daemon"]).out.lines().collect::<Vec<_>>());
        let outcome = ours(&["-L", "-t", "192.0.2.99:80", "--json"]).expect(1);
        assert!(outcome.complaints.starts_with("No such service"), "{outcome:?}");
    });
}

#[test]
fn connections_agree() {
    namespace(|| {
        let rules = "-A -u 127.0.0.1:53 -s rr -p 60\n-a -u 127.0.0.1:53 -r 127.0.0.1:5353 -m\n\
            -A -u [::1]:53 -s rr\n-a -u [::1]:53 -r [::1]:5353 -m\n";
        let (_file, path) = file(rules);
        ours(&["apply", &path]).expect(0);
        for (own, vip) in [("127.0.0.1:0", "127.0.0.1:53"), ("[::1]:0", "[::1]:53")] {
            // Three sockets at once, so that none gets the port of another.
            for client in [(); 3].map(|()| UdpSocket::bind(own).unwrap()) {
                client.send_to(b"x", vip).unwrap();
            }
        }
        // The two readings may be in different seconds, so the expiry may differ.
        let list = parse(&["-L", "-c", "--json"]);
        let rows: Vec<Vec<String>> = list["connections"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                assert!(it["expires"].as_u64().unwrap() <= 300);
                vec![
                    plain(&it["protocol"]).to_uppercase(),
                    plain(&it["state"]),
                    endpoint(it, "client_"),
                    endpoint(it, "virtual_"),
                    endpoint(it, "destination_"),
                ]
            })
            .collect();
        let words: Vec<Vec<String>> = text(&["-L", "-c", "-n"])[2..]
            .iter()
            .map(|row| [&row[..1], &row[2..]].concat())
            .collect();
        assert_eq!(rows, words);
        assert_eq!(rows.len(), 7, "six, and a template");
    });
}

/// Row of `-L -c --persistent-conn` without the expiry, built from the JSON.
fn connection_words(it: &Value) -> Vec<String> {
    let service = match it.get("fwmark").and_then(Value::as_u64) {
        // The kernel shows a firewall mark as an address.
        Some(mark) => format!("{}:0", Ipv4Addr::from(u32::try_from(mark).unwrap())),
        None => endpoint(it, "virtual_"),
    };
    let mut words = vec![
        plain(&it["protocol"]).to_uppercase(),
        plain(&it["state"]),
        endpoint(it, "client_"),
        service,
        endpoint(it, "destination_"),
    ];
    words.extend(["engine", "engine_data"].iter().filter_map(|name| it.get(name)).map(plain));
    words
}

#[test]
fn connections_by_mark_and_of_an_engine_agree() {
    namespace(|| {
        run("ip", &["address", "add", "10.0.0.1/24", "dev", "lo"]);
        let rules = "-A -f 7 -s rr -p 120\n-a -f 7 -r 10.0.0.1:0 -m\n\
            -A -u 10.0.0.1:5060 -s rr -p 60 --pe sip\n-a -u 10.0.0.1:5060 -r 10.0.0.1:5353 -m\n";
        let (_file, path) = file(rules);
        ours(&["apply", &path]).expect(0);
        let call = "OPTIONS sip:user@10.0.0.1 SIP/2.0\r\nCall-ID: a84b4c76\r\n\r\n";
        for (port, mark, text) in [(5353, 7, "x"), (5060, 0, call)] {
            let client = UdpSocket::bind("10.0.0.1:0").unwrap();
            setsockopt(&client, sockopt::Mark, &mark).unwrap();
            client.send_to(text.as_bytes(), ("10.0.0.1", port)).unwrap();
        }
        let list = parse(&["-L", "-c", "--json"]);
        let list = list["connections"].as_array().unwrap();
        let rows: Vec<Vec<String>> = list.iter().map(connection_words).collect();
        let words: Vec<Vec<String>> = text(&["-L", "-c", "-n", "--persistent-conn"])[2..]
            .iter()
            .map(|row| [&row[..1], &row[2..]].concat())
            .collect();
        assert_eq!(rows, words);
        let values = |name: &str| list.iter().filter_map(|it| it.get(name)).map(plain).collect();
        let (marks, engines): (Vec<String>, Vec<String>) = (values("fwmark"), values("engine"));
        assert_eq!((marks, engines), (vec!["7".to_owned()], vec!["sip".to_owned()]), "{list:?}");
        assert!(list.iter().any(|it| it["engine_data"] == "a84b4c76"), "{list:?}");
    });
}

#[test]
fn a_service_with_an_engine_agrees() {
    namespace(|| {
        let rules =
            "-A -u 10.0.0.1:5060 -s rr -p 60 --pe sip\n-a -u 10.0.0.1:5060 -r 10.0.0.2 -m\n";
        let (_file, path) = file(rules);
        ours(&["apply", &path]).expect(0);
        let all = parse(&["-L", "--json"]);
        assert_eq!(all["services"][0]["engine"], "sip");
        assert_eq!(rows(&all, ""), text(&["-L", "-n"])[3..]);
        let one = parse(&["-L", "-u", "10.0.0.1:5060", "--json"]);
        assert_eq!(rows(&one, ""), text(&["-L", "-n", "-u", "10.0.0.1:5060"])[2..]);
        assert_eq!(parse(&["-S", "--json"])["services"][0]["engine"], "sip");
    });
}
