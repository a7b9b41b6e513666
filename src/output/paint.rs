//! Colours. They only support the text: no meaning depends on a colour alone.

/// Meaning of a text, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Added, or correct: green.
    Good,
    /// Removed, or wrong: red.
    Bad,
    /// Changed: yellow.
    Changed,
}

/// Whether to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// Puts `text` into the colour of `tone`, if colours are on.
    pub fn text(self, tone: Tone, text: &str) -> String {
        let colour = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Changed => 33,
        };
        if self.0 { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_there_is_only_the_text() {
        assert_eq!(Paint(false).text(Tone::Bad, "- x"), "- x");
        assert_eq!(Paint(true).text(Tone::Bad, "- x"), "\x1b[31m- x\x1b[0m");
    }
}
