//! `top` without a terminal that it can use, and without the kernel's table.

use std::io::pipe;
use std::process::{Command, Stdio};

use super::{OURS, Terminal};
use crate::common::{namespace, run};
use crate::program::{OLD, ours, restore, shell};

/// Text that is left at the end was printed, not drawn on the alternate screen.
#[test]
fn a_dumb_terminal_gets_the_table_once() {
    namespace(|| {
        restore(OLD).expect(0);
        let mut top = Terminal::run("$ours top; echo status $?", &[("TERM", "dumb")]);
        top.wait_for("status 0");
        let text = top.text();
        assert!(text.contains("Conn/s") && text.contains("198.51.100.1:80"), "{text}");
        assert!(!text.contains("q quit"), "{text}");
        top.ends();
    });
}

#[test]
fn without_the_privilege_top_leaves_the_terminal_alone() {
    namespace(|| {
        let nobody = "setpriv --reuid 65534 --clear-groups";
        let mut top = Terminal::run(&format!("{nobody} $ours top; echo status $?"), &[]);
        top.wait_for("status 2");
        top.is_given_back();
        assert!(top.text().contains("Permission denied (you must be root)"), "{}", top.text());
        let outcome = shell(&format!("{nobody} $ours top --once")).expect(2);
        assert_eq!(outcome.out, "");
    });
}

#[test]
fn another_namespace_is_shown_with_its_name() {
    namespace(|| {
        restore(OLD).expect(0);
        run("ip", &["netns", "add", "other"]);
        run("ip", &["-n", "other", "link", "set", "lo", "up"]);
        ours(&["--netns", "other", "-A", "-t", "192.0.2.9:443", "-s", "rr"]).expect(0);
        let mut top = Terminal::run("$ours top --netns other; echo status $?", &[]);
        top.wait_for("192.0.2.9:443");
        assert!(top.text().starts_with("other: 1 service"), "{}", top.text());
        top.press("q");
        top.ends();
        run("ip", &["netns", "delete", "other"]);
    });
}

#[test]
fn output_that_cannot_be_written_ends_top_as_it_ends_a_listing() {
    namespace(|| {
        restore(OLD).expect(0);
        for words in [&["top", "--once"][..], &["top", "--json"]] {
            let end = |words: &[&str]| {
                let (reader, writer) = pipe().unwrap();
                drop(reader);
                let mut command = Command::new(OURS);
                command.args(words).stdin(Stdio::null()).stdout(writer);
                let output = command.stderr(Stdio::piped()).output().unwrap();
                (output.status.code(), String::from_utf8(output.stderr).unwrap())
            };
            assert_eq!(end(words), end(&["-L", "--json"]), "{words:?}");
            let full = format!("$ours {} >/dev/full", words.join(" "));
            let outcome = shell(&full);
            assert_ne!(outcome.status, 0, "{outcome:?}");
            assert!(outcome.complaints.contains("No space left on device"), "{outcome:?}");
        }
    });
}

/// A screen cannot be JSON, so `--json` needs no `--once`.
#[test]
fn json_has_the_rates_of_the_listing() {
    namespace(|| {
        restore(OLD).expect(0);
        let listing = ours(&["-L", "--rate", "--json"]).expect(0).out;
        assert!(listing.contains("\"rate\":{\"connections\":0"), "{listing}");
        for words in [&["top", "--once", "--json"][..], &["top", "--json"]] {
            assert_eq!(ours(words).expect(0).out, listing, "{words:?}");
        }
    });
}
