//! What a run did, for people and for programs.

use serde::Serialize;

use super::checks::Finding;
use super::steps::Step;

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It would be done.
    Planned,
    /// It was done now.
    Done,
    /// It held already.
    Already,
    /// It was undone.
    Undone,
    /// It was not undone: another virtual address needs it.
    Shared,
    /// It was not undone: somebody has changed it since.
    LeftAlone,
    /// It does not hold any more.
    Lost,
}

/// A step in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it does.
    pub step: String,
    /// The command that does the same.
    pub command: String,
    /// What became of it.
    pub state: Outcome,
    /// Why, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// A command that does the step again, if it does not hold any more. It is safe to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Line {
    /// A line for a step.
    pub(super) fn new(step: &Step, state: Outcome, why: Option<String>) -> Self {
        Self { step: step.describe(), command: step.shell(), state, why, fix: None }
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of this format.
    pub schema: u32,
    /// `rs` or `director`.
    pub host: &'static str,
    /// `prepare`, `undo` or `status`.
    pub verb: &'static str,
    /// Something is different from before.
    pub changed: bool,
    /// The host is in the desired state.
    pub ok: bool,
    /// The steps.
    pub steps: Vec<Line>,
    /// What was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What the user should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Report {
    /// An empty report of a verb.
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
