//! `status`: whether the host is as prepared, or as the options say.

use std::collections::BTreeSet;

use super::checks::{Finding, Remedy, check, check_own_services, no_suppression, problem};
use super::fix::Preparer;
use super::plan::effective;
use super::prepare::overridden;
use super::probes::{self, services};
use super::report::{Line, Outcome, Report};
use super::runner::Runner;
use super::spec::Spec;
use crate::error::Error;
use crate::system::capabilities::{self, Capability};

/// Checks the host against `spec`, or, with `None`, against the recorded state. The commands of the
/// report name the network namespace `netns`, which is the argument of `--netns`.
pub fn status(
    verb: &'static str,
    spec: Option<&Spec>,
    netns: Option<&str>,
) -> Result<Report, Error> {
    let mut report = Report::new(verb, "status");
    let mut runner = Runner::look(verb)?;
    let specs: Vec<Spec> = match spec {
        Some(spec) => vec![spec.clone()],
        None => runner.state.specs.values().cloned().collect(),
    };
    if spec.is_none() {
        steps(&mut runner, &mut report, netns)?;
        if runner.state.entries.is_empty() && specs.is_empty() {
            report.ok = false;
            report.notes.push(not_prepared(verb).to_owned());
        }
        add(&mut report, unfinished(&runner, verb, netns));
    }
    let services = services::own();
    report.notes.extend(overridden(runner.state.entries.iter().map(|it| &it.step)));
    for spec in &specs {
        if let Spec::RealServer(spec) = spec {
            note(&mut report, no_suppression(spec));
        }
        let facts = probes::read(&mut runner.network, &effective(spec))?;
        let (of_services, notes) = check_own_services(spec, &facts, &services);
        note(&mut report, notes);
        let preparer = Preparer { state: &runner.state, netns };
        for mut finding in check(spec, &facts).into_iter().chain(of_services) {
            preparer.advise(&mut finding, spec, &facts);
            add(&mut report, Some(finding));
        }
    }
    Ok(report)
}

fn not_prepared(verb: &str) -> &'static str {
    match verb {
        "rs" => "to check a host that something else prepared, give --mode and --vip",
        _ => "to check a host that something else prepared, give --vip and --iface",
    }
}

/// Adds a finding unless the report has it already.
fn add(report: &mut Report, finding: Option<Finding>) {
    let Some(finding) = finding else { return };
    report.ok &= finding.ok;
    if !report.findings.iter().any(|it| it.ok == finding.ok && it.text == finding.text) {
        report.findings.push(finding);
    }
}

/// Checks whether the recorded steps are still in effect. A step that cannot be checked counts as one
/// that is not.
fn steps(runner: &mut Runner, report: &mut Report, netns: Option<&str>) -> Result<(), Error> {
    for entry in &runner.state.entries {
        let holds = if entry.begun { entry.step.holds(&mut runner.network) } else { Ok(false) };
        let (holds, why) = match holds {
            Ok(holds) => (holds, None),
            Err(error) => {
                // Without the capability, nft and arptables say less.
                capabilities::need_to_pass_on(Capability::NetAdmin)?;
                (false, Some(error.to_string()))
            }
        };
        let outcome = if holds { Outcome::Already } else { Outcome::Lost };
        report.ok &= holds;
        let mut line = Line::new(&entry.step, outcome, why);
        if !holds {
            let preparer = Preparer { state: &runner.state, netns };
            line.fix = preparer.again(entry).or_else(|| preparer.undo(report.host, &entry.holders));
        }
        report.steps.push(line);
    }
    Ok(())
}

/// Finds steps of an unfinished run, which no prepared address needs.
fn unfinished(runner: &Runner, verb: &str, netns: Option<&str>) -> Option<Finding> {
    let state = &runner.state;
    let is_left =
        |holders: &BTreeSet<String>| !holders.iter().any(|it| state.specs.contains_key(it));
    let mut left = state.entries.iter().filter(|it| is_left(&it.holders)).peekable();
    left.peek()?;
    let holders: BTreeSet<String> = left.flat_map(|it| it.holders.iter().cloned()).collect();
    let advice = format!("run the interrupted `ipvsadm {verb} undo' again, with the same options");
    let text = "a prepare or an undo did not finish, and some of its steps remain";
    let mut finding = problem(text, Remedy::Advice(advice.clone()));
    let preparer = Preparer { state, netns };
    finding.fix = preparer.undo(verb, &holders);
    finding.hint = finding.fix.is_none().then(|| preparer.placed(&advice));
    Some(finding)
}

/// Adds each note that the report does not have yet.
fn note(report: &mut Report, notes: impl IntoIterator<Item = String>) {
    for note in notes {
        if !report.notes.contains(&note) {
            report.notes.push(note);
        }
    }
}
