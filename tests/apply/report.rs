//! `report`: the page as one file, opened by a browser without a network.

use std::fs;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::browser::Browser;
use crate::common::{namespace, namespace_within};
use crate::connection::{connect, talk};
use crate::program::{OURS, finish, ours, restore, shell, start};
use crate::web::PATIENCE;

const RULES: &str = "\
-A -t 192.0.2.81:80 -s wlc
-a -t 192.0.2.81:80 -r 198.51.100.1:80 -m -w 3
-a -t 192.0.2.81:80 -r 198.51.100.2:80 -m -w 0
";

#[test]
fn a_report_has_table_rules_versions_and_findings() {
    namespace(|| {
        restore(RULES).expect(0);
        let outcome = ours(&["report", "--seconds", "0"]).expect(0);
        for text in [
            "<tr class=\"drained\"><th scope=\"row\">198.51.100.2:80</th>",
            &format!("<pre class=\"scroll\">{}</pre>", RULES.trim_end()),
            &format!("ipvsadm {}\nLinux ", env!("CARGO_PKG_VERSION")),
            "<h2>Findings of director status</h2><pre class=\"scroll\">director: nothing is prepared",
            "<strong>It contains </strong>",
            "content=\"default-src 'none'; style-src 'unsafe-inline'\"",
        ] {
            assert!(outcome.out.contains(text), "{text}: {}", outcome.out);
        }
        for text in ["<script", "src=", "href=", "http://", "https://"] {
            assert!(!outcome.out.contains(text), "{text}: {}", outcome.out);
        }
        assert!(outcome.complaints.starts_with("the report contains addresses"), "{outcome:?}");
    });
}

#[test]
fn a_report_is_not_written_to_a_terminal() {
    namespace(|| {
        let outcome = shell("script -qec \"$ours report --seconds 0\" /dev/null").expect(2);
        let text = "cannot write the report to a terminal: it is an HTML file\r\n\
                    hint: ipvsadm report > report.html\r\n";
        assert_eq!(outcome.out, text);
    });
}

#[test]
fn an_interrupted_report_is_written() {
    namespace(|| {
        restore(RULES).expect(0);
        let child = start(OURS, "ipvsadm", &["report", "--seconds", "86400"]);
        let pid = Pid::from_raw(child.id().cast_signed());
        // The signal is blocked or caught as soon as the program has read its arguments; before
        // that it ends the program.
        let status = format!("/proc/{pid}/status");
        let caught = |text: String| {
            let line = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
            u64::from_str_radix(line, 16).unwrap() & 2 != 0
        };
        while !caught(fs::read_to_string(&status).unwrap()) {
            thread::sleep(Duration::from_millis(20));
        }
        kill(pid, Signal::SIGINT).unwrap();
        let outcome = finish(child, "").expect(0);
        assert!(outcome.out.contains("198.51.100.2:80") && outcome.out.ends_with("</html>"));
    });
}

#[test]
fn a_report_of_traffic_opens_without_a_network() {
    namespace_within(4 * PATIENCE, || {
        let mut stream = connect();
        let (stop, stopped) = channel::<()>();
        let traffic = thread::spawn(move || {
            while stopped.recv_timeout(Duration::from_millis(10)).is_err() {
                assert_eq!(talk(&mut stream, "hello"), Ok(()));
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        let outcome = ours(&["report", "--seconds", "5"]).expect(0);
        stop.send(()).unwrap();
        traffic.join().unwrap();
        fs::write(&path, outcome.out).unwrap();
        // The browser is in a namespace in which not even the loopback interface is up.
        let mut browser = Browser::start_without_network();
        browser.open(&format!("file://{}", path.display()));
        browser.wait("document.querySelectorAll('tbody tr.up').length", &1.into());
        // Three points: at 0, 2 and 4 seconds.
        let points = "document.querySelector('.spark polyline').points.numberOfItems";
        browser.wait(points, &3.into());
        let style = "getComputedStyle(document.querySelector('.rates .spark')).width";
        assert_eq!(browser.value(style), "360px");
        let most = "document.querySelectorAll('.spark title')[1].textContent.split('at most ')[1]";
        assert_ne!(browser.value(most), "0", "bits per second");
    });
}
