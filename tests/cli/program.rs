//! The program itself, without a kernel: it must help, and fail with one clear line.

use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

fn run_as(name: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .arg0(name)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("the program was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

#[test]
fn help_and_version_need_no_kernel() {
    for args in [&["-h"][..], &["--help"], &["-h", "-L", "nonsense"]] {
        let output = run_as("ipvsadm", args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(text(&output.stdout).contains("\nUsage:\n"), "{args:?}");
        assert!(output.stderr.is_empty());
    }
    let version = run_as("ipvsadm", &["-v"]);
    assert!(text(&version.stdout).starts_with("ipvsadm v1.31 "));
}

#[test]
fn a_mistake_is_named_with_a_hint() {
    let output = run_as("ipvsadm", &["-A", "-t", "192.0.2.80:80", "--schedular", "rr"]);
    assert_eq!(output.status.code(), Some(255));
    assert_eq!(
        text(&output.stderr),
        "--schedular: unknown option\nhint: did you mean --scheduler?\n"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_slip_in_a_verb_is_guessed() {
    for (line, guess) in [
        ("aply rules", "hint: did you mean `ipvsadm apply'?"),
        ("rs prepar", "similar subcommand exists: 'prepare'"),
        ("apply --dryrun rules", "similar argument exists: '--dry-run'"),
        ("rs prepare --mode drr", "possible values: dr, tun, nat"),
        ("completions bsh", "similar value exists: 'bash'"),
        ("director prepare --vip 192.0.2.80 --iface eth0 --set drop_enty=1", "drop_entry"),
    ] {
        let output = run_as("ipvsadm", &line.split(' ').collect::<Vec<_>>());
        let errors = text(&output.stderr);
        assert!(errors.contains(guess), "{line}: {errors}");
        assert_ne!(output.status.code(), Some(0), "{line}");
    }
}

#[test]
fn the_hint_names_the_program_as_it_was_called() {
    let output = run_as("/sbin/ipvsadm", &["list"]);
    let first = "Try `/sbin/ipvsadm -h' or '/sbin/ipvsadm --help' for more information.";
    assert_eq!(text(&output.stderr).lines().next(), Some(first));
}

#[test]
fn save_explains_itself() {
    for option in ["--help", "-x"] {
        let output = run_as("/usr/sbin/ipvsadm-save", &[option]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).starts_with("Usage: ipvsadm-save"));
    }
}

#[test]
fn a_bad_rule_file_is_refused_before_the_kernel_is_asked() {
    let file = tempfile::tempfile().expect("a scratch file");
    std::io::Write::write_all(&mut &file, b"-A -t 192.0.2.80:80\n\n-a -t 192.0.2.80:80 -w x\n")
        .expect("a writable scratch file");
    std::io::Seek::rewind(&mut &file).expect("a seekable scratch file");
    let output = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .args(["-R"])
        .stdin(file)
        .output()
        .expect("the program was built");
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    assert!(errors.starts_with("illegal weight specified\nhint: line 3: "), "{errors}");
    assert!(errors.ends_with("hint: nothing was changed\n"), "{errors}");
}

#[test]
fn a_missing_namespace_is_named() {
    for args in [["-L", "--netns", "no-such-namespace"], ["--netns", "no-such-namespace", "-L"]] {
        let output = run_as("ipvsadm", &args);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("`no-such-namespace'"));
    }
}
