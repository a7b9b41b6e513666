//! An interactive guest, and a shell in the lab.

use std::fs;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::TOP;
use crate::terminal::Terminal;

const OURS: &str = env!("CARGO_BIN_EXE_ipvsadm");
const PROMPT: &str = "# ";
const SHELL: [&str; 5] = ["scripts/vm.sh", "--terminal", "bash", "--norc", "-i"];

/// Starts a shell in a guest with this word on its kernel command line.
fn shell(word: &str) -> Terminal {
    let environment = [("IPVS_VM_APPEND", word), ("IPVS_TESTBED", "uml")];
    let mut terminal = Terminal::start(33, 77, &SHELL, &environment);
    terminal.wait_for(PROMPT);
    terminal
}

/// Whether a guest with this word on its command line still runs.
fn runs(word: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| line.split(|byte| *byte == 0).any(|it| it == word.as_bytes()))
}

#[test]
fn a_guest_has_the_terminal_with_its_size_and_its_keys() {
    let word = format!("keys={}", std::process::id());
    let mut terminal = shell(&word);
    terminal.command("stty size", "\n33 77", PROMPT);
    terminal.resize(20, 50);
    terminal.command("stty size", "\n20 50", PROMPT);
    // Not bash, which can lose a Ctrl-C between fork and exec.
    terminal.press("dash -c 'echo st\"\"arted; exec sleep 1000000'\r");
    terminal.wait_for("started");
    terminal.press("\x03");
    terminal.wait_for(PROMPT);
    terminal.command("echo status $?", "\nstatus 130", PROMPT);
    terminal.press("exit 7\r");
    assert_eq!(terminal.status().code(), Some(7));
    assert!(!runs(&word), "the guest still runs");
}

#[test]
fn a_guest_ends_at_end_of_input_and_gives_the_terminal_back() {
    let environment = [("IPVS_TESTBED", "uml")];
    let words = [
        "bash",
        "-c",
        "stty -g; echo ==; scripts/vm.sh --terminal bash --norc -i; echo back; read -r line; echo got $line",
    ];
    let mut terminal = Terminal::start(24, 80, &words, &environment);
    terminal.wait_for("==");
    let before = terminal.settings();
    terminal.wait_for(PROMPT);
    assert_ne!(terminal.settings(), before, "the guest does not get every key");
    terminal.press("\x04");
    // The script that started the guest must be in the foreground again to be able to read.
    terminal.wait_for("back");
    terminal.press("word\r");
    terminal.wait_for("got word");
    assert_eq!(terminal.status().code(), Some(0));
    assert_eq!(terminal.settings(), before);
}

#[test]
fn a_signal_ends_the_guest_and_gives_the_terminal_back() {
    let word = format!("signal={}", std::process::id());
    let mut terminal = shell(&word);
    assert!(runs(&word));
    let raw = terminal.settings();
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.status().code(), Some(143));
    assert_ne!(terminal.settings(), raw);
    assert!(!runs(&word), "the guest still runs");
}

#[test]
fn terminal_option_needs_a_terminal() {
    let output = Command::new("scripts/vm.sh")
        .args(["--terminal", "true"])
        .current_dir(TOP)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("vm.sh: --terminal needs a terminal"), "{said}");
}

#[test]
fn the_lab_answers_a_newcomer() {
    let words = ["scripts/vm.sh", "--terminal", "scripts/lab.sh", "--inside"];
    let lab = ["--mode", "nat", "--family", "4", "--prepare", "program"];
    let words: Vec<&str> = words.into_iter().chain(lab).collect();
    let mut terminal = Terminal::start(24, 80, &words, &[("IPVSADM", OURS)]);
    let prompt = "director# ";
    terminal.wait_for("You are on the director.");
    terminal.wait_for("Try:");
    terminal.wait_for("takes everything down.");
    terminal.wait_for(prompt);
    terminal.command("ipvsadm -A -t 192.0.2.80:80 -s rr", "", prompt);
    terminal.command("ipvsadm -a -t 192.0.2.80:80 -r 203.0.113.11:8080 -m", "", prompt);
    terminal.command("client curl -s http://192.0.2.80/", "\nrs1", prompt);
    terminal.command("rs2", "", "rs2# ");
    terminal.press("\x04");
    terminal.wait_for(prompt);
    terminal.press("false\r");
    terminal.wait_for(prompt);
    terminal.press("\x04");
    assert_eq!(terminal.status().code(), Some(0));
}
