//! File names that are not UTF-8, callers other than root, and callers of sudo.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::common::namespace;
use crate::program::{LONG, OURS, file, live, ours, waiting};

const RULE: &str = "-A -t 192.0.2.80:80 -s rr\n";
const OTHER: &str = "-A -t 192.0.2.81:80 -s rr\n";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn file_names_that_are_not_utf8_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let names: [&[u8]; 2] = [b"a\xff", b"a\xfe"];
    for (name, text) in names.iter().zip([RULE, OTHER]) {
        fs::write(folder.path().join(OsStr::from_bytes(name)), text).unwrap();
    }
    let names = names.map(OsStr::from_bytes);
    let diff = Command::new(OURS).arg("diff").args(names).current_dir(folder.path()).output();
    let diff = diff.unwrap();
    assert_eq!(said(&diff), format!("- {RULE}+ {OTHER}"));
    assert_eq!(diff.status.code(), Some(1));
}

/// A copy of the program that every user can execute.
fn copy() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    for name in ["ipvsadm", "ipvsadm-restore"] {
        fs::copy(OURS, folder.path().join(name)).unwrap();
    }
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

/// Runs a program as a user other than root who has `CAP_NET_ADMIN`.
fn as_administrator(program: &str, words: &[&str], input: &str) -> Output {
    let rights = ["--inh-caps", "+net_admin", "--ambient-caps", "+net_admin"];
    Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .args(rights)
        .arg(program)
        .args(words)
        .stdin(fs::File::open(input).unwrap())
        .output()
        .unwrap()
}

#[test]
fn callers_other_than_root_get_the_reason_for_the_missing_lock() {
    namespace(|| {
        let ((_rule, rule), (kept, other)) = (file(RULE), file(OTHER));
        fs::set_permissions(kept.path(), PermissionsExt::from_mode(0o644)).unwrap();
        let (_folder, programs) = copy();
        let (mut child, _complaints) = waiting(LONG, &rule);
        let apply =
            as_administrator(&format!("{programs}/ipvsadm"), &["apply", &other], "/dev/null");
        let text = said(&apply);
        assert_eq!(apply.status.code(), Some(2), "{text}");
        assert!(text.starts_with("cannot use /run/ipvsadm/apply"), "{text}");
        assert!(text.contains(".lock: Permission denied\nhint: locks, journals and"), "{text}");
        assert!(text.ends_with("hint: nothing was changed\n"), "{text}");
        // The classic command continues, as the old one does, and explains the consequence.
        let restore = as_administrator(&format!("{programs}/ipvsadm-restore"), &[], &other);
        let text = said(&restore);
        assert_eq!(restore.status.code(), Some(0), "{text}");
        assert!(text.starts_with("hint: cannot use /run/ipvsadm/apply"), "{text}");
        assert!(text.contains("hint: without the lock, another ipvsadm may change"), "{text}");
        assert_eq!(live().pools.len(), 1);
        child.kill().unwrap();
        child.wait().unwrap();
    });
}

/// A user who may run this program by sudo may not be allowed to read every file.
#[test]
fn file_content_is_hidden_from_a_sudo_caller_who_cannot_read_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let secret = "-A -t 192.0.2.80:80 -s rr\nroot:hunter2:1\n";
    for (text, line) in [
        (secret, ": a mistake in line 2"),
        ("hunter2\n-A -t 192.0.2.80:80\nhunter2\n", ": mistakes in line 1, line 3"),
        ("-A -t hunter2 -s rr\n", ": a mistake in line 1"),
        (&format!("{RULE}{RULE}"), ": a mistake in line 2"),
        ("{\"hunter2\": 1}\n", ": it has neither rule lines nor a table in JSON"),
    ] {
        let closed = path("closed");
        fs::write(&closed, text).unwrap();
        let run = |mode, verb: &str, user: &str| {
            fs::set_permissions(&closed, PermissionsExt::from_mode(mode)).unwrap();
            let mut command = Command::new(OURS);
            let output = command.args([verb, &closed]).env("SUDO_UID", user).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
            said(&output)
        };
        for verb in ["diff", "apply"] {
            let withheld = run(0o600, verb, "65534");
            let first = format!("cannot use {closed}{line}\n");
            assert!(withheld.starts_with(&first), "{withheld}");
            assert!(!withheld.contains("hunter2") && !withheld.contains("192.0.2"), "{withheld}");
            assert_eq!(run(0o600, verb, "0"), run(0o644, verb, "65534"));
            assert!(!run(0o644, verb, "65534").contains("cannot use"));
        }
    }
    // A readable file in a folder that the user cannot enter.
    let inner = path("inner");
    fs::create_dir(&inner).unwrap();
    fs::set_permissions(&inner, PermissionsExt::from_mode(0o700)).unwrap();
    fs::write(format!("{inner}/file"), secret).unwrap();
    std::os::unix::fs::symlink(format!("{inner}/file"), path("link")).unwrap();
    let output = Command::new(OURS).args(["diff", &path("link")]).env("SUDO_UID", "65534").output();
    assert!(!said(&output.unwrap()).contains("hunter2"));
    ours(&["diff", "/dev/null", "/dev/null"]).expect(0);
}

#[test]
fn a_sudo_caller_sees_no_line_of_a_copy_that_only_root_can_read() {
    let (_kept, path) = file("SECRETLINE:hash:19000\n");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    for words in [&["--from", &path][..], &["compare", &path, &path]] {
        let output = Command::new(OURS)
            .arg("conns")
            .args(words)
            .env("SUDO_UID", "1000")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = said(&output);
        assert!(said.contains(&format!("cannot use {path}: ")), "{said}");
        assert!(!said.contains("SECRET"), "{said}");
    }
}
