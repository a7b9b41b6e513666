//! What a run did, for people and for programs.

use serde::Serialize;

use super::verdict::Finding;

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It would be done.
    Planned,
    /// It was done now.
    Done,
    /// It was so already.
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
    pub state: State,
    /// Why, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of this format.
    pub schema: u32,
    /// `rs` or `director`.
    #[serde(rename = "host")]
    pub state: &'static str,
    /// `prepare`, `undo` or `status`.
    pub verb: &'static str,
    /// Something is different from before.
    pub changed: bool,
    /// Everything is as wished.
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
    pub fn new(state: &'static str, verb: &'static str) -> Self {
        Self {
            schema: 1,
            state,
            verb,
            changed: false,
            ok: true,
            steps: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The report for people.
    pub fn text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        for line in &self.steps {
            let state = match line.state {
                State::Planned => "to do",
                State::Done => "done",
                State::Already => "already",
                State::Undone => "undone",
                State::Shared => "kept",
                State::LeftAlone => "left",
                State::Lost => "LOST",
            };
            let why = line.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let _ = writeln!(text, "{state:<8} {}{why}", line.step);
        }
        for finding in &self.findings {
            let word = if finding.ok { "ok" } else { "WRONG" };
            let _ = writeln!(text, "{word:<8} {}", finding.text);
        }
        for note in &self.notes {
            let _ = writeln!(text, "note     {note}");
        }
        text
    }
}
