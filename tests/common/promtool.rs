//! promtool, which comes with Prometheus.

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs promtool, which must succeed, and returns everything that it prints.
#[track_caller]
pub fn promtool(words: &[&str], input: &str) -> String {
    let mut child = Command::new("promtool")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|why| {
            panic!("no promtool of Debian's package prometheus ({why}): run scripts/test.sh")
        });
    // promtool may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "promtool {words:?}: {text}\n{input}");
    text
}
