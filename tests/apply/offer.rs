//! Schedulers and persistence engines that the kernel lacks are reported before the first change.

use ipvsadm::model::Table;
use ipvsadm::read_table;

use crate::common::namespace;
use crate::program::{
    Outcome, file, journals, lines, live, live_whole, ours, ours_with, restore, traced,
    traced_restore,
};

const OLD: &str = "-A -t 192.0.2.80:80 -s rr\n-a -t 192.0.2.80:80 -r 198.51.100.1:80 -g -w 1\n\
                   -A -u 192.0.2.80:53 -s rr\n-a -u 192.0.2.80:53 -r 198.51.100.1:53 -m -w 1\n";

const REFUSED: &str = "Scheduler or persistence engine not found\n";

/// Runs every command that reads a file and compares it with the kernel's table.
fn everybody(text: &str) -> Vec<(&'static str, Outcome)> {
    let rules = !text.starts_with('{');
    let mut outcomes = vec![
        ("apply", ours_with(text, &["apply", "-"])),
        ("apply --dry-run", ours_with(text, &["apply", "--dry-run", "-"])),
        ("diff", ours_with(text, &["diff", "-"])),
    ];
    if rules {
        outcomes.push(("ipvsadm-restore", restore(text)));
        outcomes.push(("-R", ours_with(text, &["-R"])));
    }
    outcomes
}

#[test]
fn an_unknown_scheduler_or_engine_changes_nothing() {
    namespace(|| {
        restore(OLD).expect(0);
        let before = live_whole();
        let wrong = OLD.replace("-A -t 192.0.2.80:80 -s rr", "-A -t 192.0.2.80:80 -s wrrr");
        let pe = OLD.replace("53 -s rr", "53 -s rr -p 60 --pe sipp");
        // The module `ip_vs_ftp` exists, but is no scheduler.
        let ftp = OLD.replace("53 -s rr", "53 -s ftp");
        let json = |extra: &str| {
            format!(
                "{{\"schema\":1,\"services\":[{{\"protocol\":\"tcp\",\"address\":\"192.0.2.80\",\
                 \"port\":80,{extra}}}]}}"
            )
        };
        let meant = "hint: the kernel has no module ip_vs_wrrr\nhint: did you mean wrr?\n";
        for (text, hints) in [
            (wrong.clone(), format!("hint: line 1: -t 192.0.2.80:80 -s wrrr\n{meant}")),
            // Also in a file that restore executes on a cleared table.
            (
                format!("-C\n-Z\n{wrong}"),
                format!("hint: line 3: -t 192.0.2.80:80 -s wrrr\n{meant}"),
            ),
            (
                pe,
                "hint: line 3: -u 192.0.2.80:53 -s rr -p 60 --pe sipp\n\
                 hint: the kernel has no module ip_vs_pe_sipp\n"
                    .to_owned(),
            ),
            (
                ftp,
                "hint: line 3: -u 192.0.2.80:53 -s ftp\nhint: the kernel has no module ip_vs_ftp\n"
                    .to_owned(),
            ),
            (
                json("\"scheduler\":\"wrrr\""),
                format!("hint: services[0]: -t 192.0.2.80:80 -s wrrr\n{meant}"),
            ),
            (
                json("\"persistence\":60,\"engine\":\"sipp\""),
                "hint: services[0]: -t 192.0.2.80:80 -s wlc -p 60 --pe sipp\n\
                 hint: the kernel has no module ip_vs_pe_sipp\n"
                    .to_owned(),
            ),
        ] {
            for (command, outcome) in everybody(&text) {
                if text.starts_with("-C") && !command.contains('R') && command != "ipvsadm-restore"
                {
                    // These commands report another mistake first: -Z does not describe a part of a
                    // table.
                    continue;
                }
                assert_eq!(outcome.status, 2, "{command}: {outcome:?}");
                let mut expected = format!("{REFUSED}{hints}");
                if !command.contains('R') && command != "ipvsadm-restore" {
                    expected = named("standard input", &expected);
                }
                if command != "diff" {
                    expected += "hint: nothing was changed\n";
                }
                assert_eq!(outcome.complaints, expected, "{command}");
                assert_eq!(outcome.out, "", "{command}");
                assert_eq!(live_whole(), before, "{command}");
            }
        }
        assert_eq!(journals(), 0);
    });
}

/// The classic commands' message in the form of `apply` and `diff`, which begins with file and
/// line.
fn named(file: &str, message: &str) -> String {
    let (text, hints) = message.split_once("\nhint: line ").unwrap_or((message, ""));
    match hints.split_once(": ") {
        Some((line, rest)) => format!("{file}:{line}: {text}\nhint: {rest}"),
        None => format!("{file}: {message}"),
    }
}

#[test]
fn every_unknown_scheduler_is_reported() {
    namespace(|| {
        restore(OLD).expect(0);
        let before = live_whole();
        let text = "-A -t 192.0.2.80:80 -s wrrr\n-A -t 192.0.2.81:80 -s rr\n\
                    -A -t 192.0.2.82:80 -s nosuch\n-A -t 192.0.2.83:80 -s nosuch\n\
                    -A -t 192.0.2.84:80 -s wlc -p 60 --pe sipp\n";
        for (command, outcome) in everybody(text) {
            assert_eq!(outcome.status, 2, "{command}: {outcome:?}");
            let said = &outcome.complaints;
            if command.contains('R') || command == "ipvsadm-restore" {
                let expected = "Scheduler or persistence engine not found\n\
                    hint: line 1: -t 192.0.2.80:80 -s wrrr\n\
                    hint: the kernel has no module ip_vs_wrrr\n\
                    hint: did you mean wrr?\n\
                    hint: line 3: -t 192.0.2.82:80 -s nosuch: Scheduler or persistence engine not \
                    found\n\
                    hint: line 5: -t 192.0.2.84:80 -s wlc -p 60 --pe sipp: Scheduler or \
                    persistence engine not found\n\
                    hint: nothing was changed\n";
                assert_eq!(said, expected, "{command}");
            } else {
                let places: Vec<&str> =
                    said.lines().filter(|line| !line.starts_with("hint: ")).collect();
                let place = |line: u32| format!("standard input:{line}: {}", REFUSED.trim_end());
                assert_eq!(places, [place(1), place(3), place(5)], "{command}: {said}");
            }
            assert_eq!(live_whole(), before, "{command}");
        }
        let many: String =
            (0..11).map(|number| format!("-A -f {} -s no{number}\n", number + 1)).collect();
        let said = ours_with(&many, &["apply", "-"]).expect(2).complaints;
        assert_eq!(said.matches(REFUSED).count(), 10, "{said}");
        assert!(said.contains("hint: there are more mistakes in this file\n"), "{said}");
    });
}

#[test]
fn any_scheduler_of_the_kernel_is_accepted() {
    namespace(|| {
        // "none" is the kernel's name for a service without a scheduler, and has no module.
        let none = "-A -t 192.0.2.80:80 -s none\n";
        restore(none).expect(0);
        assert_eq!(lines(&live()), none);
        ours_with(none, &["diff", "-"]).expect(0);
    });
}

#[test]
fn loaded_schedulers_need_no_extra_request() {
    namespace(|| {
        restore(OLD).expect(0);
        let (_same, path) = file(OLD);
        let sends = |text: &str| text.matches("sendto(").count();
        let trace = ["-e", "trace=sendto"];
        let (_, rr) = traced(&trace, &["diff", &path]);
        // One request for the family and one for the services. Real servers come from socket
        // options.
        assert_eq!(sends(&rr), 2, "{rr}");
    });
}

#[test]
fn services_outside_the_scope_are_not_checked() {
    namespace(|| {
        let text = "-A -t 192.0.2.80:80 -s wrrr\n-A -t 192.0.2.81:80 -s rr\n";
        ours_with(text, &["apply", "--scope", "192.0.2.81", "-"]).expect(0);
        assert_eq!(lines(&live()), "-A -t 192.0.2.81:80 -s rr\n");
        ours_with(text, &["apply", "--scope", "192.0.2.80", "-"]).expect(2);
    });
}

#[test]
fn diff_of_two_files_ignores_the_kernels_schedulers() {
    namespace(|| {
        let (_old, old) = file(OLD);
        let (_new, new) = file(&OLD.replace("-s rr", "-s nosuch"));
        let (outcome, log) = traced(&["-e", "trace=sendto"], &["diff", &old, &new]);
        assert_eq!(outcome.expect(1).complaints, "");
        assert!(!log.contains("sendto("), "{log}");
    });
}

/// Runs restore with the scheduler's check lost, as if the kernel had unloaded the scheduler after
/// it.
fn deceived_restore(text: &str) -> Outcome {
    let trace = ["-e", "trace=sendto", "-e", "inject=sendto:error=ENOBUFS:when=2"];
    let (outcome, log) = traced_restore(&trace, text);
    assert!(log.contains("INJECTED"), "{log}");
    outcome
}

#[test]
fn a_service_whose_line_the_kernel_refuses_stays() {
    namespace(|| {
        restore(OLD).expect(0);
        let new = OLD
            .replace("-A -t 192.0.2.80:80 -s rr", "-A -t 192.0.2.80:80 -s nosuch")
            .replace("-w 1", "-w 7")
            .replace("-A -u 192.0.2.80:53 -s rr", "-A -u 192.0.2.80:53 -s wlc");
        let outcome = deceived_restore(&new).expect(255);
        assert!(outcome.complaints.starts_with(REFUSED), "{outcome:?}");
        let hint = "hint: the object existed before, and is kept\n";
        assert!(outcome.complaints.ends_with(hint), "{outcome:?}");
        // Everything else in the table equals the file.
        assert_eq!(live(), read_table(&new.replace("-s nosuch", "-s rr")).unwrap());
        // A new service is not added, nor are its real servers.
        let outcome =
            deceived_restore("-A -f 1 -s nosuch\n-a -f 1 -r 198.51.100.1 -g\n").expect(255);
        assert!(outcome.complaints.contains("Service not defined\n"), "{outcome:?}");
        assert_eq!(live(), Table::default());
    });
}

#[test]
fn a_service_that_was_cleared_comes_back_if_the_kernel_refuses_its_line() {
    namespace(|| {
        restore(OLD).expect(0);
        let new = "-Z\n-A -t 192.0.2.80:80 -s nosuch\n-a -t 192.0.2.80:80 -r 198.51.100.2:80 -g\n\
                   -A -f 1 -s rr\n";
        let outcome = deceived_restore(new).expect(255);
        let hint = "hint: -t 192.0.2.80:80 was restored\n";
        assert!(outcome.complaints.ends_with(hint), "{outcome:?}");
        let kept: String = OLD.lines().take(2).map(|row| format!("{row}\n")).collect();
        assert_eq!(live(), read_table(&format!("{kept}-A -f 1 -s rr\n")).unwrap());
        // A service that the file deletes is not added again.
        restore(OLD).expect(0);
        let outcome = deceived_restore(&format!("{new}-D -t 192.0.2.80:80\n")).expect(255);
        assert!(!outcome.complaints.contains("was restored"), "{outcome:?}");
        assert_eq!(lines(&live()), "-A -f 1 -s rr\n");
        ours(&["-C"]).expect(0);
    });
}
