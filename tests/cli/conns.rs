//! Copies of the connection table, which need no kernel to be read.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const LINE: &str = "TCP C6336407 0FA0 C0000250 0050 0A000001 0050 ESTABLISHED     894\n";
const TITLE: &str = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires\n";

fn conns(words: &[&str], input: Stdio) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .arg("conns")
        .args(words)
        .stdin(input)
        .output()
        .expect("the program was built")
}

/// Reads the file, and returns the exit status, the number of rows and the messages.
fn from(path: &Path) -> (Option<i32>, usize, String) {
    let output = conns(&["--from", path.to_str().unwrap()], Stdio::null());
    let rows = String::from_utf8(output.stdout).unwrap().lines().count().saturating_sub(1);
    (output.status.code(), rows, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_copy_without_the_title_keeps_its_first_connection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    for text in [format!("{TITLE}{LINE}{LINE}"), format!("{LINE}{LINE}")] {
        fs::write(&path, text).unwrap();
        assert_eq!(from(&path), (Some(0), 2, String::new()));
    }
}

#[test]
fn a_line_that_is_no_connection_is_quoted_within_80_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    fs::write(&path, format!("{TITLE}{LINE}{}\n", "x".repeat(3000))).unwrap();
    let (status, _, said) = from(&path);
    assert_eq!(status, Some(1), "{said}");
    let first = format!("{}:3: the line does not describe a connection", path.display());
    assert_eq!(said.lines().next(), Some(&*first));
    assert!(said.lines().skip(1).all(|line| line.len() <= 80), "{said}");
    assert!(!said.contains("nothing was changed"), "{said}");
}

#[test]
fn a_line_without_end_does_not_take_all_memory() {
    let (status, _, said) = from(Path::new("/dev/zero"));
    assert_eq!(status, Some(1), "{said}");
    assert!(said.starts_with("/dev/zero:1: the line does not describe a connection\n"), "{said}");
}

#[test]
fn a_socket_as_standard_input_is_read() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(LINE.as_bytes()).unwrap();
    drop(theirs);
    let output = conns(&["--from", "-"], std::os::fd::OwnedFd::from(ours).into());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("198.51.100.7:4000"));
}

#[test]
fn compare_names_what_is_no_list_of_connections() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.json");
    fs::write(&table, "{\"schema\":1,\"services\":[]}").unwrap();
    let table = table.to_str().unwrap();
    let said = |path: &str| {
        let output = conns(&["compare", path, path], Stdio::null());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let text = said(table);
    assert!(
        text.contains(": the JSON is not a list of connections: missing field `connections`"),
        "{text}"
    );
    let folder = folder.path().to_str().unwrap();
    assert_eq!(said(folder), format!("cannot read {folder}: Is a directory\n"));
}

#[test]
fn compare_that_cannot_be_reported_does_not_claim_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conns.json");
    fs::write(&path, "{\"schema\":1,\"connections\":[]}").unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(conns(&["compare", path, path], Stdio::null()).status.code(), Some(0));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .args(["conns", "compare", path, path])
        .stdout(full)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
}

#[test]
fn metrics_that_are_not_printed_have_status_2() {
    let output = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .args(["metrics", "--against", "/nonexistent"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(!text.contains("nothing was changed"), "{text}");
}
