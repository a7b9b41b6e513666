//! `undo`: restores what `prepare` changed.

use std::collections::BTreeSet;

use super::checks::exposed;
use super::facts::Question;
use super::probes;
use super::report::{Line, Outcome, Report};
use super::runner::Runner;
use crate::error::Error;
use crate::system::capabilities::{self, Capability};

/// Undoes the steps that only these holders need, or with `None` all steps. A dry run changes
/// nothing.
///
/// # Errors
/// [`Error::NotUndone`] if a step cannot be undone. The others are undone, except the steps on
/// which this one depends.
pub fn undo(
    verb: &'static str,
    holders: Option<&BTreeSet<String>>,
    dry_run: bool,
) -> Result<Report, Error> {
    let mut report = Report::new(verb, "undo");
    if dry_run {
        let mut state = Runner::look(verb)?.state;
        state.release(holders);
        for entry in state.entries.iter().rev().filter(|it| it.holders.is_empty() && it.begun) {
            report.steps.push(Line::new(&entry.step, Outcome::Planned, None));
        }
        return Ok(report);
    }
    capabilities::need(Capability::NetAdmin)?;
    let mut runner = Runner::lock(verb)?;
    let before = runner.state.clone();
    report.steps = runner.undo(holders)?;
    report.changed = report.steps.iter().any(|line| line.state == Outcome::Undone);
    if before == runner.state {
        report.notes.push("nothing to undo".to_owned());
    }
    if before.suppresses_arp() && !runner.state.suppresses_arp() {
        let facts = probes::read(&mut runner.network, &Question::default())?;
        report.notes.extend(exposed(&facts).map(|(vip, link)| {
            format!("{vip} is still on {}, and this host answers ARP for it again", link.name)
        }));
    }
    Ok(report)
}
