//! `status`: whether the host is as prepared, or as the options say.

use super::checks::{check, check_own_services, no_suppression};
use super::plan::effective;
use super::prepare::overridden;
use super::probes::{self, services};
use super::report::{Line, Outcome, Report};
use super::runner::Runner;
use super::spec::Spec;
use crate::error::Error;

/// Checks the host against `spec`, or against what is prepared.
pub fn status(verb: &'static str, spec: Option<&Spec>) -> Result<Report, Error> {
    let mut report = Report::new(verb, "status");
    let mut runner = Runner::look(verb)?;
    let specs: Vec<Spec> = match spec {
        Some(spec) => vec![spec.clone()],
        None => runner.state.specs.values().cloned().collect(),
    };
    if spec.is_none() {
        steps(&mut runner, &mut report)?;
        if specs.is_empty() {
            report.ok = false;
            let note = "nothing is prepared; --mode and --vip say what to look for";
            report.notes.push(note.to_owned());
        }
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
        for finding in check(spec, &facts).into_iter().chain(of_services) {
            report.ok &= finding.ok;
            if !report.findings.contains(&finding) {
                report.findings.push(finding);
            }
        }
    }
    Ok(report)
}

/// Whether the recorded steps are still in effect.
fn steps(runner: &mut Runner, report: &mut Report) -> Result<(), Error> {
    for entry in &runner.state.entries {
        let holds = entry.begun && entry.step.holds(&mut runner.network)?;
        let outcome = if holds { Outcome::Already } else { Outcome::Lost };
        report.ok &= holds;
        report.steps.push(Line::new(&entry.step, outcome, None));
    }
    Ok(())
}

/// Adds notes, each once.
fn note(report: &mut Report, notes: impl IntoIterator<Item = String>) {
    for note in notes {
        if !report.notes.contains(&note) {
            report.notes.push(note);
        }
    }
}
