//! Unusual input: ignored arguments, control characters, overlong lines, duplicates.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::namespace;
use crate::program::{OURS, called, file, lines, live, ours, ours_with, restore, shell};

const TWO: &str = "-A -t 192.0.2.80:80 -s rr\n-A -t 192.0.2.81:80 -s rr\n\
                   -a -t 192.0.2.81:80 -r 198.51.100.1:80 -m -w 1\n";

#[test]
fn restore_reports_ignored_arguments_and_deletions() {
    namespace(|| {
        let stream = "the rules come from standard input: ipvsadm-restore < FILE";
        let shell = "only a shell understands it; in a systemd unit, use StandardInput=file:PATH \
                     or StandardOutput=file:PATH";
        for (words, hints) in [
            (vec!["/etc/ipvs.rules"], vec![("/etc/ipvs.rules", stream)]),
            (vec!["<", "rules"], vec![("<", shell), ("rules", stream)]),
            (vec![], vec![]),
        ] {
            restore(TWO).expect(0);
            let mut expected = "hint: the input defines no service; services deleted: \
                                2\n"
            .to_owned();
            for (word, why) in hints {
                expected += &format!("hint: `{word}' was ignored: {why}\n");
            }
            let outcome = called("ipvsadm-restore", "", &words).expect(0);
            assert_eq!((outcome.out.as_str(), outcome.complaints), ("", expected));
            assert_eq!(live().pools.len(), 0);
        }
        // Nothing is said about an empty table, because nothing was deleted.
        assert_eq!(restore("").expect(0).complaints, "");
        restore(TWO).expect(0);
        let outcome = called("ipvsadm-restore", "-A -f 1 -s rr\n", &["-n"]).expect(0);
        let ignored = format!("hint: `-n' was ignored: {stream}\n");
        assert_eq!(outcome.complaints, format!("hint: services deleted: 2\n{ignored}"));
        // Ordinary input gets no message.
        assert_eq!(restore(TWO).expect(0).complaints, "");
    });
}

#[test]
fn save_reports_ignored_arguments() {
    namespace(|| {
        restore(TWO).expect(0);
        let saved = called("ipvsadm-save", "", &["-n"]).expect(0);
        let file = called("ipvsadm-save", "", &["-n", "/etc/ipvs.rules"]).expect(0);
        assert_eq!(file.out, saved.out);
        assert_eq!(
            file.complaints,
            "hint: `/etc/ipvs.rules' was ignored: the rules go to standard output: \
             ipvsadm-save > FILE\n"
        );
        let dash = called("ipvsadm-save", "", &["\u{2013}n"]).expect(0);
        assert_eq!(
            dash.complaints,
            "hint: `\u{2013}n' was ignored: U+2013 (en dash) is used instead of a hyphen: write \
             -n\n"
        );
        for (words, hint) in [
            (["-R", "x"], "hint: `x': the rules come from standard input: ipvsadm -R < FILE\n"),
            (["-S", "x"], "hint: `x': the rules go to standard output: ipvsadm -S > FILE\n"),
            (
                ["-L", "\u{2014}n"],
                "hint: `\u{2014}n': U+2014 (em dash) is used instead of a hyphen: write -n\n",
            ),
        ] {
            let refused = ours(&words).expect(2).complaints;
            assert_eq!(refused, format!("unexpected argument {}\n{hint}", words[1]));
        }
    });
}

#[test]
fn control_bytes_are_reported_with_their_line() {
    namespace(|| {
        restore(TWO).expect(0);
        let before = live();
        for (byte, rule) in [
            ("00", "-A -f 1 -s \0\n"),
            ("01", "-A -f 1 -s \u{1}\n"),
            ("00", "-A -f 1 -p \0\n"),
            ("00", "-A -t 192.0.2.82:80\0 -s rr\n"),
        ] {
            // In a comment, control characters are ignored.
            let text = format!("# \0 \u{1}\n{rule}");
            let what = format!("the line has a control byte 0x{byte}\nhint: ");
            for (outcome, before_it, after_it) in [
                (restore(&text), "", "line 2: "),
                (ours_with(&text, &["-R"]), "", "line 2: "),
                (ours_with(&text, &["apply", "-"]), "standard input:2: ", "-A "),
                (ours_with(&text, &["diff", "-"]), "standard input:2: ", "-A "),
            ] {
                let outcome = outcome.expect(2);
                let line = format!("{before_it}{what}{after_it}");
                assert!(outcome.complaints.starts_with(&line), "{outcome:?}");
                assert_eq!(live(), before);
            }
        }
        // On the command line, a control character is not special.
        let refused = ours(&["-A", "-f", "1", "-s", "\u{1}"]).expect(255).complaints;
        assert!(refused.starts_with("Scheduler or persistence engine not found\n"), "{refused}");
        assert!(refused.contains("-s \\x01"), "{refused:?}");
    });
}

/// Runs each command on the output of a shell command, with a limit on memory.
fn fed(source: &str, commands: &[&str]) -> Vec<(String, i32, String)> {
    let outcomes = commands.iter().map(|command| {
        let run = match *command {
            "ipvsadm-restore" => "bash -c 'exec -a ipvsadm-restore $0' $ours".to_owned(),
            words => format!("$ours {words}"),
        };
        let limit = "ulimit -v 2000000";
        let outcome = shell(&format!("{{ {source}; }} 2>/dev/null | ( {limit}; {run} )"));
        ((*command).to_owned(), outcome.status, outcome.complaints)
    });
    outcomes.collect()
}

#[test]
fn overlong_or_endless_input_is_refused() {
    namespace(|| {
        restore(TWO).expect(0);
        let before = live();
        let long = "the line is longer than 65536 bytes\nhint: ";
        let file = "the input has more than 64 MiB or a million commands\n";
        let all = ["ipvsadm-restore", "-R", "apply -", "diff -", "apply /dev/stdin"];
        for (source, commands, text) in [
            ("echo '# rules'; head -c 70000 /dev/zero | tr '\\0' x", &all[..], long),
            ("cat /dev/zero", &all, long),
            ("yes ''", &["-R", "diff -"], file),
            ("yes -- -C", &["ipvsadm-restore", "apply -"], file),
            ("printf '{'; yes ' '", &["apply -"], file),
        ] {
            for (command, status, complaints) in fed(source, commands) {
                assert_eq!(status, 2, "{source}, {command}: {complaints}");
                assert!(complaints.contains(text), "{source}, {command}: {complaints}");
                let is_old = complaints.starts_with(text);
                let names_it = complaints.starts_with("standard input:")
                    || complaints.starts_with("/dev/stdin:");
                assert!(is_old != names_it, "{source}, {command}: {complaints}");
                let is_verb = command.starts_with("apply") || command.starts_with("diff");
                assert_eq!(names_it, is_verb, "{source}, {command}: {complaints}");
                assert!(complaints.len() < 1000, "{source}, {command}: {complaints}");
                assert_eq!(live(), before, "{source}, {command}");
            }
        }
        // A line of the maximum length is accepted.
        let comment = "x".repeat(65_535);
        restore(&format!("#{comment}\n{TWO}")).expect(0);
        restore(&format!("#x{comment}\n{TWO}")).expect(2);
    });
}

#[test]
fn the_mistake_in_a_line_of_many_words_is_found() {
    namespace(|| {
        let line = format!("-A{} --nonsense{}\n", " -n".repeat(10_000), " x".repeat(10_000));
        for (words, place) in [(["-R"].as_slice(), ""), (&["diff", "-"], "standard input:1: ")] {
            let refused = ours_with(&line, words).expect(2).complaints;
            let said = format!("{place}multiple 'numeric' options specified\n");
            assert!(refused.starts_with(&said), "{refused:.200}");
        }
        let line = format!("-A --nonsense{}\n", " x".repeat(30_000));
        let refused = ours_with(&line, &["-R"]).expect(2).complaints;
        assert!(refused.starts_with("--nonsense: unknown option\n"), "{refused:.200}");
    });
}

#[test]
fn duplicates_name_the_other_line() {
    namespace(|| {
        let service = "-A -t 192.0.2.80:80 -s rr\n";
        let server = "-a -t 192.0.2.80:80 -r 198.51.100.1:80 -m -w 1\n";
        for (text, place) in [
            (format!("{service}\n{service}"), "-t 192.0.2.80:80 -s rr\nhint: line 1"),
            (
                format!("{service}{server}{server}"),
                "-t 192.0.2.80:80 -r 198.51.100.1:80\nhint: line 2",
            ),
        ] {
            let said =
                format!("hint: {place} already defines this object: remove one of the two\n");
            for words in [["apply", "-"], ["diff", "-"]] {
                let outcome = ours_with(&text, &words).expect(2);
                assert!(outcome.complaints.starts_with("standard input:3: "), "{outcome:?}");
                assert!(outcome.complaints.contains(&said), "{outcome:?}");
                assert!(!outcome.complaints.contains("use -"), "{outcome:?}");
            }
            restore("").expect(0);
            for outcome in [restore(&text), ours_with(&format!("-C\n{text}"), &["-R"])] {
                let outcome = outcome.expect(255);
                assert!(outcome.complaints.contains("already defines this object"), "{outcome:?}");
                assert!(!outcome.complaints.contains("use -"), "{outcome:?}");
            }
        }
        let service = "{\"fwmark\":1,\"destinations\":[{\"address\":\"198.51.100.1\",\"port\":80},\
                       {\"address\":\"198.51.100.1\",\"port\":80}]}";
        let json = format!("{{\"schema\":1,\"services\":[{service}]}}");
        let refused = ours_with(&json, &["diff", "-"]).expect(2).complaints;
        let said = "hint: services[0].destinations[1]\n\
                    hint: services[0].destinations[0] already defines this object";
        assert!(refused.contains(said), "{refused}");
    });
}

#[test]
fn an_unknown_real_server_proposes_its_other_ports() {
    namespace(|| {
        restore(&format!(
            "{TWO}-a -t 192.0.2.81:80 -r 198.51.100.1:8080 -m\n\
             -a -t 192.0.2.81:80 -r 198.51.100.2:99 -m\n"
        ))
        .expect(0);
        let hint = "hint: the service has this address with ports 8080, 80\n";
        for words in [
            vec!["-e", "-t", "192.0.2.81:80", "-r", "198.51.100.1:81", "-m", "-w", "2"],
            vec!["-d", "-t", "192.0.2.81:80", "-r", "198.51.100.1:81"],
        ] {
            let refused = ours(&words).expect(255).complaints;
            assert!(refused.starts_with("No such destination\n"), "{refused}");
            assert!(refused.ends_with(hint), "{refused}");
        }
        let words = ["set", "-t", "192.0.2.81:80", "-r", "198.51.100.2", "weight=2"];
        let refused = ours(&words).expect(2).complaints;
        assert!(refused.contains("hint: the service has this address with port 99\n"), "{refused}");
        let none = ["-d", "-t", "192.0.2.81:80", "-r", "198.51.100.3"];
        assert!(!ours(&none).expect(255).complaints.contains("has this address with"));
    });
}

#[test]
fn options_without_effect_are_reported() {
    namespace(|| {
        let told = |words: &str| {
            let words: Vec<&str> = words.split(' ').collect();
            ours(&words).expect(0).complaints
        };
        let mask = "hint: -M has no effect without -p\n";
        assert_eq!(told("-A -t 192.0.2.80:80 -M 255.255.255.0"), mask);
        assert_eq!(told("-E -t 192.0.2.80:80 -s wlc -M 255.255.255.0"), mask);
        assert!(!told("-E -t 192.0.2.80:80 -s wlc -p -M 255.255.255.0").contains(mask));
        let engine = "hint: without -p, --pe does not keep clients on one real server\n";
        assert_eq!(told("-A -u 192.0.2.80:5060 -s rr --pe sip"), engine);
        assert_eq!(told("-E -u 192.0.2.80:5060 -s rr --pe sip"), engine);
        assert!(!told("-E -u 192.0.2.80:5060 -s rr -p --pe sip").contains(engine));
        assert!(told("-E -u 192.0.2.80:5060 -s rr --pe sip").ends_with(engine));
        let one = "hint: -o has no effect on packets other than UDP\n";
        assert_eq!(told("-A -f 1 -s rr -o"), one);
        assert_eq!(told("-A -f 2 -o"), one);
        assert_eq!(told("-A -u 192.0.2.80:53 -s rr -o"), "");
        let back = "hint: with one-packet scheduling (-o), replies are not translated back: use \
                    -g or -i\n";
        assert_eq!(told("-a -u 192.0.2.80:53 -r 198.51.100.1:53 -m"), back);
        assert_eq!(told("-a -u 192.0.2.80:53 -r 198.51.100.2:53 -g"), "");
        assert!(told("-e -u 192.0.2.80:53 -r 198.51.100.2:53 -m").contains(back));
        ours(&["-A", "-u", "192.0.2.81:53", "-s", "rr"]).expect(0);
        assert_eq!(told("-a -u 192.0.2.81:53 -r 198.51.100.1:53 -m"), "");
        // A saved file gets no such message, although one about masks would apply.
        let saved = ours(&["-S", "-n"]).expect(0).out;
        assert_eq!(restore(&saved).expect(0).complaints, "");
        let masked = restore("-A -t 192.0.2.80:80 -M 255.255.255.0\n").expect(0).complaints;
        assert_eq!(masked, "hint: line 1: -M has no effect without -p\n");
        let refused = ours(&["-A", "-t", "192.0.2.81:80", "-o"]).expect(2).complaints;
        assert!(
            refused.ends_with("hint: leave out -o, or give the service with -u\n"),
            "{refused}"
        );
    });
}

#[test]
fn empty_input_with_a_scope_proposes_allow_empty() {
    namespace(|| {
        restore(TWO).expect(0);
        let refused = ours_with("", &["apply", "--scope", "192.0.2.80", "-"]).expect(2).complaints;
        let said = "the input defines no services of the scope; refusing to delete the \
                    existing one\nhint: to delete the services, give --allow-empty\n";
        assert!(refused.starts_with(said), "{refused}");
    });
}

/// Returns standard output and standard error in the order in which they were written.
fn together(words: &[&str], input: &str) -> String {
    let (_input, path) = file(input);
    let words = words.join(" ");
    shell(&format!("$ours {words} <{path} 2>&1")).out
}

#[test]
fn diff_and_apply_warn_before_they_act() {
    namespace(|| {
        let text = "-A -t 192.0.2.80:80 -s rr\n-a -t 192.0.2.80:80 -r 198.51.100.1:8080 -g\n";
        let note = "hint: line 2: only -m can change the port: 80 is used instead of 8080\n";
        for words in [&["diff", "-"][..], &["apply", "--dry-run", "-"], &["apply", "-"]] {
            let said = together(words, text);
            assert!(said.starts_with(note), "{words:?}: {said}");
            assert_eq!(said.matches("instead of").count(), 1, "{words:?}: {said}");
        }
        assert_eq!(
            lines(&live()),
            "-A -t 192.0.2.80:80 -s rr\n-a -t 192.0.2.80:80 -r 198.51.100.1:80 -g -w 1\n"
        );
    });
}

#[test]
fn refused_arguments_are_reported_before_input_is_read() {
    namespace(|| {
        let mut child = Command::new(OURS)
            .args(["-R", "file"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(2));
        drop(child.stdin.take().map(|mut pipe| pipe.write_all(b"-C\n")));
    });
}
