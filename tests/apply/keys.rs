//! `apply --confirm` on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use nix::pty::{OpenptyResult, openpty};

use crate::common::namespace;
use crate::program::{LONG, OURS, file, journals, live, ours, waiting};

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

/// The script that applies a file with this time to confirm, and prints the exit status.
fn waits(seconds: &str, new: &str) -> String {
    format!("$ours apply --confirm {seconds} {new}; echo status $?")
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
/// rolled back. `words` are the script for a time to confirm.
fn undone_in_spite_of(keys: &[u8], mark: &str, words: impl Fn(&str) -> String) {
    let before = live();
    // On a busy machine, a short time may be over before the keys are typed.
    let was_in_time = |seconds: &&str| {
        let (mut child, mut terminal) = on_terminal(&words(seconds));
        wait_for(&mut terminal, mark);
        let in_time = terminal.write_all(keys).is_ok() && live() != before;
        wait_for(&mut terminal, "status 3");
        child.wait().unwrap();
        assert_eq!(live(), before);
        in_time
    };
    assert!(["1", "10", "100"].iter().any(was_in_time), "the time was over each time");
}

#[test]
fn enter_confirms() {
    changed(|new| {
        for (keys, status) in [("\n", 0), ("no\n", 3), ("y\x04es\n", 0)] {
            let before = live();
            let (mut child, mut terminal) = on_terminal(&waits(LONG, new));
            wait_for(&mut terminal, PROMPT);
            terminal.write_all(keys.as_bytes()).unwrap();
            wait_for(&mut terminal, &format!("status {status}"));
            child.wait().unwrap();
            assert_eq!(live() == before, status == 3);
            ours(&["set", "-t", "192.0.2.80:80", "scheduler=rr"]).expect(0);
        }
    });
}

/// The countdown is on standard error, so its width counts, wherever the report goes.
#[test]
fn the_countdown_fits_the_terminal_while_the_report_goes_to_a_file() {
    changed(|new| {
        let words =
            format!("stty rows 24 cols 60; $ours apply --confirm 1 {new} >/dev/null; echo ended");
        let (mut child, mut terminal) = on_terminal(&words);
        let screen = wait_for(&mut terminal, "ended");
        child.wait().unwrap();
        assert!(screen.contains(PROMPT), "{screen}");
        let mut lines = screen.split(['\r', '\n']);
        assert!(lines.all(|line| !line.contains(PROMPT) || line.chars().count() < 60), "{screen}");
    });
}

#[test]
fn a_background_job_waits_without_its_terminal() {
    changed(|new| {
        let job = |seconds: &str| format!("$ours apply --confirm {seconds} {new}");
        let words =
            |seconds: &str| format!("stty tostop; {} & wait $!; echo status $?", job(seconds));
        // The shell reads these keys, not the program.
        undone_in_spite_of(b"\n", "applied; run", words);
    });
}

#[test]
fn control_z_does_not_stop_the_countdown() {
    changed(|new| {
        undone_in_spite_of(b"\x1a", PROMPT, |seconds| waits(seconds, new));
    });
}

/// Keys typed before the question cannot answer it.
#[test]
fn keys_typed_before_the_question_confirm_nothing() {
    changed(|new| {
        // The apply at the terminal waits for the lock of another one while the keys are typed.
        let (_other, other) = file("-A -t 192.0.2.81:80 -s rr\n");
        let (mut holder, _complaints) = waiting(LONG, &other);
        let before = live();
        let words = format!("echo begun; {}", waits(&format!("1 --wait {LONG}"), new));
        let (mut child, mut terminal) = on_terminal(&words);
        wait_for(&mut terminal, "begun\r\n");
        // A letter that is erased again, and Enter. The echo shows that the terminal has them.
        terminal.write_all(b"q\x7f\n").unwrap();
        wait_for(&mut terminal, "q\x08 \x08\r\n");
        ours(&["apply", "--accept"]).expect(0);
        assert_eq!(holder.wait().unwrap().code(), Some(0));
        wait_for(&mut terminal, "status 3");
        child.wait().unwrap();
        assert_eq!(live(), before);
    });
}

/// Control-D delivers the unfinished line to the program.
#[test]
fn an_unfinished_line_does_not_stop_the_countdown() {
    changed(|new| {
        undone_in_spite_of(b"y\x04", PROMPT, |seconds| waits(seconds, new));
    });
}

#[test]
fn the_countdown_is_one_short_line() {
    changed(|new| {
        // A busy machine may skip some seconds, but not most of a long time.
        let most = [3, 30, 300].map(|seconds| move || counted_down(new, seconds));
        assert!(most.iter().any(|shown| shown() >= 3), "too few seconds were shown");
    });
}

/// Lets the time run out, and returns how many different seconds the countdown has shown.
fn counted_down(new: &str, length: u32) -> usize {
    let (mut child, mut terminal) = on_terminal(&waits(&length.to_string(), new));
    let text = wait_for(&mut terminal, "status 3");
    child.wait().unwrap();
    let (line, _) = text.split_once("not confirmed in time").unwrap();
    let seconds = line.split("press Enter within ").skip(1).map(|rest| {
        let (seconds, rest) = rest.split_once(' ').unwrap();
        assert!(rest.starts_with("s to keep it"), "{line:?}");
        seconds.parse().unwrap()
    });
    let seconds: Vec<u32> = seconds.collect();
    assert!(seconds[0] <= length && seconds.is_sorted_by(|a, b| a > b), "{line:?}");
    assert!(!line.contains('\n'), "{line:?}");
    for shown in line.split('\r') {
        assert!(shown.trim_end_matches("\x1b[K").chars().count() < 80, "{shown:?}");
    }
    // The countdown is erased at its end.
    assert!(line.ends_with("\r\x1b[K"), "{line:?}");
    seconds.len()
}
