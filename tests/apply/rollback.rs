//! Messages after a rollback, and what counts as a confirmation.

use std::fs;
use std::io::Read;
use std::process::Child;

use crate::common::namespace;
use crate::program::{LONG, NEW, OLD, file, journals, live, ours, reference, waiting};

/// The rest of the complaints of an apply that rolls back.
fn after_rollback(child: &mut Child, complaints: &mut impl Read) -> String {
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let mut said = String::new();
    complaints.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn a_removed_state_folder_is_no_confirmation() {
    namespace(|| {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        ours(&["apply", &old]).expect(0);
        let before = live();
        let (mut child, mut complaints) = waiting(LONG, &new);
        fs::remove_dir_all("/run/ipvsadm").unwrap();
        let said = after_rollback(&mut child, &mut complaints);
        let expected = "not confirmed: the request for confirmation in /run/ipvsadm was removed\n\
                        hint: rolled back: the table is as before\n";
        assert_eq!(said, expected);
        assert_eq!(live(), before);
        assert_eq!(journals(), 0);
    });
}

#[test]
fn rollback_reports_changes_by_another_program() {
    namespace(|| {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        ours(&["apply", &old]).expect(0);
        let (mut child, mut complaints) = waiting(LONG, &new);
        reference("", &["-A", "-u", "203.0.113.1:53", "-s", "rr"]).expect(0);
        crate::common::run("kill", &["-TERM", &child.id().to_string()]);
        let said = after_rollback(&mut child, &mut complaints);
        let expected = "interrupted by SIGTERM\n\
                        hint: rolled back: no change of this run is left; another program has \
                        changed other parts of the table\n\
                        hint: + -A -u 203.0.113.1:53 -s rr\n";
        assert_eq!(said, expected);
        reference("", &["-D", "-u", "203.0.113.1:53"]).expect(0);
        ours(&["diff", &old]).expect(0);
    });
}
