//! The shells, each with its script and a Tab key.

use std::path::Path;
use std::process::Command;

pub const OURS: &str = env!("CARGO_BIN_EXE_ipvsadm");

/// What is on the screen after Tab was pressed behind `ipvsadm` and these words.
pub type Shell = fn(&str) -> String;

fn folder() -> &'static str {
    Path::new(OURS).parent().and_then(Path::to_str).expect("the folder of the program")
}

/// How a person gets the program and its completions.
fn setup(load: &str) -> String {
    format!("PATH={}:$PATH; PS1='> '; {load}", folder())
}

fn output(command: &mut Command) -> String {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .env("TERM", "dumb")
        .env("HOME", "/nonexistent")
        .output()
        .unwrap_or_else(|why| panic!("{name} does not start ({why}): run scripts/test.sh"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{name}: {text}{errors}");
    text
}

fn press(load: &str, typed: &str, command: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/completion/press.py");
    let text = format!("ipvsadm {typed}%TAB%");
    let screen = output(Command::new("python3").args([script, &setup(load), &text]).args(command));
    // Where the line became longer than before, the shell printed only the rest of it.
    screen.replace(['\r', '\x07'], "")
}

pub fn bash(typed: &str) -> String {
    // One Tab completes as far as is clear, and lists what there is; else it takes three.
    let load = "bind 'set show-all-if-ambiguous on'; eval \"$(ipvsadm completions bash)\"";
    press(load, typed, &["bash", "--norc", "--noprofile", "-i"])
}

pub fn zsh(typed: &str) -> String {
    let load = "autoload -U compinit; compinit -u -D; setopt no_list_ambiguous; eval \"$(ipvsadm completions zsh)\"";
    // The quotes with which zsh protects brackets are no part of the word.
    press(load, typed, &["zsh", "-f", "-i"]).replace('\\', "")
}

pub fn fish(typed: &str) -> String {
    let line = typed.replace('\'', "\\'");
    let script = format!(
        "set -x PATH {} $PATH; ipvsadm completions fish | source; complete -C 'ipvsadm {line}'",
        folder()
    );
    output(Command::new("fish").args(["--no-config", "-c", &script]))
}
