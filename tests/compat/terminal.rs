//! What people type by hand: on a terminal both programs show the same.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::pty::{OpenptyResult, openpty};

use crate::network::SMALL;
use crate::pair::{Pair, Side};

/// The exit status and what is on the screen.
fn on_terminal(side: &Side, words: &[&str]) -> (Option<i32>, String) {
    side.namespace.enter();
    let OpenptyResult { master, slave } = openpty(None, None).expect("a terminal");
    let end = || Stdio::from(slave.try_clone().expect("another end of it"));
    let mut command = Command::new(&side.program.path);
    command.arg0(side.program.name).args(words);
    command.stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().expect("the program starts");
    drop((command, slave)); // and with them our ends of what the program writes to
    let (mut text, mut buffer, mut terminal) = (Vec::new(), [0; 4096], File::from(master));
    // A terminal that nobody writes to any more ends with an error.
    while let Ok(length @ 1..) = terminal.read(&mut buffer) {
        text.extend_from_slice(&buffer[..length]);
    }
    let status = child.wait().expect("the program ends").code();
    (status, String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn without_words_and_in_listings() {
    let pair = Pair::with(SMALL);
    for words in [&[][..], &["-L"], &["-L", "-n"], &["-L", "-n", "--stats"], &["-S", "-n"]] {
        let ours = on_terminal(&pair.ours, words);
        let theirs = on_terminal(&pair.theirs, words);
        assert_eq!(ours, theirs, "{words:?}");
        assert_eq!(ours.0, Some(0), "{words:?}: {}", ours.1);
        assert!(ours.1.lines().count() > 2, "{words:?}: {}", ours.1);
    }
}
