//! Messages for people, on standard error.

use std::io::Write;

use crate::model::{printable, printable_lines};

/// The only way to standard error for messages. They quote names, rule lines and answers from
/// outside, so everything is made harmless for a terminal here. Work goes on when nobody reads them.
pub struct Complaints<'a>(&'a mut dyn Write);

impl<'a> Complaints<'a> {
    /// Messages go to `out`.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self(out)
    }

    /// A message. It stays one line whatever it quotes, so that nothing from outside can look like
    /// a hint of ours; only ends of lines after the text are the message's own.
    pub fn line(&mut self, text: &str) {
        let words = text.trim_end_matches('\n');
        self.write(&format!("{}{}\n", printable(words), &text[words.len()..]));
    }

    /// Lines that say more about the message before them.
    pub fn hints(&mut self, texts: &[String]) {
        for text in texts {
            self.write(&format!("hint: {}\n", printable(text)));
        }
    }

    /// Text with a layout of its own.
    pub fn text(&mut self, text: &str) {
        self.write(&printable_lines(text));
    }

    fn write(&mut self, text: &str) {
        let _ = self.0.write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_bring_a_hint_of_its_own() {
        let mut written = Vec::new();
        let mut complaints = Complaints::new(&mut written);
        complaints.line("unexpected argument x\nhint: y\x1b[8m");
        complaints.line("-6 used before -f\n");
        complaints.hints(&["in a\nb".to_owned()]);
        complaints.text("Usage: x\n  \u{9b}y\n");
        let expected = "unexpected argument x\\nhint: y\\x1b[8m\n-6 used before -f\n\n\
                        hint: in a\\nb\nUsage: x\n  \\u{9b}y\n";
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }
}
