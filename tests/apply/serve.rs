//! `serve`: the page, the metrics and the table over HTTP, and requests that it refuses.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::{namespace, namespace_within};
use crate::connection::{connect, talk};
use crate::metrics::RULES;
use crate::program::{live, ours, restore, shell};
use crate::web::{PATIENCE, Server, rest, wait};

/// Connections that the server accepts at a time.
const CONNECTIONS: usize = 64;

#[test]
fn the_server_offers_page_metrics_and_table() {
    namespace(|| {
        restore(RULES).expect(0);
        let server = Server::start(&[]);
        let page = server.get("/");
        for text in [
            "\r\ncontent-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; ",
            "\r\nx-content-type-options: nosniff\r\n",
            "\r\ncache-control: no-store\r\n",
            "<h2>tcp 192.0.2.81:80 <small>wlc, persistent for 300 s</small></h2>",
            "<tr class=\"drained\"><th scope=\"row\">198.51.100.2:80</th>",
            "<dd>2 of 3</dd>",
            "<h2>fwmark 7 (IPv6) ",
            ">[2001:db8::1]:0</text>",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
        assert_eq!(server.body("/api/table"), ours(&["-L", "-n", "--json"]).expect(0).out);
        assert_eq!(server.body("/metrics"), ours(&["metrics"]).expect(0).out);
        let open = server.send(
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Accept: application/openmetrics-text;version=1.0.0\r\n\r\n",
        );
        assert!(open.ends_with("# EOF\n"), "{open}");
        assert!(
            open.contains("content-type: application/openmetrics-text; version=1.0.0"),
            "{open}"
        );
        assert!(server.get("/etc/passwd").starts_with("HTTP/1.1 404 "));
        assert!(server.get("/page.js").contains("\r\ncontent-type: text/javascript"));
        let (status, said) = server.stop();
        assert_eq!((status.code(), said.as_str()), (Some(0), ""));
    });
}

#[test]
fn the_page_shows_connections_and_drains_as_they_change() {
    namespace(|| {
        let server = Server::start(&["--services-only"]);
        assert!(server.body("/").contains("The table has no services."));
        let mut stream = connect();
        assert_eq!(talk(&mut stream, "hello"), Ok(()));
        let page =
            wait(|| server.body("/"), |page| page.contains("<dt>active connections</dt><dd>1"));
        assert!(page.contains("<tr class=\"up\">"), "{page}");
        // The kernel computes rates every two seconds.
        wait(|| server.body("/"), |page| page.contains("polyline points"));
        let reason = "<script>alert(1)</script>";
        ours(&[
            "drain",
            "--server",
            "198.51.100.200",
            "--min-up",
            "0",
            "--detach",
            "--reason",
            reason,
        ])
        .expect(0);
        let page = wait(|| server.body("/"), |page| page.contains("<tr class=\"draining\">"));
        assert!(page.contains("no real server is up"), "{page}");
        assert!(page.contains(": &lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        assert_eq!(page.matches("<script").count(), 1, "{page}");
        assert!(!server.body("/metrics").contains("ipvs_server_"));
    });
}

#[test]
fn the_name_of_the_host_is_escaped() {
    namespace(|| {
        let outcome = shell(
            r#"unshare --uts sh -c 'printf %s "\"><img src=x onerror=alert(1)>" >/proc/sys/kernel/hostname
            "$0" serve --listen 127.0.0.1:9470 2>/dev/null & server=$!
            until curl -sf http://127.0.0.1:9470/; do sleep 0.1; done
            kill $server; wait $server' $ours"#,
        )
        .expect(0);
        assert!(outcome.out.contains("<title>IPVS on &quot;&gt;&lt;img"), "{outcome:?}");
        assert!(!outcome.out.contains("<img"), "{outcome:?}");
    });
}

#[test]
fn requests_that_other_sites_could_cause_are_refused() {
    namespace(|| {
        restore(RULES).expect(0);
        let server = Server::start(&["--allow-host", "lvs.example"]);
        let status = |head: &str| {
            let answer = server.send(&format!("{head}Connection: close\r\n\r\n"));
            answer.strip_prefix("HTTP/1.").map_or(answer.clone(), |rest| rest[2..5].to_owned())
        };
        assert_eq!(status("GET / HTTP/1.1\r\nHost: lvs.example:1\r\n"), "200");
        assert_eq!(status("GET / HTTP/1.1\r\nHost: evil.example\r\n"), "421");
        assert_eq!(status("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n"), "421");
        assert_eq!(status("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"), "421");
        assert_eq!(status("GET / HTTP/1.1\r\n"), "400");
        assert_eq!(status("GET / HTTP/1.0\r\n"), "400");
        assert_eq!(status("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"), "400");
        let before = live();
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            let head = format!("{method} /api/table HTTP/1.1\r\nHost: localhost\r\n");
            assert_eq!(status(&head), "405", "{method}");
        }
        let body = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n{}",
            "x".repeat(5_000_000)
        );
        let answer = server.send(&body);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 405"), "{answer}");
        assert_eq!(live(), before);
        let head = server.send("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    });
}

#[test]
fn malformed_and_long_requests_are_refused() {
    namespace(|| {
        let server = Server::start(&[]);
        let long = "x".repeat(40_000);
        let many = "A: b\r\n".repeat(100);
        for request in [
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nLong: {long}\r\n\r\n"),
            format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
            "GET / HTTP/9.9\r\n\r\n".to_owned(),
            "\u{16}\u{3}\u{1} this is TLS\r\n\r\n".to_owned(),
            // Request smuggling: two lengths.
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"
                .to_owned(),
        ] {
            let answer = server.send(&request);
            let is_refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
            assert!(is_refused && !answer.contains("200 OK"), "{request:.60}: {answer}");
        }
        assert!(server.body("/").contains("The table has no services."));
    });
}

#[test]
fn slow_and_idle_clients_are_disconnected() {
    namespace(|| {
        let server = Server::start(&[]);
        let mut half = server.connect();
        half.write_all(b"GET / HTTP/1.1\r\nHost: local").unwrap();
        let mut idle = server.connect();
        idle.write_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let silent = server.connect();
        assert!(server.body("/").contains("The table has no services."));
        let answer = rest(half);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(rest(idle).starts_with("HTTP/1.1 200 "));
        assert_eq!(rest(silent), "");
    });
}

#[test]
fn connections_are_limited() {
    namespace(|| {
        let server = Server::start(&[]);
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut stream = server.connect();
            stream.write_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            // The answer shows that the server has accepted the connection.
            let mut first = [0; 12];
            stream.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"HTTP/1.1 200");
            held.push(stream);
        }
        let answer = server.get("/");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 "), "{answer}");
        held.pop();
        wait(|| server.get("/"), |answer| answer.starts_with("HTTP/1.1 200 "));
    });
}

#[test]
fn the_server_keeps_one_capability_and_ends_by_sigterm() {
    namespace(|| {
        let server = Server::start(&[]);
        let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("{name}: {status}")).trim().to_owned()
        };
        // Bit 12 is CAP_NET_ADMIN.
        for set in ["CapPrm:", "CapEff:", "CapBnd:"] {
            assert_eq!(value(set), "0000000000001000", "{set}");
        }
        for set in ["CapInh:", "CapAmb:"] {
            assert_eq!(value(set), "0000000000000000", "{set}");
        }
        assert_eq!((value("NoNewPrivs:"), value("Threads:")), ("1".to_owned(), "1".to_owned()));
        let mut idle = server.connect();
        idle.write_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let (status, said) = server.stop();
        assert_eq!((status.code(), said.as_str()), (Some(0), ""));
        rest(idle);
    });
}

#[test]
fn an_address_that_cannot_be_used_gets_one_message() {
    namespace(|| {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let outcome = ours(&["serve", "--listen", &address]).expect(1);
        let text = format!(
            "cannot listen on {address}: Address already in use\n\
             hint: another program uses this port; choose another port with --listen\n"
        );
        assert_eq!(outcome.complaints, text);
        let outcome = ours(&["serve", "--listen", "192.0.2.99:9469"]).expect(1);
        assert!(
            outcome.complaints.contains("\nhint: no interface of this host has"),
            "{outcome:?}"
        );
        for address in ["9469", "127.0.0.1", "host:80", "127.0.0.1:99999"] {
            let outcome = ours(&["serve", "--listen", address]);
            assert_eq!((outcome.status, outcome.out.as_str()), (2, ""), "{outcome:?}");
            assert!(
                outcome.complaints.contains("--listen: expected an IP address with a port"),
                "{outcome:?}"
            );
        }
        let nobody = "setpriv --reuid 65534 --clear-groups $ours serve";
        let outcome = shell(nobody).expect(2);
        assert!(outcome.complaints.starts_with("Can't initialize ipvs: "), "{outcome:?}");
    });
}

#[test]
fn other_addresses_get_a_warning() {
    namespace(|| {
        let (status, said) = Server::listen("0.0.0.0:0", &[]).stop();
        assert_eq!(status.code(), Some(0));
        assert!(said.starts_with("hint: everyone who can reach this address"), "{said}");
    });
}

#[test]
fn prometheus_scrapes_the_server() {
    namespace_within(4 * PATIENCE, || {
        restore(RULES).expect(0);
        let server = Server::start(&[]);
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        let text = format!(
            "scrape_configs: [{{job_name: ipvs, scrape_interval: 1s, static_configs: [{{targets: ['{}']}}]}}]",
            server.address
        );
        fs::write(&config, text).unwrap();
        let log = folder.path().join("log");
        let mut prometheus = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:9090")
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap_or_else(|why| panic!("no prometheus ({why}): run scripts/test.sh"));
        let query = |query: &str| {
            let url = format!("http://127.0.0.1:9090/api/v1/query?query={query}");
            let output = Command::new("curl").args(["-sg", &url]).output().unwrap();
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            answer["data"]["result"][0]["value"][1].as_str().unwrap_or_default().to_owned()
        };
        let up = wait(|| query("up{job=\"ipvs\"}"), |value| !value.is_empty());
        let services = wait(|| query("ipvs_services"), |value| !value.is_empty());
        let draining = query("sum(ipvs_server_draining)");
        prometheus.kill().unwrap();
        prometheus.wait().unwrap();
        let log = fs::read_to_string(log).unwrap();
        assert_eq!((up.as_str(), services.as_str(), draining.as_str()), ("1", "2", "1"), "{log}");
    });
}
