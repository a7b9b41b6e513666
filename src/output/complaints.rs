//! Messages on standard error.

use std::io::Write;

use crate::model::in_namespace::placed;
use crate::model::{printable, printable_lines};

/// The only writer of messages to standard error. Messages quote names, rule lines and answers from
/// outside, so everything is escaped for the terminal here. Errors of writing are ignored.
pub struct Complaints<'a> {
    out: &'a mut dyn Write,
    netns: Option<String>,
    /// Lines that are kept instead of written.
    withheld: Option<Vec<String>>,
}

impl<'a> Complaints<'a> {
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, netns: None, withheld: None }
    }

    /// Sets the network namespace that proposed commands name from now on.
    pub fn speak_of(&mut self, netns: &str) {
        self.netns = Some(netns.to_owned());
    }

    /// Keeps messages instead of writing them, because they would spoil the live screen of `top`.
    #[cfg(feature = "top")]
    pub fn withhold(&mut self) {
        self.withheld = Some(Vec::new());
    }

    /// Ends [`Self::withhold`] and returns the lines that were kept.
    #[cfg(feature = "top")]
    pub fn withheld(&mut self) -> Vec<String> {
        self.withheld.take().unwrap_or_default()
    }

    /// Writes a message as one line. Line feeds within the text are escaped, so that quoted text
    /// cannot imitate a hint; line feeds at its end stay.
    pub fn line(&mut self, text: &str) {
        let text = &self.placed(text);
        let words = text.trim_end_matches('\n');
        self.write(&format!("{}{}\n", printable(words), &text[words.len()..]));
    }

    /// Writes each text as a `hint: ` line after the message.
    pub fn hints(&mut self, texts: &[String]) {
        for text in texts {
            let text = self.placed(text);
            self.write(&format!("hint: {}\n", printable(&text)));
        }
    }

    /// Writes text of several lines.
    pub fn text(&mut self, text: &str) {
        self.write(&printable_lines(text));
    }

    /// Adds `--netns` to the commands that `text` proposes, if this run has it.
    pub fn placed(&self, text: &str) -> String {
        self.netns.as_ref().map_or_else(|| text.to_owned(), |netns| placed(netns, text))
    }

    fn write(&mut self, text: &str) {
        match &mut self.withheld {
            Some(lines) => lines.extend(text.lines().map(str::to_owned)),
            None => {
                let _ = self.out.write_all(text.as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposed_commands_name_the_network_namespace() {
        let mut written = Vec::new();
        let mut complaints = Complaints::new(&mut written);
        complaints.speak_of("a b");
        complaints.line("run `ipvsadm apply --accept' soon");
        complaints.hints(&["to undo it: ipvsadm apply --recover".to_owned()]);
        let expected = "run `ipvsadm apply --accept --netns 'a b'' soon\n\
                        hint: to undo it: ipvsadm apply --recover --netns 'a b'\n";
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    #[test]
    fn a_message_cannot_imitate_a_hint() {
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
