//! `conns`: filters, counts and comparison, on real connections and on a table of a million.

use std::net::UdpSocket;

use crate::common::{namespace, run};
use crate::connection::{connect, talk};
use crate::program::{file, ours, ours_with, restore, shell};

const TITLE: &str = "Protocol  Expires  State        Client";

/// Lines of `/proc/net/ip_vs_conn` as the kernel writes them.
const COPY: &str = "\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP C6336407 0FA0 C0000250 0050 0A000001 0050 ESTABLISHED     894
TCP C6336407 0FA1 C0000250 0050 0A000002 0050 SYN_RECV         54
TCP C6336408 0FA2 C0000250 01BB 0A000001 01BB TIME_WAIT        12
UDP C6336409 0FA3 C0000250 0035 0A000001 0035 UDP             299
TCP 2001:0db8:0000:0000:0000:0000:0000:0007 0FA4 2001:0db8:0000:0000:0000:0000:0000:0080 0050 \
2001:0db8:0000:0000:0000:0000:0000:0011 0050 ESTABLISHED     899
TCP C6336407 0000 C0000250 0050 0A000001 0050 ASSURED         300
IP  C6336407 0000 00000007 0000 0A000002 0000 NONE            300
";

/// The clients of the rows that `conns` prints of [`COPY`].
fn clients(words: &[&str]) -> Vec<String> {
    let outcome = ours_with(COPY, &[&["conns", "--from", "-"], words].concat()).expect(0);
    let rows = outcome.out.lines().skip(1).map(|row| row.split_whitespace().nth(3));
    rows.map(|client| client.unwrap_or_default().to_owned()).collect()
}

#[test]
fn conns_lists_connections_that_match_every_option() {
    let a = "198.51.100.7:4000";
    let b = "198.51.100.7:4001";
    let c = "198.51.100.8:4002";
    let udp = "198.51.100.9:4003";
    let v6 = "[2001:db8::7]:4004";
    for (words, expected) in [
        ("", [a, b, c, udp, v6].as_slice()),
        ("--client 198.51.100.7", &[a, b]),
        ("--client 198.51.100.8/31", &[c, udp]),
        ("--client 198.51.100.7:4001", &[b]),
        ("--client 198.51.100.7 --state syn_recv", &[b]),
        ("--state SYN_RECV,TIME_WAIT", &[b, c]),
        ("--service 192.0.2.80:443", &[c]),
        ("--service [2001:db8::80]:80", &[v6]),
        ("--server 10.0.0.1 --protocol tcp", &[a, c]),
        ("--server 10.0.0.2 --server 10.0.0.1:53", &[b, udp]),
        ("--family 6", &[v6]),
        ("--family 4 --top 1", &[a]),
        ("--templates --service 192.0.2.80", &["198.51.100.7:0"]),
        ("--sort expires --top 2", &[v6, a]),
        ("--sort state --protocol tcp", &[a, v6, b, c]),
        ("--client 203.0.113.1", &[]),
    ] {
        let words: Vec<&str> = words.split_whitespace().collect();
        assert_eq!(clients(&words), expected, "{words:?}");
    }
    let marked = ours_with(COPY, &["conns", "--from", "-", "--templates"]).expect(0).out;
    assert!(marked.contains("  fwmark 7  "), "{marked}");
}

#[test]
fn conns_counts_and_names_the_largest_group_first() {
    let by = |key: &str| {
        let words = ["conns", "--from", "-", "--by", key, "--family", "4"];
        ours_with(COPY, &words).expect(0).out
    };
    let expected = "\
Client        Connections  Established    Share
-----------------------------------------------
198.51.100.7            2            1   50.0 %
198.51.100.8            1            0   25.0 %
198.51.100.9            1            0   25.0 %
total                   4            1  100.0 %
";
    assert_eq!(by("client"), expected);
    assert!(by("server").contains("\n10.0.0.1:53 "), "{}", by("server"));
    assert!(by("service").contains("\nTCP 192.0.2.80:80 "), "{}", by("service"));
    assert!(by("state").contains("\nTIME_WAIT "), "{}", by("state"));
    let words = ["conns", "--from", "-", "--by", "service", "--top", "1", "--json"];
    let json: serde_json::Value =
        serde_json::from_str(&ours_with(COPY, &words).expect(0).out).unwrap();
    let expected = serde_json::json!({
        "schema": 1, "connections": 5, "established": 2,
        "groups": [{
            "protocol": "tcp", "virtual_address": "192.0.2.80", "virtual_port": 80,
            "connections": 2, "established": 1,
        }],
    });
    assert_eq!(json, expected);
}

#[test]
fn conns_compare_tells_what_each_director_lacks() {
    let saved = |copy: &str| ours_with(copy, &["conns", "--from", "-", "--json"]).expect(0).out;
    // Another port of a client, and another real server of a connection.
    let peer = COPY.replace("0FA2", "0FFF").replace("0A000002 0050 SYN", "0A000009 0050 SYN");
    let (_here, here) = file(&saved(COPY));
    let (_there, there) = file(&saved(&peer));
    let same = ours(&["conns", "compare", &here, &here]).expect(0);
    assert!(same.out.contains("connections     5      5  0 (0.0 %)"), "{same:?}");
    let outcome = ours(&["conns", "compare", &there, &here, "--json"]).expect(1);
    let json: serde_json::Value = serde_json::from_str(&outcome.out).unwrap();
    let shares = |here, there, common, only_here, only_there, other| {
        serde_json::json!({
            "here": here, "there": there, "common": common,
            "only_here": only_here, "only_there": only_there, "other_server": other,
        })
    };
    assert_eq!(json["connections"], shares(5, 5, 3, 1, 1, 1));
    assert_eq!((&json["equal"], outcome.complaints.as_str()), (&false.into(), ""));
    // A standby that the sync daemon does not feed.
    let (_empty, empty) = file(&saved(COPY.split_inclusive('\n').next().unwrap()));
    let outcome = ours(&["conns", "compare", &empty, &here]).expect(1);
    assert!(outcome.complaints.contains("the other director lacks connections"), "{outcome:?}");
    for bad in ["/dev/null", "/no/such/file"] {
        let outcome = ours(&["conns", "compare", bad, &here]).expect(2);
        assert!(outcome.complaints.contains(bad), "{outcome:?}");
    }
}

#[test]
fn conns_shows_the_kernels_connections_to_everybody() {
    namespace(|| {
        let mut stream = connect();
        assert_eq!(talk(&mut stream, "hello"), Ok(()));
        let nobody = "setpriv --reuid 65534 --clear-groups";
        let words = "conns --server 198.51.100.200:8080 --state established";
        let listed = shell(&format!("{nobody} $ours {words}")).expect(0).out;
        assert!(listed.starts_with(TITLE), "{listed}");
        let client = stream.local_addr().unwrap();
        let row = listed.lines().nth(1).unwrap_or_default();
        assert!(row.starts_with("TCP ") && row.contains(&client.to_string()), "{listed}");
        assert_eq!(listed.lines().count(), 2, "{listed}");
        let other = ours(&["conns", "--server", "198.51.100.201"]).expect(0).out;
        assert_eq!(other.lines().count(), 1, "{other}");
        let file = shell("$ours conns --json > saved; $ours conns compare saved").expect(0);
        assert!(file.out.contains("0 (0.0 %)"), "{file:?}");
    });
}

#[test]
fn a_filter_of_the_old_listing_proposes_conns() {
    namespace(|| {
        let mut stream = connect();
        assert_eq!(talk(&mut stream, "hello"), Ok(()));
        let client = stream.local_addr().unwrap().to_string();
        for (words, options, is_listed) in [
            ("-L -c -t 192.0.2.80:80", "--service 192.0.2.80:80 --protocol tcp", true),
            ("-Lcnt 192.0.2.80:0", "--service 192.0.2.80 --protocol tcp", true),
            ("-L -c -t localhost:80", "--service 127.0.0.1:80 --protocol tcp", false),
            ("-L -u [2001:db8::80]:53 -c", "--service [2001:db8::80]:53 --protocol udp", false),
            ("-L -c -f 7", "--help", false),
            ("-L -c -r 198.51.100.200", "--server 198.51.100.200", true),
            (
                "-L -c -t 192.0.2.80:80 -r [2001:db8::9]:81",
                "--service 192.0.2.80:80 --protocol tcp --server [2001:db8::9]:81",
                false,
            ),
        ] {
            let refused = ours(&words.split(' ').collect::<Vec<_>>()).expect(2);
            let hint = "hint: -L -c lists every connection; to filter them: ipvsadm ";
            let (_, proposed) = refused.complaints.split_once(hint).unwrap_or_else(|| {
                panic!("{words}: {refused:?}");
            });
            assert_eq!(proposed, format!("conns {options}\n"));
            let pasted = shell(&format!("$ours {proposed}")).expect(0);
            assert_eq!(pasted.out.contains(&client), is_listed, "{words}: {pasted:?}");
        }
        let named = ours(&["-L", "-c", "-f", "7", "--netns", "a $(b)"]).expect(2).complaints;
        assert!(named.ends_with(": ipvsadm conns --help --netns 'a $(b)'\n"), "{named}");
        for words in ["-L -c --timeout", "-L -t 192.0.2.80:80 -r 198.51.100.200", "-L -c -w 1"] {
            let refused = ours(&words.split(' ').collect::<Vec<_>>()).expect(2);
            assert!(!refused.complaints.contains("conns"), "{words}: {refused:?}");
        }
    });
}

#[test]
fn a_million_connections_are_listed_in_little_memory() {
    let row = "TCP C6336407 0FA0 C0000250 0050 0A000001 0050 ESTABLISHED     894";
    let within_64_mib = |words: &str| {
        shell(&format!("ulimit -v 65536; yes '{row}' | head -1000000 | $ours {words} | wc -l"))
    };
    let listed = within_64_mib("conns --from - --client 198.51.100.0/24").expect(0);
    assert_eq!((listed.out.trim(), listed.complaints.as_str()), ("1000001", ""));
    // Sorting keeps all connections in memory, so the limit of 64 MiB is too low for it.
    let sorted = within_64_mib("conns --from - --sort client");
    assert!(sorted.complaints.contains("memory"), "{sorted:?}");
}

#[test]
fn a_hundred_thousand_real_connections_are_counted() {
    namespace(|| {
        for address in ["192.0.2.80/32", "198.51.100.200/32", "198.51.100.201/32"] {
            run("ip", &["address", "add", address, "dev", "lo"]);
        }
        run("ip", &["link", "set", "lo", "up"]);
        let rules = "-A -u 192.0.2.80:53 -s rr\n\
                     -a -u 192.0.2.80:53 -r 198.51.100.200:53 -m -w 1\n\
                     --set 0 0 36000\n";
        restore(rules).expect(0);
        for client in ["198.51.100.200", "198.51.100.201"] {
            for port in 10_001..=60_000 {
                let socket = UdpSocket::bind((client, port)).unwrap();
                let _ = socket.send_to(b"?", "192.0.2.80:53");
            }
        }
        let counted = ours(&["conns", "--by", "client"]).expect(0).out;
        for row in ["198.51.100.200        50000", "198.51.100.201        50000"] {
            assert!(counted.contains(row), "{counted}");
        }
    });
}
