//! drain and undrain when a request or a write fails, and what director status says of drains.

use super::{ONE, WEB, drain, listed, undrain};
use crate::common::namespace;
use crate::program::{Outcome, lines, live, ours, restore, traced};

/// A host that has a real server in two services.
const TWICE: &str = "-A -t 192.0.2.80:80 -s mh\n\
    -a -t 192.0.2.80:80 -r 10.0.0.11:80 -g -w 3\n\
    -a -t 192.0.2.80:80 -r 10.0.0.12:80 -g -w 3\n\
    -A -t 192.0.2.81:80 -s wrr\n\
    -a -t 192.0.2.81:80 -r 10.0.0.11:80 -g -w 5\n\
    -a -t 192.0.2.81:80 -r 10.0.0.12:80 -g -w 5\n";

const HOST: [&str; 2] = ["--server", "10.0.0.11"];

/// Runs the verb while calls of these kinds fail. `None` if no call of the first kind failed.
fn failing(verb: &[&str], faults: &[(&str, &str)]) -> Option<Outcome> {
    let calls: Vec<&str> = faults.iter().map(|(calls, _)| *calls).collect();
    let trace = format!("trace={}", calls.join(","));
    let inject = faults.iter().map(|(calls, what)| format!("inject={calls}:{what}"));
    let inject: Vec<String> = inject.collect();
    let mut options = vec!["-e", &trace];
    for inject in &inject {
        options.extend(["-e", inject]);
    }
    let (outcome, log) = traced(&options, &[verb, &HOST].concat());
    let first: Vec<&str> = calls[0].split(',').collect();
    let is_first = |line: &str| first.iter().any(|call| line.contains(&format!("{call}(")));
    let is_hit = |line: &str| is_first(line) && line.contains("(INJECTED)");
    log.lines().any(is_hit).then_some(outcome)
}

/// If the kernel does not take back a weight either, its record must stay: otherwise nobody knows the
/// weight any more.
#[test]
fn an_error_at_any_moment_loses_no_weight() {
    namespace(|| {
        restore(TWICE).expect(0);
        let before = live();
        let mut left = 0;
        for verb in [&["drain", "--detach"][..], &["undrain"]] {
            for when in 1.. {
                if verb[0] == "undrain" {
                    drain(&HOST).expect(0);
                }
                let fault = format!("error=EIO:when={when}+");
                let Some(outcome) = failing(verb, &[("sendto", &fault)]) else { break };
                let zero = lines(&live()).matches(" -w 0\n").count();
                left += usize::from(zero > 0 && verb[0] == "drain");
                assert!(listed().len() >= zero, "{verb:?} {when}: {outcome:?}");
                if zero > 0 && verb[0] == "drain" {
                    assert!(outcome.complaints.contains("hint: not undone: "), "{outcome:?}");
                }
                // A record of a real server that was not drained is dropped with exit status 1.
                undrain(&["--all"]);
                assert_eq!(live(), before, "{verb:?} {when}: {outcome:?}");
                assert!(listed().is_empty());
            }
            undrain(&["--all"]);
        }
        assert!(left > 0, "every weight was taken back");
    });
}

#[test]
fn the_reason_comes_before_a_record_that_cannot_be_written() {
    namespace(|| {
        restore(TWICE).expect(0);
        let mut both = 0;
        for sent in 1.. {
            let once = format!("error=EIO:when={sent}");
            if failing(&["drain", "--detach"], &[("sendto", &once)]).is_none() {
                break;
            }
            for removed in 1.. {
                let full = format!("error=EDQUOT:when={removed}+");
                let faults = [("unlink,unlinkat", &*full), ("sendto", &*once)];
                let Some(outcome) = failing(&["drain", "--detach"], &faults) else { break };
                let said = &outcome.complaints;
                if said.contains("Input/output error") && said.contains("Disk quota exceeded") {
                    both += 1;
                    assert!(said.starts_with("netlink socket: Input/output error\n"), "{said}");
                }
                undrain(&["--all"]);
            }
        }
        assert!(both > 0, "the two never failed in one run");
    });
}

#[test]
fn director_status_says_what_became_of_a_drain() {
    namespace(|| {
        restore(WEB).expect(0);
        let notes = || {
            let said = ours(&["director", "status"]).out;
            let notes = said.lines().filter_map(|line| line.strip_prefix("note     -t "));
            let notes: Vec<String> = notes.map(str::to_owned).collect();
            notes.join("\n")
        };
        let name = "192.0.2.80:80 -r 10.0.0.11:8080";
        drain(&[&ONE[..], &["--reason", "new kernel"]].concat()).expect(0);
        let drained = notes();
        let recorded = format!("{name} is recorded as drained since 2");
        assert!(drained.starts_with(&recorded) && drained.ends_with(": new kernel"), "{drained}");
        ours(&[&["set"], &ONE[..], &["weight=7"]].concat()).expect(0);
        let undone = notes();
        let weight =
            "but is not: another program has set the weight to 7; the recorded weight is 3";
        assert!(undone.starts_with(&recorded) && undone.ends_with(weight), "{undone}");
        assert!(undone.contains("(new kernel)"), "{undone}");
        ours(&[&["-d"], &ONE[..]].concat()).expect(0);
        let gone = notes();
        assert!(
            gone.ends_with("but the service does not have this real server any more"),
            "{gone}"
        );
        ours(&["-D", "-t", "192.0.2.80:80"]).expect(0);
        let gone = notes();
        assert!(gone.ends_with("but the service does not exist any more"), "{gone}");
        let json = ours(&["director", "status", "--json"]).out;
        assert!(json.contains("but the service does not exist any more"), "{json}");
    });
}
