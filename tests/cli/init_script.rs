//! Debian's init script, with a control program that prints messages.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Stubs of init-functions(7): the line stays open until the result is known.
const FUNCTIONS: &str = "log_daemon_msg() { printf '%s: %s' \"$1\" \"$2\" >&2; }
log_end_msg() { echo \" end $1\" >&2; }
";

#[test]
fn messages_of_the_init_script_begin_a_line_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let said = |control: &str| {
        fs::write(path("control"), format!("#!/bin/sh\n{control}\n")).unwrap();
        fs::set_permissions(path("control"), PermissionsExt::from_mode(0o755)).unwrap();
        fs::write(path("functions"), FUNCTIONS).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("debian/ipvsadm.init");
        let script = fs::read_to_string(source).unwrap();
        let script = script.replace("/usr/libexec/ipvsadm/control", &path("control"));
        let script = script.replace("/lib/lsb/init-functions", &path("functions"));
        let output = Command::new("sh").args(["-c", &script, "ipvsadm", "start"]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(said("exit 0"), (Some(0), "Loading IPVS rules: ipvsadm end 0\n".to_owned()));
    let (status, text) = said("echo '-q: unknown option' >&2; echo 'hint: line 1' >&2; exit 2");
    assert_eq!(status, Some(2));
    let expected = "Loading IPVS rules: ipvsadm\n-q: unknown option\nhint: line 1\n end 2\n";
    assert_eq!(text, expected);
}
