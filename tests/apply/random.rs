//! apply makes the table of the file from any table.

use ipvsadm::model::Table;
use serde_json::{Value, json};

use crate::common::namespace;
use crate::program::{Random, file, inside, lines, live, ours};
use crate::tables::table;

#[test]
fn a_thousand_random_tables_become_a_thousand_others() {
    namespace(|| {
        let mut random = Random::new();
        for round in 0..1000 {
            let desired = random.draw(table());
            let (_file, path) = file(&lines(&desired));
            let outcome = inside(&["apply", "--allow-empty", &path]).expect(0);
            assert_eq!(live(), desired, "round {round}: {outcome:?}");
            if round % 20 == 0 {
                // A second apply finds no difference and changes nothing.
                let again = inside(&["apply", "--allow-empty", &path]).expect(0);
                assert!(again.out.starts_with("nothing to change"), "{again:?}");
                assert_eq!(inside(&["diff", &path]).expect(0).out, "");
            }
        }
    });
}

#[test]
fn json_is_applied_like_rules() {
    namespace(|| {
        let mut random = Random::new();
        for save in [&["-S", "--json"][..], &["-L", "--json"], &["-L", "--stats", "--json"]] {
            for _ in 0..10 {
                let desired = random.draw(table());
                let (_file, path) = file(&lines(&desired));
                ours(&["apply", "--allow-empty", &path]).expect(0);
                let (_json, json) = file(&ours(save).expect(0).out);
                let (_file, other) = file(&lines(&random.draw(table())));
                ours(&["apply", "--allow-empty", &other]).expect(0);
                ours(&["apply", "--allow-empty", &json]).expect(0);
                assert_eq!(live(), desired);
            }
        }
    });
}

#[test]
fn a_dry_run_agrees_with_diff_and_diff_of_files_needs_no_kernel() {
    namespace(|| {
        let mut random = Random::new();
        for _ in 0..30 {
            let (old, new) = (random.draw(table()), random.draw(table()));
            let ((_o, old_path), (_n, new_path)) = (file(&lines(&old)), file(&lines(&new)));
            ours(&["apply", "--allow-empty", &old_path]).expect(0);
            let of_files = ours(&["diff", &old_path, &new_path]);
            let of_kernel = ours(&["diff", &new_path]);
            let dry = ours(&["apply", "--dry-run", "--allow-empty", &new_path]);
            assert_eq!(of_files, of_kernel);
            assert_eq!(of_files, dry);
            let same = old == new;
            assert_eq!(of_files.status, i32::from(!same));
            assert_eq!(live(), old, "only looked");
        }
    });
}

#[test]
fn time_outs_and_daemons_change_only_if_the_file_has_them() {
    namespace(|| {
        let first = "--set 901 121 301\n--start-daemon master --mcast-interface lo --syncid 3\n";
        let (_file, path) = file(first);
        ours(&["apply", "--allow-empty", &path]).expect(0);
        assert_eq!(ours(&["diff", &path]).expect(0).out, "");
        let (_other, other) = file("-A -t 192.0.2.80:80 -s rr\n--set 0 0 302\n");
        let differs = "+ -A -t 192.0.2.80:80 -s rr\n~ --set 901 121 302  # udp 301 -> 302\n";
        assert_eq!(ours(&["diff", &other]).expect(1).out, differs);
        let json: Value = serde_json::from_str(&ours(&["diff", "--json", &other]).out).unwrap();
        let edit = json!({
            "change": "edit",
            "timeouts": { "tcp": 901, "tcp_fin": 121, "udp": 302 },
            "old": { "tcp": 901, "tcp_fin": 121, "udp": 301 },
        });
        assert_eq!(json["changes"][1], edit);
        ours(&["apply", &other]).expect(0);
        assert_eq!(ours(&["diff", &other]).expect(0).out, "", "of the daemon it does not speak");
        let timeouts = ours(&["-L", "--timeout"]).expect(0).out;
        assert_eq!(timeouts, "Timeout (tcp tcpfin udp): 901 121 302\n");
        assert!(ours(&["-L", "--daemon"]).expect(0).out.contains("syncid=3"));
        let (_third, third) = file("--start-daemon master --mcast-interface lo --syncid 4\n");
        ours(&["apply", "--allow-empty", &third]).expect(0);
        assert!(ours(&["-L", "--daemon"]).expect(0).out.contains("syncid=4"));
        let (_fourth, fourth) = file("--stop-daemon master\n");
        ours(&["apply", "--allow-empty", &fourth]).expect(0);
        assert_eq!(ours(&["-L", "--daemon"]).expect(0).out, "");
        assert_eq!(live(), Table::default());
    });
}
