//! The reports of `rs` and `director` as text.

use super::paint::{Paint, Tone};
use crate::host::{Finding, Line, Outcome, Report};
use crate::model::printable;

/// Formats a report as text. The report of `status` begins with a summary, then lists problems
/// first.
pub fn text(report: &Report, paint: Paint) -> String {
    let mut text = Text { text: String::new(), paint };
    if report.verb == "status" {
        text.line(&summary(report));
    }
    let (lost, steps): (Vec<&Line>, Vec<&Line>) = report.steps.iter().partition(|it| is_lost(it));
    let (good, wrong): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|it| it.ok);
    for (steps, findings) in [(lost, wrong), (steps, good)] {
        for line in steps {
            text.step(line);
        }
        for finding in findings {
            text.finding(finding);
        }
    }
    for note in &report.notes {
        text.push(None, "note", note);
    }
    text.text
}

fn is_lost(line: &Line) -> bool {
    line.state == Outcome::Lost
}

/// The summary in one line: the role, and the number of checks that found a problem.
fn summary(report: &Report) -> String {
    let role = if report.host == "rs" { "real server" } else { "director" };
    let all = report.steps.len() + report.findings.len();
    let lost = report.steps.iter().filter(|it| is_lost(it)).count();
    let problems = lost + report.findings.iter().filter(|it| !it.ok).count();
    let passed = match all - problems {
        1 => "1 check passed".to_owned(),
        many => format!("{many} checks passed"),
    };
    match problems {
        _ if all == 0 && !report.ok => format!("{role}: nothing is prepared on this host"),
        0 => format!("{role}: no problems, {passed}"),
        1 => format!("{role}: 1 problem, {passed}"),
        many => format!("{role}: {many} problems, {passed}"),
    }
}

struct Text {
    text: String,
    paint: Paint,
}

impl Text {
    fn line(&mut self, line: &str) {
        self.text.extend([&*printable(line), "\n"]);
    }

    /// Appends a line that begins with `word` in a column of eight characters.
    fn push(&mut self, tone: Option<Tone>, word: &str, rest: &str) {
        // Pad before adding colours, whose escape sequences have no width.
        let blanks = " ".repeat(8 - word.len().min(8));
        let word = tone.map_or(word.to_owned(), |tone| self.paint.text(tone, word));
        self.text.extend([&*word, &*blanks, " ", &*printable(rest), "\n"]);
    }

    fn step(&mut self, line: &Line) {
        let (tone, word) = match line.state {
            Outcome::Planned => (Some(Tone::Changed), "to do"),
            Outcome::Done => (Some(Tone::Good), "done"),
            Outcome::Already => (None, "already"),
            Outcome::Undone => (Some(Tone::Good), "undone"),
            Outcome::Shared => (None, "kept"),
            Outcome::LeftAlone => (Some(Tone::Changed), "left"),
            Outcome::Lost => (Some(Tone::Bad), "LOST"),
        };
        let why = line.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        self.push(tone, word, &format!("{}{why}", line.step));
        self.advice(line.fix.as_deref(), None);
    }

    fn finding(&mut self, finding: &Finding) {
        let (tone, word) = if finding.ok { (Tone::Good, "ok") } else { (Tone::Bad, "WRONG") };
        self.push(Some(tone), word, &finding.text);
        self.advice(finding.fix.as_deref(), finding.hint.as_deref());
    }

    /// Appends the command that fixes the problem above or, if no command is safe, a hint.
    fn advice(&mut self, fix: Option<&str>, hint: Option<&str>) {
        if let Some(fix) = fix {
            self.push(None, "fix:", fix);
        }
        if let Some(hint) = hint {
            self.push(None, "hint:", hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: &str, state: Outcome, fix: Option<&str>) -> Line {
        let (command, fix) = (String::new(), fix.map(str::to_owned));
        Line { step: step.to_owned(), command, state, why: None, fix }
    }

    fn finding(ok: bool, text: &str, fix: Option<&str>) -> Finding {
        let (text, fix) = (text.to_owned(), fix.map(str::to_owned));
        Finding { ok, text, fix, hint: None, remedy: None }
    }

    #[test]
    fn status_begins_with_a_summary_and_the_problems() {
        let mut report = Report::new("rs", "status");
        report.steps = vec![
            line("set a", Outcome::Already, None),
            line("set b", Outcome::Lost, Some("ipvsadm rs prepare")),
        ];
        report.findings =
            vec![finding(true, "a", None), finding(false, "b", Some("sysctl -w b=1"))];
        report.notes = vec!["c".to_owned()];
        report.ok = false;
        let expected = "real server: 2 problems, 2 checks passed\n\
                        LOST     set b\n\
                        fix:     ipvsadm rs prepare\n\
                        WRONG    b\n\
                        fix:     sysctl -w b=1\n\
                        already  set a\n\
                        ok       a\n\
                        note     c\n";
        assert_eq!(text(&report, Paint(false)), expected);
    }

    #[test]
    fn no_problems_are_reported_only_if_something_was_checked() {
        let mut report = Report::new("director", "status");
        report.findings = vec![finding(true, "a", None)];
        assert!(text(&report, Paint(false)).starts_with("director: no problems, 1 check passed\n"));
        report.findings.clear();
        report.ok = false;
        let text = text(&report, Paint(false));
        assert_eq!(text, "director: nothing is prepared on this host\n");
    }
}
