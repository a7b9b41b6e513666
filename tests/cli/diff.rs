//! `ipvsadm diff OLD NEW`: the differences between two files.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

fn rules(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn run(words: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .arg("diff")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read, so the write may fail.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Output of `diff` for files with these lines.
fn diff(options: &[&str], old: &str, new: &str) -> String {
    let (old, new) = (rules(old), rules(new));
    let files = [old.path().to_str().unwrap(), new.path().to_str().unwrap()];
    let output = run(&[options, &files].concat(), "");
    let said = text(&output.stdout).to_owned();
    assert_eq!(text(&output.stderr), "");
    if !options.contains(&"--json") {
        assert_eq!(output.status.code(), Some(i32::from(!said.is_empty())), "{said}");
    }
    said
}

const MASTER: &str = "--start-daemon master --mcast-interface lo --syncid 3";

/// A `+` in one direction is a `-` in the other.
#[test]
fn time_outs_and_daemons_of_two_files_differ_both_ways() {
    let longer = format!("{MASTER} --sync-maxlen 1400");
    let told = format!("{MASTER} --mcast-port 8848");
    let other = MASTER.replace("syncid 3", "syncid 4");
    for (old, new, there, back) in [
        ("--set 900 120 300", "", "- --set 900 120 300".into(), "+ --set 900 120 300".into()),
        (
            "--set 900 0 0",
            "--set 900 120 300",
            "~ --set 900 120 300  # tcp_fin 0 -> 120, udp 0 -> 300".into(),
            "~ --set 900 0 0  # tcp_fin 120 -> 0, udp 300 -> 0".into(),
        ),
        (MASTER, "", format!("- {MASTER}"), format!("+ {MASTER}")),
        (MASTER, "--stop-daemon master", format!("- {MASTER}"), format!("+ {MASTER}")),
        (
            MASTER,
            &longer,
            format!("~ {longer}  # max_length none -> 1400"),
            format!("~ {MASTER}  # max_length 1400 -> none"),
        ),
        (
            MASTER,
            &told,
            format!("~ {told}  # port none -> 8848"),
            format!("~ {MASTER}  # port 8848 -> none"),
        ),
        (
            MASTER,
            &other,
            format!("~ {other}  # sync_id 3 -> 4"),
            format!("~ {MASTER}  # sync_id 4 -> 3"),
        ),
    ] {
        assert_eq!(diff(&[], old, new), there + "\n", "{old} to {new}");
        assert_eq!(diff(&[], new, old), back + "\n", "{new} to {old}");
    }
}

#[test]
fn unspecified_values_are_no_difference() {
    for (old, new) in
        [("--set 0 0 0", ""), ("--stop-daemon backup", ""), (MASTER, MASTER), ("--set 1 2 3", "")]
    {
        let scope: &[&str] = if old.starts_with("--set 1") { &["--scope", "tcp"] } else { &[] };
        assert_eq!(diff(scope, old, new), "", "{old} to {new}");
        assert_eq!(diff(scope, new, old), "", "{new} to {old}");
    }
    // With --keep-weights, everything but weights is compared.
    assert_eq!(diff(&["--keep-weights"], "--set 1 2 3", ""), "- --set 1 2 3\n");
}

/// The kernel can report `local` for a real server added with `-g`, so a comparison with the
/// kernel's table treats both as equal. A comparison of two files does not.
#[test]
fn forwarding_local_of_json_differs_both_ways() {
    let rules = "-A -t 192.0.2.80:80 -s rr\n-a -t 192.0.2.80:80 -r 192.0.2.1:80 -g -w 1\n";
    let server = r#"{"address":"192.0.2.1","port":80,"forwarding":"local"}"#;
    let service = r#""protocol":"tcp","address":"192.0.2.80","port":80,"scheduler":"rr""#;
    let json = format!(r#"{{"schema":1,"services":[{{{service},"destinations":[{server}]}}]}}"#);
    let said = |change: &str| {
        format!("~ -a -t 192.0.2.80:80 -r 192.0.2.1:80 -g -w 1  # forwarding {change}\n")
    };
    assert_eq!(diff(&[], &json, rules), said("local -> route"));
    assert_eq!(diff(&[], rules, &json), said("route -> local"));
}

#[test]
fn json_agrees_with_the_text_on_time_outs() {
    let changes = |old: &str, new: &str| {
        let json: Value = serde_json::from_str(&diff(&["--json"], old, new)).unwrap();
        json["changes"].clone()
    };
    let (some, all) = ("--set 900 0 0", "--set 900 120 300");
    let some_fields = json!({ "tcp": 900, "tcp_fin": 0, "udp": 0 });
    let all_fields = json!({ "tcp": 900, "tcp_fin": 120, "udp": 300 });
    assert_eq!(changes("", all), json!([{ "change": "add", "timeouts": all_fields }]));
    assert_eq!(changes(all, ""), json!([{ "change": "remove", "timeouts": all_fields }]));
    assert_eq!(
        changes(some, all),
        json!([{ "change": "edit", "timeouts": all_fields, "old": some_fields }])
    );
}

#[test]
fn a_mistake_names_its_file() {
    let (good, bad) = (rules("-A -t 192.0.2.80:80 -s rr\n"), rules("\n-A -t x\n"));
    let json = rules("{\"schema\":2}");
    let [good, bad, json] = [&good, &bad, &json].map(|file| file.path().to_str().unwrap());
    for (words, place, what) in [
        ([bad, good], format!("{bad}:2: "), "illegal virtual server"),
        ([good, bad], format!("{bad}:2: "), "illegal virtual server"),
        ([good, json], format!("{json}: "), "the JSON is not a table: schema 2"),
        ([good, "-"], "standard input:2: ".to_owned(), "illegal virtual server"),
    ] {
        let output = run(&words, "\n-A -t x\n");
        let errors = text(&output.stderr);
        assert!(errors.starts_with(&(place + what)), "{words:?}: {errors}");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
    // These messages name the file already, or there is no other file.
    let absent = run(&[good, "/nonexistent"], "");
    let said = "cannot open file /nonexistent\nhint: /nonexistent: No such file or directory\n";
    assert_eq!(text(&absent.stderr), said);
    let broken = run(&[good, "-"], "{\"schema\":1,\n\"services\":x}");
    let said = "standard input:2: the JSON is not a table: expected value at line 2 column 12\n";
    assert_eq!(text(&broken.stderr), said);
}

#[test]
fn up_to_ten_mistakes_are_reported_with_file_and_line() {
    let wrong = "# rules\n-A -t 192.0.2.80:80 --schedular rr\n-L\n-A -t 192.0.2.81:80\n\
                 -a -t 192.0.2.81:80 -r 198.51.100.1 -w x\naply -A -f 1\n";
    let output = run(&["-", "/dev/null"], wrong);
    let said = "\
standard input:2: --schedular: unknown option
hint: -A -t 192.0.2.80:80 --schedular rr
hint: did you mean --scheduler?
standard input:3: the line does not describe a table
hint: a rule file has -A, -a and the other commands that change the table, except -Z
standard input:5: illegal weight specified
hint: -a -t 192.0.2.81:80 -r 198.51.100.1 -w x
";
    let errors = text(&output.stderr);
    assert!(errors.starts_with(said), "{errors}");
    assert!(errors.contains("\nstandard input:6: unexpected argument aply\n"), "{errors}");
    let bare = run(&["-", "/dev/null"], "--tcp-service 192.0.2.80:80\n").stderr;
    let said = "standard input:1: `--tcp-service' is not a complete command";
    assert!(text(&bare).starts_with(said), "{}", text(&bare));
    assert!(!errors.contains("nothing was changed"), "{errors}");
    assert_eq!(output.status.code(), Some(2));

    let many = "-A -q\n".repeat(11);
    let errors = run(&["-", "/dev/null"], &many).stderr;
    let errors = text(&errors);
    assert_eq!(errors.matches("standard input:").count(), 10, "{errors}");
    assert!(errors.ends_with("hint: there are more mistakes in this file\n"), "{errors}");
    let errors = run(&["-", "/dev/null"], &many[..many.len() - 6]).stderr;
    assert!(!text(&errors).contains("there are more"), "{}", text(&errors));
}

#[test]
fn lines_that_contradict_each_other_are_all_reported() {
    let service = "-A -t 192.0.2.80:80 -s rr\n";
    let wrong = format!(
        "{service}{service}-a -t 192.0.2.81:80 -r 198.51.100.1 -m\n\
         -a -t 192.0.2.80:80 -r 198.51.100.1 -m\n"
    );
    let output = run(&["-", "/dev/null"], &wrong);
    let errors = text(&output.stderr);
    let said = "\
standard input:2: Service already exists
hint: -t 192.0.2.80:80 -s rr
hint: line 1 already defines this object: remove one of the two
standard input:3: Service not defined
hint: -t 192.0.2.81:80 -r 198.51.100.1:80
";
    assert!(errors.starts_with(said), "{errors}");
    assert_eq!(errors.matches("standard input:").count(), 2, "{errors}");
    // Contradictions are not reported if a line is invalid, since they may only follow from that.
    let output = run(&["-", "/dev/null"], &format!("-A -t x\n{wrong}"));
    assert_eq!(text(&output.stderr).matches("standard input:").count(), 1);
}

#[test]
fn excerpts_fit_in_80_columns() {
    let line = format!("-A -t 192.0.2.80:80 -s {} -q\n", "x".repeat(300));
    let output = run(&["-", "/dev/null"], &line);
    let errors = text(&output.stderr);
    let hint = errors.lines().nth(1).unwrap();
    assert_eq!((hint.len(), hint.ends_with("xxx...")), (80, true), "{errors}");
    let hint = errors.lines().nth(2).unwrap();
    let said =
        format!("hint: `{}...': the name of a scheduler has at most 15 bytes", "x".repeat(48));
    assert_eq!(hint, said);
    let output = run(&["-", "/dev/null"], "-A -t x.invalid:80\n-A -t x.invalid\n");
    let errors = text(&output.stderr);
    let said = "hint: `x.invalid': `x.invalid' is neither";
    assert!(!errors.contains(said), "one quote is enough: {errors}");
}

#[test]
fn one_side_may_be_standard_input() {
    let output = run(&["-", "-"], "");
    let said = "`-' is standard input, which can be read only once: name a file\n";
    assert_eq!(text(&output.stderr), said);
    assert_eq!(output.status.code(), Some(2));
    let file = rules("--set 1 2 3\n");
    let file = file.path().to_str().unwrap();
    assert_eq!(text(&run(&["-", file], "").stdout), "+ --set 1 2 3\n");
    assert_eq!(text(&run(&[file, "-"], "").stdout), "- --set 1 2 3\n");
}

#[test]
fn a_first_word_of_a_rule_line_gets_no_advice_for_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules");
    for (line, expected) in [
        (
            "ipvsadm drain -t 192.0.2.80:80 -r 10.0.0.1",
            "`drain': verbs are not allowed in a rule file",
        ),
        ("list", "`list': a rule file has only commands that change the table, such as -A and -a"),
        ("more", "`more': a rule file has only commands that change the table, such as -A and -a"),
        ("add -t 192.0.2.80:80", "`add': -A adds a service, -a a real server"),
    ] {
        std::fs::write(&path, format!("{line}\n")).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
            .arg("diff")
            .args([&path, &path])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with(&format!("{}:1: {expected}\n", path.display())), "{text}");
        assert!(!text.contains("did you mean"), "{text}");
    }
}

#[test]
fn notes_name_the_file_of_their_line() {
    let service = "-A -t 192.0.2.80:80 -s rr\n";
    let old = rules(&format!("{service}-a -t 192.0.2.80:80 -r 198.51.100.1:8080 -g\n"));
    let new = rules(&format!("{service}-a -t 192.0.2.80:80 -r 198.51.100.1:8081 -g\n"));
    let [old, new] = [&old, &new].map(|file| file.path().to_str().unwrap());
    let said = |words: &[&str], input: &str| text(&run(words, input).stderr).to_owned();
    let note = |file: &str, port: u16| {
        format!("hint: {file}:2: only -m can change the port: 80 is used instead of {port}\n")
    };
    assert_eq!(said(&[old, new], ""), note(old, 8080) + &note(new, 8081));
    let input = std::fs::read_to_string(old).unwrap();
    assert_eq!(said(&["-", new], &input), note("standard input", 8080) + &note(new, 8081));
    assert_eq!(said(&[new, "-"], &input), note(new, 8081) + &note("standard input", 8080));
    // The same line in two files is a note for each.
    assert_eq!(said(&["-", old], &input), note("standard input", 8080) + &note(old, 8080));
}

#[test]
fn keys_of_a_service_that_contradict_each_other_are_refused() {
    let address = "\"address\":\"192.0.2.1\",\"port\":80,\"scheduler\":\"rr\"";
    for (service, why) in [
        (
            "\"fwmark\":7,\"protocol\":\"udp\",\"scheduler\":\"rr\"".to_owned(),
            "a service by fwmark has no protocol",
        ),
        (
            format!("{address},\"protocol\":\"tcp\",\"family\":\"ipv6\""),
            "family: the address is of ipv4",
        ),
        (
            format!("{address},\"protocol\":\"tcp\",\"family\":\"ip\""),
            "family: `ip' is not one of ipv4, ipv6",
        ),
    ] {
        let file = format!("{{\"schema\":1,\"services\":[{{{service}}}]}}");
        let output = run(&["-", "/dev/null"], &file);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{service}: {said}");
        assert!(said.lines().next().unwrap_or_default().contains(why), "{service}: {said}");
    }
    let right = format!("{address},\"protocol\":\"tcp\",\"family\":\"ipv4\"");
    let file = format!("{{\"schema\":1,\"services\":[{{{right}}}]}}");
    assert_eq!(text(&run(&["-", "/dev/null"], &file).stdout), "- -A -t 192.0.2.1:80 -s rr\n");
}

#[test]
fn an_invalid_scope_is_explained_by_every_form() {
    for (scope, why) in [
        (
            "port=x",
            "expected ADDRESS, ADDRESS/LENGTH, port=N, port=N-M, fwmark, fwmark=N, fwmark=N-M, tcp, \
             udp or sctp",
        ),
        ("fwmark=0", "mark 0 means \"unmarked\"; no service can use it"),
    ] {
        let output = run(&["--scope", scope, "-", "/dev/null"], "");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{scope}: {said}");
        assert!(said.lines().next().unwrap_or_default().contains(why), "{scope}: {said}");
    }
}
