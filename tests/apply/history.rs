//! `history` and `rollback`: which changes are recorded, and how they are taken back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{namespace, run};
use crate::program::{
    NEW, OLD, Outcome, REFUSED, file, journals, lines, live, live_whole, ours, ours_with, restore,
    shell, waiting,
};

/// The records of this network namespace, the newest first.
pub fn records() -> Vec<Value> {
    let outcome = ours(&["history", "--json"]).expect(0);
    let value: Value = serde_json::from_str(&outcome.out).unwrap();
    value["records"].as_array().unwrap().clone()
}

pub fn apply(rules: &str) -> Outcome {
    let (_file, path) = file(rules);
    ours(&["apply", &path])
}

/// The folder of the records of this network namespace.
pub fn folder() -> PathBuf {
    let inode = fs::read_link("/proc/thread-self/ns/net").unwrap();
    let inode =
        inode.to_str().unwrap().trim_start_matches("net:[").trim_end_matches(']').to_owned();
    Path::new("/run/ipvsadm").join(format!("history-netns-{inode}"))
}

/// The file of the newest record.
pub fn newest() -> PathBuf {
    let number = records()[0]["number"].as_u64().unwrap();
    let start = format!("{number}-");
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let is_it = |it: &PathBuf| it.file_name().unwrap().to_str().unwrap().starts_with(&start);
    entries.into_iter().find(is_it).unwrap()
}

/// Another table in each number.
fn rules(number: u16) -> String {
    format!("-A -t 192.0.2.80:{number} -s rr\n")
}

#[test]
fn an_apply_is_recorded_and_rolled_back_and_the_rollback_too() {
    namespace(|| {
        assert_eq!(ours(&["history"]).expect(0).out, "no change of this table is recorded\n");
        restore(OLD).expect(0);
        let old = live();
        let outcome = apply(NEW).expect(0);
        assert_eq!(outcome.out, "2 changes made: 0 added, 2 edited, 0 deleted\n");
        assert_eq!(outcome.complaints, "hint: to undo this: ipvsadm rollback 1\n");
        let new = live();
        let record = &records()[0];
        assert_eq!((&record["number"], &record["by"]), (&1.into(), &"uid 0".into()));
        assert_eq!((&record["added"], &record["edited"]), (&0.into(), &2.into()));
        assert!(record["command"].as_str().unwrap().starts_with("ipvsadm apply /"), "{record}");
        let change = record["changes"][1].as_str().unwrap();
        assert!(change.ends_with(" -g -w 7  # weight 5 -> 7"), "{record}");

        let shown = ours(&["history", "1"]).expect(0).out;
        let shown: Vec<&str> = shown.lines().collect();
        assert!(shown[0].starts_with("# change 1: 2") && shown[0].ends_with(" uid 0"), "{shown:?}");
        assert!(shown[1].starts_with("# ipvsadm apply /"), "{shown:?}");
        assert!(shown[2].ends_with("  # scheduler rr -> wlc"), "{shown:?}");
        assert!(shown[3].ends_with("  # weight 5 -> 7") && shown.len() == 4, "{shown:?}");
        let json = ours(&["history", "1", "--json"]).expect(0).out;
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["record"], &json["by"]), (&1.into(), &"uid 0".into()));
        assert_eq!(json["changes"][1]["old"]["weight"], 5);
        assert_eq!(json["changes"][1]["destination"]["weight"], 7);

        let dry = ours(&["rollback", "--dry-run"]).expect(1);
        assert!(dry.out.contains("# weight 7 -> 5"), "{dry:?}");
        assert_eq!((live(), records().len()), (new.clone(), 1));
        let back = ours(&["rollback"]).expect(0);
        assert_eq!(back.out, "2 changes made: 0 added, 2 edited, 0 deleted\n");
        assert_eq!(back.complaints, "hint: to undo this: ipvsadm rollback 2\n");
        assert_eq!(live(), old);
        let again = ours(&["rollback", "1"]).expect(0);
        assert_eq!(again.out, "nothing to change: the table matches the one before change 1\n");
        assert_eq!(ours(&["rollback", "--json"]).expect(0).out.matches("\"record\":3").count(), 1);
        assert_eq!(live(), new);
        let list = ours(&["history"]).expect(0).out;
        let rows: Vec<&str> = list.lines().skip(2).collect();
        assert!(
            rows[0].starts_with("3  2") && rows[0].ends_with("ipvsadm rollback --json"),
            "{list}"
        );
        assert!(rows[2].contains("  uid 0  ~2  ") && rows.len() == 3, "{list}");
        assert_eq!(journals(), 0);
    });
}

#[test]
fn set_drain_undrain_and_restore_are_recorded_with_the_user() {
    namespace(|| {
        let web = "-A -t 192.0.2.80:80 -s wrr\n\
                   -a -t 192.0.2.80:80 -r 10.0.0.11:80 -m -w 3\n\
                   -a -t 192.0.2.80:80 -r 10.0.0.12:80 -m -w 1\n";
        let one = "-t 192.0.2.80:80 -r 10.0.0.11:80";
        restore(web).expect(0);
        assert_eq!(records().len(), 0, "there was no table before");
        let mut tables = vec![live()];
        let sudo = "SUDO_UID=1000 SUDO_GID=1000 SUDO_USER=alice";
        for (count, command) in [
            (1, format!("{sudo} $ours set {one} weight=7")),
            (1, format!("$ours set {one} weight=7")),
            (2, format!("$ours drain --detach {one} --reason 'new kernel'")),
            (2, format!("$ours drain --detach {one}")),
            (3, "$ours undrain --all --ramp 2".to_owned()),
        ] {
            shell(&command).expect(0);
            assert_eq!(records().len(), count, "{command}");
            if tables.len() == count {
                tables.push(live());
            }
        }
        restore(OLD).expect(0);
        let all = records();
        let texts = |key: &str| all.iter().map(|it| it[key].to_string()).collect::<Vec<_>>();
        assert_eq!(texts("by"), ["\"uid 0\"", "\"uid 0\"", "\"uid 0\"", "\"alice\""]);
        let commands = texts("command");
        assert_eq!(commands[0], "\"ipvsadm-restore\"");
        assert!(commands[2].ends_with("--reason 'new kernel'\""), "{commands:?}");
        assert_eq!(
            all[2]["changes"][0].as_str().unwrap().split("  # ").nth(1),
            Some("weight 7 -> 0")
        );
        // Restore onto the same table changes nothing, and neither do classic commands.
        restore(OLD).expect(0);
        ours(&["-A", "-t", "192.0.2.81:80"]).expect(0);
        ours(&["-D", "-t", "192.0.2.81:80"]).expect(0);
        assert_eq!(records().len(), 4);
        for (place, before) in tables.iter().enumerate() {
            ours(&["rollback", &(place + 1).to_string()]).expect(0);
            assert_eq!(lines(&live()), lines(before), "{place}");
        }
    });
}

#[test]
fn time_outs_and_daemons_that_an_apply_touched_come_back() {
    namespace(|| {
        run("ip", &["link", "add", "v0", "type", "dummy"]);
        run("ip", &["link", "set", "v0", "up"]);
        restore(OLD).expect(0);
        let before = live_whole();
        apply(&format!("{NEW}--set 100 50 30\n--start-daemon master --mcast-interface v0\n"))
            .expect(0);
        assert_ne!(live_whole(), before);
        ours(&["rollback"]).expect(0);
        assert_eq!(live_whole(), before);
        // A record that does not know them leaves them alone.
        apply(NEW).expect(0);
        ours(&["--set", "200", "0", "0"]).expect(0);
        ours(&["rollback"]).expect(0);
        assert_eq!(live_whole().timeouts.unwrap().tcp, 200);
    });
}

#[test]
fn changes_that_are_not_accepted_leave_no_record() {
    namespace(|| {
        restore(OLD).expect(0);
        let old = live();
        apply(&format!("{NEW}{REFUSED}")).expect(3);
        let (_file, path) = file(NEW);
        ours(&["apply", "--confirm", "1", &path]).expect(3);
        let (mut child, _complaints) = waiting("60", &path);
        child.kill().unwrap();
        child.wait().unwrap();
        ours(&["apply", "--recover"]).expect(0);
        assert_eq!((live(), records().len()), (old, 0));
        apply(NEW).expect(0);
        assert_eq!(records().len(), 1);
        let files = fs::read_dir(folder()).unwrap().map(|it| it.unwrap().path());
        let files: Vec<_> = files.filter(|it| !it.ends_with("1-apply.kept")).collect();
        assert_eq!(files, [folder().join("1-apply.json")], "the killed run's draft is replaced");
    });
}

#[test]
fn a_rollback_waits_for_a_confirmation_and_obeys_lock_and_scope() {
    namespace(|| {
        restore(OLD).expect(0);
        apply(NEW).expect(0);
        let new = live();
        ours(&["rollback", "--confirm", "1"]).expect(3);
        assert_eq!((live(), records().len()), (new.clone(), 1));
        let (_file, path) = file(OLD);
        let (mut child, _complaints) = waiting("60", &path);
        let busy = ours(&["rollback"]).expect(2);
        assert!(
            busy.complaints.starts_with("another ipvsadm is changing this table\n"),
            "{busy:?}"
        );
        ours(&["apply", "--accept"]).expect(0);
        child.wait().unwrap();
        ours(&["rollback", "2"]).expect(0);
        assert_eq!(live(), new);
        let kept = ours(&["rollback", "--keep-weights", "1"]).expect(0);
        assert_eq!(kept.out, "1 change made: 0 added, 1 edited, 0 deleted\n");
        assert!(lines(&live()).contains(" -s rr\n") && lines(&live()).contains(" -w 7\n"));
        let scoped = ours(&["rollback", "--scope", "192.0.2.81", "1"]).expect(0);
        let unchanged = "nothing to change: the table matches the one before change 1 within the \
                         scope\n";
        assert_eq!(scoped.out, unchanged);
        let hint = "hint: 1 service of the record is outside the scope, so it is ignored\n";
        assert_eq!(scoped.complaints, hint);
    });
}

#[test]
fn a_rollback_to_an_empty_table_needs_permission() {
    namespace(|| {
        apply(OLD).expect(0);
        let refused = ours(&["rollback"]).expect(2);
        assert!(
            refused.complaints.contains("hint: to delete the services, give --allow-empty"),
            "{refused:?}"
        );
        assert_eq!(live().pools.len(), 1);
        ours(&["rollback", "--allow-empty"]).expect(0);
        assert_eq!(live().pools.len(), 0);
    });
}

#[test]
fn the_last_twenty_of_each_kind_are_kept() {
    namespace(|| {
        for number in 1..=25 {
            apply(&rules(number)).expect(0);
        }
        let numbers =
            || records().iter().map(|it| it["number"].as_u64().unwrap()).collect::<Vec<_>>();
        assert_eq!(numbers(), (6..=25).rev().collect::<Vec<_>>());
        for number in 1..=22 {
            let words =
                ["set", "-t", "192.0.2.80:25", ["scheduler=wlc", "scheduler=rr"][1 - number % 2]];
            ours(&words).expect(0);
        }
        let expected = (26..=47).rev().take(20).chain((6..=25).rev()).collect::<Vec<_>>();
        assert_eq!(numbers(), expected);
        let gone = ours(&["rollback", "5"]).expect(2);
        assert_eq!(
            gone.complaints,
            "the history has no record 5\n\
             hint: the records are 6 to 47; ipvsadm history lists them\nhint: nothing was changed\n"
        );
        ours(&["history", "5"]).expect(2);
    });
}

#[test]
fn records_belong_to_root_alone_and_to_one_namespace() {
    namespace(|| {
        restore(OLD).expect(0);
        apply(NEW).expect(0);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(&newest()), 0o600);
        run("ip", &["netns", "add", "h1"]);
        let other = ours(&["rollback", "--netns", "h1"]).expect(2);
        run("ip", &["netns", "delete", "h1"]);
        assert!(other.complaints.starts_with("the history has no records\n"));
        // A namespace that has got the inode number of this one.
        let path = newest();
        let text = fs::read_to_string(&path).unwrap();
        let (line, table) = text.split_once('\n').unwrap();
        let mut record: Value = serde_json::from_str(line).unwrap();
        if record["namespace"].is_u64() {
            record["namespace"] = 1.into();
        } else {
            record["boot"] = "other".into();
        }
        fs::write(&path, format!("{record}\n{table}")).unwrap();
        assert_eq!(ours(&["history"]).expect(0).out, "no change of this table is recorded\n");
        ours(&["rollback"]).expect(2);
        ours(&["rollback", "1"]).expect(2);
        let new = live();
        ours(&["set", "-t", "192.0.2.80:80", "scheduler=lc"]).expect(0);
        ours(&["rollback"]).expect(0);
        assert_eq!(live(), new);
        assert!(!path.exists(), "records of another namespace are removed");
    });
}

#[test]
fn damaged_and_foreign_records_are_refused() {
    namespace(|| {
        restore(OLD).expect(0);
        apply(NEW).expect(0);
        ours(&["set", "-t", "192.0.2.80:80", "scheduler=lc"]).expect(0);
        let (path, table) = (newest(), live());
        let whole = fs::read_to_string(&path).unwrap();
        let (line, rest) = whole.split_once('\n').unwrap();
        let refused = |outcome: Outcome, why: &str| {
            let first = format!("{} cannot be read: ", path.display());
            assert!(outcome.complaints.contains(&first), "{outcome:?}");
            assert!(outcome.complaints.contains(why), "{outcome:?}");
            assert_eq!(outcome.complaints.matches("cannot be read").count(), 1, "{outcome:?}");
            assert_eq!(live(), table);
        };
        for (text, why) in [
            (String::new(), "EOF"),
            ("{}\n".to_owned(), "missing field"),
            (whole.replace("\"schema\":1,\"time", "\"schema\":9,\"time"), "it has schema 9, not 1"),
            (whole.replace("\"time\"", "\"when\""), "missing field `time`"),
        ] {
            fs::write(&path, text).unwrap();
            refused(ours(&["rollback"]).expect(2), why);
            let list = ours(&["history"]).expect(1);
            assert!(list.out.contains("ipvsadm apply "), "{list:?}");
            refused(list, why);
        }
        for (text, why) in [
            (whole[..whole.len() - 20].to_owned(), "EOF"),
            (format!("{line}\n"), "EOF"),
            (format!("{whole}{whole}"), "trailing characters"),
            (format!("{line}\n{}", rest.replace("wlc", "w\nc")), "control character"),
        ] {
            fs::write(&path, text).unwrap();
            refused(ours(&["rollback"]).expect(2), why);
            refused(ours(&["history", "2"]).expect(2), why);
        }
        // Going back further needs each record. The hint sets the damaged one aside.
        let outcome = ours(&["rollback", "1"]).expect(2);
        assert!(outcome.complaints.contains("; to continue without it: mv "), "{outcome:?}");
        fs::rename(&path, path.with_extension("json.bad")).unwrap();
        ours(&["rollback", "--overwrite", "1"]).expect(0);
        assert_eq!(lines(&live()), OLD);
    });
}

#[test]
fn a_history_that_others_can_write_is_not_used() {
    namespace(|| {
        restore(OLD).expect(0);
        apply(NEW).expect(0);
        let new = live();
        for (path, mode) in [(folder(), 0o777), (newest(), 0o666)] {
            let former = fs::metadata(&path).unwrap().permissions();
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let outcome = ours(&["rollback"]).expect(2);
            let why =
                format!("{} is not used: others can write it (mode {mode:o})", path.display());
            assert!(outcome.complaints.starts_with(&why), "{outcome:?}");
            assert_ne!(ours(&["history"]).status, 0);
            assert_eq!(live(), new);
            fs::set_permissions(&path, former).unwrap();
        }
        // A planted link is neither read nor followed.
        let (path, kept) = (newest(), newest().with_extension("kept"));
        fs::rename(&path, &kept).unwrap();
        std::os::unix::fs::symlink(&kept, &path).unwrap();
        let outcome = ours(&["rollback"]).expect(2);
        assert!(outcome.complaints.contains("it is a symbolic link"), "{outcome:?}");
    });
}

/// The decision falls before the first change: a full disk cannot stop an apply half way.
#[test]
fn an_apply_without_a_history_says_so_and_is_made() {
    namespace(|| {
        restore(OLD).expect(0);
        fs::create_dir_all(folder()).unwrap();
        let mount = |options: &str| {
            let path = folder();
            run("mount", &["-t", "tmpfs", "-o", options, "history", path.to_str().unwrap()]);
        };
        let umount = || run("umount", &[folder().to_str().unwrap()]);
        for (options, why) in
            [("ro,mode=755", "Read-only file system"), ("size=4k,mode=755", "No space left")]
        {
            mount(options);
            if options.starts_with("size") {
                let _ = fs::write(folder().join("full"), vec![0; 8192]);
            }
            let outcome = apply(NEW).expect(0);
            let hint = "hint: this change is not recorded, so ipvsadm rollback cannot take it back: cannot write /run/ipvsadm/";
            assert!(outcome.complaints.starts_with(hint), "{outcome:?}");
            assert!(outcome.complaints.contains(why), "{outcome:?}");
            assert!(!outcome.complaints.contains("to undo this"), "{outcome:?}");
            assert!(outcome.out.starts_with("2 changes made: "), "{outcome:?}");
            assert_eq!(records().len(), 0);
            let drafts = fs::read_dir(folder()).unwrap().count();
            assert_eq!(drafts, usize::from(options.starts_with("size")), "a draft is left");
            restore(OLD).expect(0);
            umount();
        }
    });
}

#[test]
fn records_are_completed() {
    namespace(|| {
        restore(OLD).expect(0);
        apply(NEW).expect(0);
        for verb in ["rollback", "history"] {
            let outcome = ours(&["__complete", "ipvsadm", verb, ""]).expect(0);
            assert!(
                outcome.out.contains("1\t2") && outcome.out.contains(" uid 0: ipvsadm apply "),
                "{outcome:?}"
            );
        }
        ours_with("", &["rollback", "x"]).expect(2);
    });
}
