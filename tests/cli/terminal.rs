//! Output that depends on a terminal: colours, JSON style, and the width of help.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use ipvsadm::internals::cli::verbs_command;
use nix::pty::{OpenptyResult, Winsize, openpty};

const OURS: &str = env!("CARGO_BIN_EXE_ipvsadm");

/// Output of the program on a terminal with this number of columns.
fn on_terminal(columns: u16, environment: &[(&str, &str)], words: &[&str]) -> String {
    let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let OpenptyResult { master, slave } = openpty(Some(&size), None).expect("a terminal");
    let mut command = Command::new(OURS);
    command
        .args(words)
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(slave.try_clone().unwrap())
        .stderr(slave);
    let mut child = command.spawn().expect("the program was built");
    drop(command); // closes our copy of the terminal's other end
    let (mut text, mut buffer, mut terminal) = (Vec::new(), [0; 4096], File::from(master));
    // Reading fails when nobody has the terminal open any more.
    while let Ok(length @ 1..) = terminal.read(&mut buffer) {
        text.extend_from_slice(&buffer[..length]);
    }
    child.wait().unwrap();
    String::from_utf8(text).unwrap().replace("\r\n", "\n")
}

fn rules(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn differences_are_coloured_on_a_terminal_only() {
    let old = rules("-A -t 192.0.2.80:80 -s rr\n-A -t 192.0.2.80:81 -s rr\n");
    let new = rules("-A -t 192.0.2.80:80 -s wlc\n-A -t 192.0.2.80:82 -s rr\n");
    let words = ["diff", old.path().to_str().unwrap(), new.path().to_str().unwrap()];
    let coloured = "\
\x1b[33m~ -A -t 192.0.2.80:80 -s wlc  # scheduler rr -> wlc\x1b[0m
\x1b[31m- -A -t 192.0.2.80:81 -s rr\x1b[0m
\x1b[32m+ -A -t 192.0.2.80:82 -s rr\x1b[0m
";
    let plain = coloured
        .replace("\x1b[33m", "")
        .replace("\x1b[31m", "")
        .replace("\x1b[32m", "")
        .replace("\x1b[0m", "");
    assert_eq!(on_terminal(80, &[], &words), coloured);
    assert_eq!(on_terminal(80, &[("NO_COLOR", "")], &words), coloured);
    assert_eq!(on_terminal(80, &[("NO_COLOR", "1")], &words), plain);
    assert_eq!(on_terminal(80, &[("TERM", "dumb")], &words), plain);
    let pipe = Command::new(OURS).args(words).output().unwrap();
    assert_eq!(String::from_utf8(pipe.stdout).unwrap(), plain);
}

#[test]
fn json_is_indented_on_a_terminal_only() {
    let (old, new) = (rules(""), rules("-A -t 192.0.2.80:80 -s rr\n"));
    let files = [old.path().to_str().unwrap(), new.path().to_str().unwrap()];
    let status = ["rs", "status", "--mode", "nat", "--director", "192.0.2.99", "--json"];
    for words in [&["diff", "--json", files[0], files[1]][..], &status] {
        let pretty = on_terminal(80, &[], words);
        let pipe = Command::new(OURS).args(words).output().unwrap();
        let compact = String::from_utf8(pipe.stdout).unwrap();
        assert!(pretty.starts_with("{\n  \"schema\": 1,\n  \""), "{pretty}");
        assert!(compact.starts_with("{\"schema\":1,\""), "{compact}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&pretty), read(&compact));
    }
}

#[test]
fn findings_are_coloured_and_nothing_else() {
    let words = ["rs", "prepare", "--mode", "nat", "--dry-run"];
    for words in [&["-h"][..], &["-v"], &["-Q"], &["rs", "--help"], &["rs", "x"], &words] {
        let text = on_terminal(80, &[], words);
        assert!(!text.contains('\x1b') && !text.is_empty(), "{words:?}: {text}");
    }
    let text = on_terminal(80, &[], &["rs", "status", "--mode", "nat", "--director", "192.0.2.99"]);
    assert!(text.contains("\x1b[31mWRONG\x1b[0m    "), "{text:?}");
}

/// Lines that are longer than the terminal although they contain a blank to break at.
fn too_long(text: &str, columns: usize) -> Vec<&str> {
    let lines = text.lines().filter(|line| line.chars().count() > columns);
    lines.filter(|line| line.trim().contains(' ')).collect()
}

#[test]
fn help_fits_narrow_and_wide_terminals() {
    for columns in [40, 60, 80, 132] {
        let help = on_terminal(columns, &[], &["-h"]);
        let (_, table) = help.split_once("\nCommands:").expect("commands");
        assert_eq!(too_long(table, columns.into()), [""; 0], "-h in {columns} columns");
        for verb in verbs_command().get_subcommands().map(clap::Command::get_name) {
            let help = on_terminal(columns, &[], &[verb, "--help"]);
            // Usage lines are not wrapped.
            let (_, rest) = help.split_once("\n\n").expect("a paragraph after the first");
            let (_, rest) = rest.split_once("\n\n").expect("a paragraph after the usage");
            assert_eq!(too_long(rest, columns.into()), [""; 0], "{verb} in {columns} columns");
        }
    }
}
