//! `--json` where it has no meaning, and other options that do not go together.

use std::process::Command;

/// Exit status and standard error.
fn ipvsadm(words: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipvsadm"));
    let output = command.args(words.split(' ')).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn verbs_with_a_format_of_their_own_refuse_json() {
    for (words, verb) in [
        ("metrics --json", "metrics"),
        ("metrics --json --services-only", "metrics"),
        ("serve --json", "serve"),
        ("report --json", "report"),
        ("completions bash --json", "completions"),
        ("completions --json zsh", "completions"),
    ] {
        let (status, said) = ipvsadm(words);
        assert_eq!(status, Some(2), "{words}: {said}");
        assert!(said.starts_with(&format!("`{verb}' has no option `--json'\n")), "{said}");
        assert!(!said.contains("did you mean"), "{said}");
    }
    for verb in ["metrics", "completions", "serve", "report"] {
        let (status, said) = ipvsadm(&format!("{verb} --output x"));
        assert_eq!(status, Some(2), "{said}");
        assert!(!said.contains("--json"), "{said}");
        let output = Command::new(env!("CARGO_BIN_EXE_ipvsadm")).args([verb, "--help"]).output();
        let help = String::from_utf8(output.unwrap().stdout).unwrap();
        assert!(help.contains("  --netns") && !help.contains("  --json"), "{help}");
    }
}

#[test]
fn an_address_family_needs_a_mark() {
    for words in ["undrain --all -6", "drain --list -6", "undrain --server 10.0.0.1 -6"] {
        let (status, said) = ipvsadm(words);
        assert_eq!(status, Some(2), "{words}: {said}");
        assert!(said.contains("cannot be used with"), "{words}: {said}");
    }
    for verb in ["drain", "undrain", "set"] {
        let (status, said) = ipvsadm(&format!("{verb} -6 -t 192.0.2.80:80 -r 10.0.0.1"));
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains("cannot be used with"), "{said}");
    }
}
