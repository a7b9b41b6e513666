//! `apply --confirm` on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::pty::{OpenptyResult, openpty};

use crate::common::namespace;
use crate::program::{OURS, file, journals, live, ours};

const OLD: &str = "-A -t 192.0.2.80:80 -s rr\n";
const NEW: &str = "-A -t 192.0.2.80:80 -s wlc\n";

/// Start of the question.
const PROMPT: &str = "applied; press Enter within";

/// Runs a shell script with job control on a terminal of its own; `$ours` is our program.
fn on_terminal(words: &str) -> (Child, File) {
    let OpenptyResult { master, slave } = openpty(None, None).unwrap();
    let end = || Stdio::from(slave.try_clone().unwrap());
    let script = format!("set -m; ours={OURS}; {words}");
    let child = Command::new("setsid")
        .args(["--ctty", "--wait", "bash", "-c", &script])
        .stdin(end())
        .stdout(end())
        .stderr(end())
        .spawn()
        .unwrap();
    (child, File::from(master))
}

/// Reads the screen until `mark` appears.
fn wait_for(terminal: &mut File, mark: &str) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.contains(mark) {
        let length = terminal.read(&mut buffer).unwrap_or(0);
        assert_ne!(length, 0, "{text}");
        text += &String::from_utf8_lossy(&buffer[..length]);
    }
    text
}

fn changed(test: impl FnOnce(&str) + Send + 'static) {
    namespace(|| {
        let ((_old, old), (_new, new)) = (file(OLD), file(NEW));
        ours(&["apply", &old]).expect(0);
        test(&new);
        assert_eq!(journals(), 0);
    });
}

/// Types `keys` after `mark` has appeared. Checks that they confirm nothing and that the table is
/// rolled back.
fn undone_in_spite_of(keys: &[u8], mark: &str, words: &str) {
    let before = live();
    let (mut child, mut terminal) = on_terminal(words);
    wait_for(&mut terminal, mark);
    thread::sleep(Duration::from_millis(500));
    terminal.write_all(keys).unwrap();
    wait_for(&mut terminal, "status 3");
    child.wait().unwrap();
    assert_eq!(live(), before);
}

#[test]
fn enter_confirms() {
    changed(|new| {
        for (keys, status) in [("\n", 0), ("no\n", 3), ("y\x04es\n", 0)] {
            let before = live();
            let words = format!("$ours apply --confirm 60 {new}; echo status $?");
            let (mut child, mut terminal) = on_terminal(&words);
            wait_for(&mut terminal, PROMPT);
            terminal.write_all(keys.as_bytes()).unwrap();
            wait_for(&mut terminal, &format!("status {status}"));
            child.wait().unwrap();
            assert_eq!(live() == before, status == 3);
            ours(&["set", "-t", "192.0.2.80:80", "scheduler=rr"]).expect(0);
        }
    });
}

#[test]
fn a_background_job_waits_without_its_terminal() {
    changed(|new| {
        let words = format!("stty tostop; $ours apply --confirm 3 {new} & wait $!; echo status $?");
        // The shell reads these keys, not the program.
        undone_in_spite_of(b"\n", "applied; run", &words);
    });
}

#[test]
fn control_z_does_not_stop_the_countdown() {
    changed(|new| {
        let words = format!("$ours apply --confirm 3 {new}; echo status $?");
        undone_in_spite_of(b"\x1a", PROMPT, &words);
    });
}

/// Keys typed before the question cannot answer it.
#[test]
fn keys_typed_before_the_question_confirm_nothing() {
    changed(|new| {
        let slow = "strace -f -o /dev/null -e trace=sendto -e inject=sendto:delay_enter=300000";
        let words = format!("echo begun; {slow} $ours apply --confirm 3 {new}; echo status $?");
        undone_in_spite_of(b"\n", "begun", &words);
    });
}

/// Control-D delivers the unfinished line to the program.
#[test]
fn an_unfinished_line_does_not_stop_the_countdown() {
    changed(|new| {
        let words = format!("$ours apply --confirm 3 {new}; echo status $?");
        undone_in_spite_of(b"y\x04", PROMPT, &words);
    });
}

#[test]
fn the_countdown_is_one_short_line() {
    changed(|new| {
        let words = format!("$ours apply --confirm 3 {new}; echo status $?");
        let (mut child, mut terminal) = on_terminal(&words);
        let text = wait_for(&mut terminal, "status 3");
        child.wait().unwrap();
        let (line, _) = text.split_once("not confirmed in time").unwrap();
        for seconds in [3, 2, 1] {
            assert!(
                line.contains(&format!("press Enter within {seconds} s to keep it")),
                "{line:?}"
            );
        }
        assert!(!line.contains('\n'), "{line:?}");
        for shown in line.split('\r') {
            assert!(shown.trim_end_matches("\x1b[K").chars().count() < 80, "{shown:?}");
        }
        // The countdown is erased at its end.
        assert!(line.ends_with("\r\x1b[K"), "{line:?}");
    });
}
