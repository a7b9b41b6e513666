//! The reports of `rs` and `director` for people.

use super::paint::{Paint, Tone};
use crate::host::{Outcome, Report};
use crate::model::printable;

/// The report for people.
pub fn text(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    let mut push = |tone: Option<Tone>, word: &str, rest: &str| {
        // Blanks are counted before colours come in.
        let blanks = " ".repeat(8 - word.len().min(8));
        let word = tone.map_or(word.to_owned(), |tone| paint.text(tone, word));
        text.extend([&*word, &*blanks, " ", &*printable(rest), "\n"]);
    };
    for line in &report.steps {
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
        push(tone, word, &format!("{}{why}", line.step));
    }
    for finding in &report.findings {
        let (tone, word) = if finding.ok { (Tone::Good, "ok") } else { (Tone::Bad, "WRONG") };
        push(Some(tone), word, &finding.text);
    }
    for note in &report.notes {
        push(None, "note", note);
    }
    text
}
