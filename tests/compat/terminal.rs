//! Commands typed on a terminal: both programs show the same.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::pty::{OpenptyResult, openpty};

use crate::network::SMALL;
use crate::pair::{Pair, Side};

/// Exit status and content of the screen.
fn on_terminal(side: &Side, words: &[&str]) -> (Option<i32>, String) {
    side.namespace.enter();
    let OpenptyResult { master, slave } = openpty(None, None).expect("a terminal");
    let end = || Stdio::from(slave.try_clone().expect("another end of it"));
    let mut command = Command::new(&side.program.path);
    command.arg0(side.program.name).args(words);
    command.stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().expect("the program starts");
    drop((command, slave)); // closes our copies of the terminal's other end
    let (mut text, mut buffer, mut terminal) = (Vec::new(), [0; 4096], File::from(master));
    // Reading fails when nobody has the terminal open any more.
    while let Ok(length @ 1..) = terminal.read(&mut buffer) {
        text.extend_from_slice(&buffer[..length]);
    }
    let status = child.wait().expect("the program ends").code();
    (status, String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn terminal_output_equals_the_old_one() {
    let pair = Pair::with(SMALL);
    for words in [&[][..], &["-L"], &["-L", "-n"], &["-L", "-n", "--stats"], &["-S", "-n"]] {
        let ours = on_terminal(&pair.ours, words);
        let theirs = on_terminal(&pair.theirs, words);
        assert_eq!(ours, theirs, "{words:?}");
        assert_eq!(ours.0, Some(0), "{words:?}: {}", ours.1);
        assert!(ours.1.lines().count() > 2, "{words:?}: {}", ours.1);
    }
}

/// Names of interfaces can contain control characters, on which a terminal would act.
#[test]
fn names_are_escaped_only_on_a_terminal() {
    let mut pair = Pair::new();
    let name = "a\x1b[31m\u{9b}4m";
    for side in [&pair.ours, &pair.theirs] {
        side.namespace.enter();
        let made = Command::new("ip").args(["link", "add", name, "type", "dummy"]).status();
        assert!(made.unwrap().success());
    }
    pair.check(&format!("--start-daemon backup --mcast-interface {name}"));
    assert!(pair.check("-L --daemon").stdout.contains(name));
    let (status, text) = on_terminal(&pair.ours, &["-L", "--daemon"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("a\\x1b[31m\\u{9b}4m"), "{text:?}");
    assert!(!text.contains(['\x1b', '\u{9b}']), "{text:?}");
}
