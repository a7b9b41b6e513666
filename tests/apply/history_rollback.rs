//! `rollback`: several changes at once, and changes of other programs in between.

use std::fs;
use std::fs::OpenOptions;

use crate::common::namespace;
use crate::history::{apply, folder, newest, records};
use crate::program::{NEW, OLD, lines, live, ours, restore, shell};

const VIP: &str = "192.0.2.80:80";

/// A service with real servers of these numbers and weights.
fn pool(servers: &[(u8, u32)]) -> String {
    let server = |(number, weight): &(u8, u32)| {
        format!("-a -t {VIP} -r 198.51.100.{number}:80 -g -w {weight}\n")
    };
    format!("-A -t {VIP} -s rr\n") + &servers.iter().map(server).collect::<String>()
}

#[test]
fn several_changes_are_taken_back_at_once_whatever_they_touched() {
    namespace(|| {
        let other = "-A -t 192.0.2.81:80 -s sh\n-a -t 192.0.2.81:80 -r 198.51.100.9:80 -g -w 1\n";
        restore(&pool(&[(1, 5), (2, 5), (3, 5)])).expect(0);
        let mut tables = vec![live()];
        let mut next = |command: &mut dyn FnMut()| {
            command();
            tables.push(live());
        };
        // Weights, then a deleted real server, a new service, another value of the same weight, a
        // deleted service, and the first table once more.
        next(&mut || drop(apply(&pool(&[(1, 7), (2, 5), (3, 5)])).expect(0)));
        next(&mut || drop(apply(&pool(&[(1, 7), (3, 5)])).expect(0)));
        next(&mut || drop(apply(&format!("{}{other}", pool(&[(1, 7), (3, 5)]))).expect(0)));
        let one = ["-t", VIP, "-r", "198.51.100.1:80"];
        next(&mut || drop(ours(&[&["set"], &one[..], &["weight=9"]].concat()).expect(0)));
        next(&mut || drop(apply(other).expect(0)));
        next(&mut || drop(restore(&pool(&[(1, 5), (2, 5), (3, 5)])).expect(0)));
        assert_eq!(records().len(), 6);
        // The rollbacks are records, too, so each goes back over those before it.
        for (place, before) in tables.iter().enumerate().take(6) {
            let outcome = ours(&["rollback", &(place + 1).to_string()]).expect(0);
            assert_eq!(lines(&live()), lines(before), "{place}: {outcome:?}");
        }
    });
}

#[test]
fn what_another_program_has_changed_since_stays_and_is_reported() {
    namespace(|| {
        restore(&pool(&[(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)])).expect(0);
        // The change: three weights, a deleted real server, a new one.
        apply(&pool(&[(1, 7), (2, 7), (3, 7), (5, 5), (6, 1)])).expect(0);
        // Others: a weight, a deletion, an addition, an object that the change has not touched, and
        // the new real server.
        shell(&format!(
            "set -e
             $ours -e -t {VIP} -r 198.51.100.2:80 -g -w 0
             $ours -d -t {VIP} -r 198.51.100.3:80
             $ours -a -t {VIP} -r 198.51.100.4:80 -g -w 2
             $ours -e -t {VIP} -r 198.51.100.5:80 -g -w 0
             $ours -e -t {VIP} -r 198.51.100.6:80 -g -w 0"
        ))
        .expect(0);
        let now = live();
        let stays = format!(
            "hint: -t {VIP} -r 198.51.100.2:80: weight stays 0, which another program has set \
             since change 1\n\
             hint: -t {VIP} -r 198.51.100.3:80 stays deleted: another program has deleted it \
             since change 1\n\
             hint: -t {VIP} -r 198.51.100.4:80 stays as it is: another program has added it since \
             change 1 deleted it\n\
             hint: to take these changes back, too: ipvsadm rollback --overwrite 1\n"
        );
        let dry = ours(&["rollback", "--dry-run"]).expect(1);
        assert_eq!((dry.complaints, live()), (stays.clone(), now));
        let outcome = ours(&["rollback"]).expect(4);
        assert_eq!(outcome.out, "2 changes made: 0 added, 1 edited, 1 deleted\n");
        assert_eq!(outcome.complaints, format!("{stays}hint: to undo this: ipvsadm rollback 2\n"));
        assert_eq!(sorted(&lines(&live())), sorted(&pool(&[(1, 5), (2, 0), (4, 2), (5, 0)])));
        // The proposed command goes back over the rollback, and takes the rest back.
        let outcome = ours(&["rollback", "--overwrite", "1"]).expect(0);
        assert_eq!(outcome.complaints, "hint: to undo this: ipvsadm rollback 3\n");
        let expected = pool(&[(1, 5), (2, 5), (3, 5), (4, 5), (5, 0)]);
        assert_eq!(sorted(&lines(&live())), sorted(&expected));
    });
}

fn sorted(lines: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn fields_that_the_change_did_not_touch_stay_without_a_remark() {
    namespace(|| {
        restore(OLD).expect(0);
        ours(&["set", "-t", VIP, "-r", "198.51.100.1:80", "forwarding=masquerade"]).expect(0);
        ours(&["set", "-t", VIP, "scheduler=wlc"]).expect(0);
        // A health checker sets the weight, and somebody the persistence.
        ours(&["-e", "-t", VIP, "-r", "198.51.100.1:80", "-m", "-w", "0"]).expect(0);
        ours(&["-E", "-t", VIP, "-s", "wlc", "-p", "60"]).expect(0);
        let outcome = ours(&["rollback", "1"]).expect(0);
        assert_eq!(outcome.complaints, "hint: to undo this: ipvsadm rollback 3\n");
        let expected = format!("-A -t {VIP} -s rr -p 60\n-a -t {VIP} -r 198.51.100.1:80 -g -w 0\n");
        assert_eq!(lines(&live()), expected);
    });
}

#[test]
fn an_added_service_goes_with_what_others_have_added_to_it() {
    namespace(|| {
        restore(OLD).expect(0);
        let other = "-A -t 192.0.2.81:80 -s rr\n";
        apply(&format!("{OLD}{other}")).expect(0);
        ours(&["-a", "-t", "192.0.2.81:80", "-r", "198.51.100.7:80", "-g"]).expect(0);
        let outcome = ours(&["rollback"]).expect(0);
        assert!(
            outcome.complaints.starts_with(
                "hint: -t 192.0.2.81:80, which change 1 added, is deleted with 1 real server that \
                 another program has added since\n"
            ),
            "{outcome:?}"
        );
        assert_eq!(lines(&live()), OLD);
        // A service that others have deleted since does not come back.
        apply(NEW).expect(0);
        ours(&["-C"]).expect(0);
        let outcome = ours(&["rollback"]).expect(4);
        let stays = "hint: -t 192.0.2.80:80 stays deleted: another program has deleted it since \
                     change 3\n";
        assert!(outcome.complaints.starts_with(stays), "{outcome:?}");
        assert!(
            outcome.out.ends_with(
                "the table matches the one before change 3, except for the changes by other programs\n"
            ),
            "{outcome:?}"
        );
        assert_eq!(live().pools.len(), 0);
    });
}

#[test]
fn changes_without_a_record_are_named_and_stay() {
    namespace(|| {
        restore(&pool(&[(1, 5), (2, 5)])).expect(0);
        apply(&pool(&[(1, 7), (2, 5)])).expect(0);
        apply(&pool(&[(1, 7), (2, 7)])).expect(0);
        let second = newest();
        apply(&pool(&[(1, 8), (2, 7)])).expect(0);
        fs::remove_file(second).unwrap();
        let outcome = ours(&["rollback", "1"]).expect(0);
        let hint = "hint: 1 change after change 1 is not recorded any more, so rollback does not take it back\n";
        assert!(outcome.complaints.starts_with(hint), "{outcome:?}");
        assert_eq!(sorted(&lines(&live())), sorted(&pool(&[(1, 5), (2, 7)])));
    });
}

#[test]
fn a_restore_of_lines_that_depend_on_each_other_is_taken_back_as_a_whole() {
    namespace(|| {
        restore(OLD).expect(0);
        restore(&format!("{NEW}-E -t {VIP} -s lc\n")).expect(0);
        assert!(ours(&["history"]).expect(0).out.contains("  all  "));
        let shown = ours(&["history", "1"]).expect(0).out;
        assert!(shown.contains("\n# This change replaced all services. "), "{shown}");
        ours(&["-A", "-t", "192.0.2.81:80"]).expect(0);
        let outcome = ours(&["rollback"]).expect(0);
        assert!(
            outcome.complaints.starts_with("hint: change 1 replaced all services, so later"),
            "{outcome:?}"
        );
        assert_eq!(lines(&live()), OLD);
    });
}

/// The record of a small change must not grow with the table.
#[test]
fn a_record_has_only_what_the_change_touched() {
    namespace(|| {
        let table = |weight: u32| {
            let service = |number: u16| {
                let vip = format!("192.0.2.80:{number}");
                let weight = if number == 7 { weight } else { 1 };
                format!(
                    "-A -t {vip} -s rr\n\
                     -a -t {vip} -r 198.51.100.1:{number} -g -w {weight}\n\
                     -a -t {vip} -r 198.51.100.2:{number} -g -w 1\n"
                )
            };
            (1..=500).map(service).collect::<String>()
        };
        restore(&table(1)).expect(0);
        let size = || fs::metadata(newest()).unwrap().len();
        apply(&table(2)).expect(0);
        assert!(size() < 2000, "{}", size());
        restore(&table(3)).expect(0);
        assert!(size() < 2000, "{}", size());
        ours(&["set", "-t", "192.0.2.80:7", "scheduler=wlc"]).expect(0);
        assert!(size() < 2000, "{}", size());
        ours(&["drain", "--detach", "-t", "192.0.2.80:7", "-r", "198.51.100.1:7"]).expect(0);
        assert!(size() < 2000, "{}", size());
        assert_eq!(records().len(), 4);
        ours(&["rollback", "1"]).expect(0);
        assert!(size() < 2000, "{}", size());
        assert_eq!(sorted(&lines(&live())), sorted(&table(1)));
    });
}

#[test]
fn all_records_together_have_a_limited_size() {
    namespace(|| {
        restore(OLD).expect(0);
        apply(NEW).expect(0);
        let first = newest();
        apply(OLD).expect(0);
        let second = newest();
        let grow = OpenOptions::new().write(true).open(&first).unwrap();
        grow.set_len(64 * 1024 * 1024).unwrap();
        apply(NEW).expect(0);
        assert!(!first.exists() && second.exists());
        assert_eq!(records().len(), 2);
    });
}

#[test]
fn a_user_without_permission_reads_and_changes_nothing() {
    namespace(|| {
        restore(OLD).expect(0);
        apply(NEW).expect(0);
        let nobody = "setpriv --reuid 65534 --clear-groups";
        for (words, status) in [("history", 2), ("history 1", 2), ("rollback", 2)] {
            let outcome = shell(&format!("{nobody} $ours {words}"));
            assert_eq!((outcome.status, &*outcome.out), (status, ""), "{words}: {outcome:?}");
            assert!(!outcome.complaints.is_empty(), "{words}");
        }
        assert_eq!(lines(&live()), NEW);
        assert!(folder().exists());
    });
}
