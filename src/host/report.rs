//! The report of a run, which is printed as text or JSON.

use serde::Serialize;

use super::checks::Finding;
use super::steps::Step;

/// Outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A dry run would do the step.
    Planned,
    /// The step was done now.
    Done,
    /// The step was in effect already.
    Already,
    /// The step was undone.
    Undone,
    /// The step stays, because another virtual address needs it.
    Shared,
    /// The step stays, because somebody has changed its object since.
    LeftAlone,
    /// The step is recorded, but no longer in effect.
    Lost,
}

/// A step in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Description of the step.
    pub step: String,
    /// Shell command with the same effect.
    pub command: String,
    pub state: Outcome,
    /// Reason of the outcome, if it is not obvious.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Command that does the step again if it is no longer in effect; safe to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Line {
    pub(super) fn new(step: &Step, state: Outcome, why: Option<String>) -> Self {
        Self { step: step.describe(), command: step.shell(), state, why, fix: None }
    }
}

/// Report of a run of `rs` or `director`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Version of the JSON format.
    pub schema: u32,
    /// `rs` or `director`.
    pub host: &'static str,
    /// `prepare`, `undo` or `status`.
    pub verb: &'static str,
    /// Whether the run changed anything.
    pub changed: bool,
    /// Whether the host is in the desired state.
    pub ok: bool,
    /// The steps in their order.
    pub steps: Vec<Line>,
    /// Results of the checks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Further notes for the user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Report {
    pub fn new(host: &'static str, verb: &'static str) -> Self {
        Self {
            schema: 1,
            host,
            verb,
            changed: false,
            ok: true,
            steps: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
        }
    }
}
