//! A journal that another user could have written, or that is damaged, is not used. The hint says
//! how to continue without it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::common::namespace;
use crate::program::{NEW, OLD, Outcome, file, killed, lines, live, ours, restore, shell};

/// Path of this namespace's journal, whose name contains the inode number.
fn journal() -> String {
    let number = fs::metadata("/proc/thread-self/ns/net").unwrap().ino();
    format!("/run/ipvsadm/apply-netns-{number}.json")
}

/// Runs `ipvsadm` with these arguments, which end even if the program hangs.
fn bounded(words: &str) -> Outcome {
    shell(&format!("exec timeout 300 $ours {words}"))
}

/// Lets `plant` change the journal of a killed apply. Every command then says why it does not use
/// the journal and changes nothing, and the commands of the hint lead on.
fn is_refused(plant: &str, why: &str) {
    let (plant, why) = (plant.to_owned(), why.to_owned());
    namespace(move || {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        ours(&["apply", &old]).expect(0);
        killed(&new);
        let journal = journal();
        shell(&format!("set -e; journal={journal}; {plant}")).expect(0);
        let why = why.replace("JOURNAL", &journal);
        let mut hint = String::new();
        for words in [&format!("apply {old}"), "apply --recover"] {
            let refused = bounded(words).expect(2);
            assert!(refused.complaints.starts_with(&why), "{plant}: {words}: {refused:?}");
            assert_eq!(lines(&live()), NEW, "{plant}: {words}");
            let way = "then continue without it: ";
            hint = refused.complaints.lines().find_map(|it| it.split(way).nth(1)).unwrap().into();
        }
        shell(&hint).expect(0);
        assert!(fs::symlink_metadata(format!("{journal}.bad")).is_ok(), "{plant}: {hint}");
        ours(&["apply", &old]).expect(0);
        assert_eq!(lines(&live()), OLD, "{plant}");
        shell(&format!("rm -r {journal}.bad")).expect(0);
    });
}

#[test]
fn a_journal_writable_by_others_is_refused() {
    for (plant, why) in [
        ("rm $journal; mkfifo $journal", "it is a FIFO"),
        ("cp $journal /run/x; ln -sf /run/x $journal", "it is a symbolic link"),
        ("rm $journal; mkdir $journal", "it is a directory"),
        ("chmod 666 $journal", "others can write it (mode 666)"),
        ("chown 65534 $journal", "it belongs to user 65534"),
    ] {
        is_refused(plant, &format!("JOURNAL is not used: {why}\n"));
    }
}

#[test]
fn a_damaged_journal_gets_a_remedy() {
    for plant in ["echo '{' >$journal", ">$journal", "echo '{\"schema\":9}' >$journal"] {
        is_refused(plant, "the state file JOURNAL cannot be read: ");
    }
}

/// A host that boots needs its rules, and a single value can be set with any journal. The unusable
/// journal stays, so that someone can look at it.
#[test]
fn restore_and_set_leave_an_unusable_journal_as_it_is() {
    for plant in ["rm $journal; mkfifo $journal", "echo '{' >$journal", "chmod 666 $journal"] {
        namespace(move || {
            restore(OLD).expect(0);
            let (_new, new) = file(NEW);
            killed(&new);
            let journal = journal();
            shell(&format!("set -e; journal={journal}; {plant}")).expect(0);
            let state = || {
                let found = fs::symlink_metadata(&journal).unwrap();
                (found.ino(), found.mode(), found.len())
            };
            let planted = state();
            let loaded = restore(OLD).expect(0);
            assert_eq!(lines(&live()), OLD, "{plant}: {loaded:?}");
            assert_eq!(state(), planted, "{plant}: {loaded:?}");
            bounded("set -t 192.0.2.80:80 scheduler=lc").expect(0);
            assert_eq!(state(), planted, "{plant}");
            fs::remove_file(&journal).unwrap();
        });
    }
}
