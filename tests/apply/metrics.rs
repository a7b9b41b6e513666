//! `metrics`: the text that Prometheus reads.

use crate::common::namespace;
use crate::connection::{connect, talk};
use crate::program::{file, ours, restore};
use crate::promtool::promtool;

pub const RULES: &str = "\
-A -t 192.0.2.81:80 -s wlc -p 300
-a -t 192.0.2.81:80 -r 198.51.100.1:80 -m -w 3 -x 10
-a -t 192.0.2.81:80 -r 198.51.100.2:80 -m -w 0
-A -f 7 -6 -s rr
-a -f 7 -6 -r [2001:db8::1]:0 -g -w 1
";

const SERVICE: &str = "{family=\"ipv4\",protocol=\"tcp\",address=\"192.0.2.81\",port=\"80\"";

fn metrics(words: &[&str]) -> String {
    ours(&[&["metrics"], words].concat()).expect(0).out
}

#[test]
fn metrics_have_the_values_of_the_table() {
    namespace(|| {
        restore(RULES).expect(0);
        let text = metrics(&[]);
        for line in [
            "ipvs_up 1".to_owned(),
            "ipvs_services 2".to_owned(),
            format!("ipvs_service_servers_up{SERVICE}}} 1"),
            format!("ipvs_service_persistence_seconds{SERVICE}}} 300"),
            "ipvs_service_servers{family=\"ipv6\",protocol=\"fwmark\",fwmark=\"7\"} 1".to_owned(),
            format!(
                "ipvs_server_weight{SERVICE},server_address=\"198.51.100.1\",server_port=\"80\"}} 3"
            ),
            format!(
                "ipvs_server_draining{SERVICE},server_address=\"198.51.100.2\",server_port=\"80\"}} 1"
            ),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        // Prometheus refuses a file in which a line or a description stands twice.
        let mut names: Vec<&str> =
            text.lines().map(|line| line.rsplit_once(' ').map_or(line, |(name, _)| name)).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{text}");
        assert!(!metrics(&["--services-only"]).contains("ipvs_server_"));
        let open = metrics(&["--openmetrics"]);
        assert!(open.ends_with("# EOF\n"), "{open}");
    });
}

#[test]
fn metrics_count_real_connections() {
    namespace(|| {
        let mut stream = connect();
        assert_eq!(talk(&mut stream, "hello"), Ok(()));
        let text = metrics(&[]);
        let value = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).expect(name);
            line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()
        };
        assert_eq!(value("ipvs_server_active_connections{"), 1, "{text}");
        assert_eq!(value("ipvs_connection_table_entries "), 1, "{text}");
    });
}

#[test]
fn metrics_report_drift_and_write_whole_files() {
    namespace(|| {
        restore(RULES).expect(0);
        let (_file, path) = file(&RULES.replace("-w 3", "-w 4"));
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("ipvs.prom");
        let words = ["--against", &path, "--textfile", out.to_str().unwrap()];
        assert_eq!(metrics(&words), "");
        let text = std::fs::read_to_string(&out).unwrap();
        assert!(text.contains("\nipvs_drift_changes 1\n"), "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a draft is left");
        let outcome = ours(&["metrics", "--textfile", "/dev/null"]);
        let refused = "cannot write /dev/null: it is not a regular file\nhint: give the path of a";
        assert!(outcome.status == 1 && outcome.complaints.starts_with(refused), "{outcome:?}");

        let outcome = ours(&["metrics", "--textfile", "/no/such/folder/ipvs.prom"]);
        assert_ne!(outcome.status, 0, "{outcome:?}");
        assert!(outcome.complaints.contains("/no/such/folder"), "{outcome:?}");
    });
}

/// Services and real servers of every kind, with a sync daemon.
const EVERY_KIND: &str = "\
-A -t 192.0.2.81:80 -s wlc -p 300
-a -t 192.0.2.81:80 -r 198.51.100.1:80 -m -w 3 -x 10 -y 5
-a -t 192.0.2.81:80 -r 198.51.100.2:80 -m -w 0
-A -u [2001:db8::81]:53 -s rr -o
-a -u [2001:db8::81]:53 -r [2001:db8::1]:53 -g -w 1
-A --sctp-service 192.0.2.81:9 -s rr
-A -f 7 -6 -s rr
-a -f 7 -6 -r [2001:db8::1]:0 -g -w 1
--start-daemon master --mcast-interface lo --syncid 3
";

#[test]
fn promtool_finds_no_fault_in_the_metrics() {
    namespace(|| {
        restore(EVERY_KIND).expect(0);
        let (_file, path) = file(EVERY_KIND);
        for words in [&["metrics"][..], &["metrics", "--against", &path]] {
            let text = ours(words).expect(0).out;
            assert_eq!(promtool(&["check", "metrics"], &text), "", "{text}");
        }
    });
}
