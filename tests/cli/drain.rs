//! Mistakes in the arguments of drain and undrain, which need no kernel to be found.

use std::process::{Command, Stdio};

/// Runs a command line that is refused, and returns its messages.
fn refused(line: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .args(line.split(' '))
        .stdin(Stdio::null())
        .output()
        .expect("the program was built");
    let text = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert_eq!(output.status.code(), Some(2), "{line}: {text}");
    assert!(output.stdout.is_empty(), "{line}");
    text
}

#[test]
fn a_mistake_is_named_with_what_is_legal() {
    for (line, first, hint) in [
        (
            "drain",
            "`drain' needs a real server",
            "hint: of every service that has it: --server RIP",
        ),
        ("undrain", "`undrain' needs a real server", "hint: every drained real server: --all\n"),
        ("drain -r 10.0.0.1", "`drain' needs a service", "hint: name the service with -t, -u or"),
        ("drain -t 192.0.2.80:80", "`drain' needs -r RIP[:PORT]", "hint: name the real server"),
        (
            "drain --server 10.0.0.1 -t 192.0.2.80:80",
            "--server cannot be used with --tcp-service",
            "",
        ),
        (
            "drain --netns lb --reason x",
            "`drain' needs a real server",
            "to see the drained real servers: ipvsadm drain --list --netns lb\n",
        ),
        ("conns --client 192.0.2.1 compare x", "compare cannot be used with --client", ""),
        ("drain --list --remove", "--list cannot be used with --remove", ""),
        ("drain --server 10.0.0.1 --detach --remove", "--detach cannot be used with --remove", ""),
        ("undrain --all --server 10.0.0.1", "--all cannot be used with --server", ""),
        (
            "drain --server 10.0.0.1 --min-up 101%",
            "`101%' is not a valid value of --min-up: expected a number such as 2, or a share such \
             as 50%",
            "",
        ),
        (
            "drain --server 10.0.0.1 --timeout soon",
            "`soon' is not a valid value of --timeout: expected a time such as 60, 90s or 5m",
            "",
        ),
        (
            "drain --server 10.0.0.1 --until idle",
            "`idle' is not a valid value of --until: expected active or all",
            "",
        ),
        (
            "undrain --server 10.0.0.1 --weight 0",
            "`0' is not a valid value of --weight: expected 1 to 2147483647",
            "",
        ),
        (
            "drain --server 10.0.0.256",
            "`10.0.0.256' is not a valid value of --server: `10.0.0.256' is neither an address nor \
             a known host name",
            "",
        ),
    ] {
        let text = refused(line);
        let (said, hints) = text.split_once('\n').expect("a line");
        assert_eq!(said, first, "{line}");
        assert!(hints.contains(hint), "{line}: {text}");
    }
}
