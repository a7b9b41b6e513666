//! Text from outside is escaped before it reaches a terminal: control characters and changes of
//! text direction.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Clears the screen, sets the title, contains C1, changes the direction, and imitates a hint.
const HOSTILE: &str = "a\x1b[2J\x1b]0;t\x07\u{9b}1m\u{202e}b\nhint: run x";

/// Output of the program on both streams.
fn said(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("the program was built");
    String::from_utf8([output.stdout, output.stderr].concat()).expect("output is UTF-8")
}

fn check(words: &[&str]) {
    let text = said(words);
    assert!(text.contains("\\x1b[2J"), "{words:?}: nothing quoted: {text:?}");
    let harmful = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    assert!(!text.contains(harmful), "{words:?}: {text:?}");
    assert!(!text.lines().any(|line| line.starts_with("hint: run x")), "{words:?}: {text:?}");
}

#[test]
fn arguments_are_escaped_in_messages() {
    let option = format!("--{HOSTILE}");
    let server = format!("{HOSTILE}:80");
    for words in [
        &[HOSTILE][..],
        &[&option],
        &["-A", "-f", HOSTILE],
        &["-A", "-t", "192.0.2.80:80", "-s", HOSTILE],
        &["-A", "-t", "192.0.2.80:80", HOSTILE],
        &["-A", "-t", &server],
        &["-L", "--netns", HOSTILE],
        &["diff", HOSTILE, HOSTILE],
        &["diff", &option],
        &["rs", HOSTILE],
        &["rs", "prepare", "--mode", HOSTILE],
        &["rs", "prepare", &format!("--mode={HOSTILE}")],
        &["rs", "status", "--mode", "dr", "--vip", HOSTILE],
        &["director", "prepare", "--vip", "192.0.2.80", "--iface", "x", "--set", HOSTILE],
        &["set", "-f", "7", HOSTILE],
        &["--version=x", HOSTILE],
    ] {
        // The old message about the last command does not quote its argument.
        if words[0] == "--version=x" {
            assert!(!said(words).contains('\x1b'), "{words:?}");
        } else {
            check(words);
        }
    }
}

#[test]
fn rule_files_and_their_names_are_escaped() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let line = HOSTILE.replace('\n', " ").replace(' ', "_");
    let mistake = file("mistake", &format!("-A -t 192.0.2.80:80 -s rr {line}\n"));
    let daemon = "--start-daemon master --mcast-interface \x1b[2J\u{9b}\u{202e}";
    let good = file("good", &format!("{daemon}\n"));
    let empty = file("empty", "");
    let named = file(HOSTILE, "-Q\n");
    check(&["diff", &mistake, &empty]);
    check(&["diff", &good, &empty]);
    check(&["diff", &empty, &named]);
    let json = said(&["diff", "--json", &good, &empty]);
    assert!(json.contains(r"\u001b[2J\u009b\u202e"), "{json}");
}
