//! Lines that grow column by column.
//!
//! A listing of 10,000 services prints 200,000 numbers: with the formatter of `std` that took as much
//! time as a quarter of the kernel's own work.

use std::io;

const BLANKS: &str = "                                        ";

/// A line of a listing.
#[derive(Debug, Default)]
pub struct Line(String);

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self(String::with_capacity(128))
    }

    /// Adds text as it is.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.0.push_str(text);
        self
    }

    /// Adds a number.
    pub fn number(&mut self, value: impl itoa::Integer) -> &mut Self {
        self.push(itoa::Buffer::new().format(value))
    }

    /// Adds what `write` writes.
    pub fn with(&mut self, write: impl FnOnce(&mut String)) -> &mut Self {
        write(&mut self.0);
        self
    }

    /// Where the next column begins.
    pub fn place(&self) -> usize {
        self.0.len()
    }

    /// Blanks until the column that began at `place` has `width` characters.
    pub fn pad(&mut self, place: usize, width: usize) -> &mut Self {
        let blanks = width.saturating_sub(self.0[place..].chars().count());
        self.blanks(blanks)
    }

    /// Keeps `width` characters of the column that began at `place`.
    pub fn cut(&mut self, place: usize, width: usize) -> &mut Self {
        // Bytes are never fewer than characters.
        if self.0.len() > place + width
            && let Some((end, _)) = self.0[place..].char_indices().nth(width)
        {
            self.0.truncate(place + end);
        }
        self
    }

    /// A blank, and a column with the text to the left.
    pub fn left(&mut self, text: &str, width: usize) -> &mut Self {
        let place = self.push(" ").place();
        self.push(text).pad(place, width)
    }

    /// A blank, and a column with the number to the left.
    pub fn number_left(&mut self, value: impl itoa::Integer, width: usize) -> &mut Self {
        self.left(itoa::Buffer::new().format(value), width)
    }

    /// A column with the number and its unit to the right.
    pub fn number_right(
        &mut self,
        value: impl itoa::Integer,
        unit: &str,
        width: usize,
    ) -> &mut Self {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(value);
        self.blanks(width.saturating_sub(digits.len() + unit.len())).push(digits).push(unit)
    }

    fn blanks(&mut self, mut count: usize) -> &mut Self {
        while count > 0 {
            let some = count.min(BLANKS.len());
            self.push(&BLANKS[..some]);
            count -= some;
        }
        self
    }

    /// Writes the line out with its end.
    pub fn end(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        self.push("\n");
        out.write_all(self.0.as_bytes())
    }
}

impl AsRef<str> for Line {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut line = Line::new();
        let place = line.push("→").place();
        line.push("größe").pad(place, 7).left("x", 3).number_left(12, 4).number_right(7, "K", 4);
        assert_eq!(line.as_ref(), "→größe   x   12    7K");
        line.cut(place, 4);
        assert_eq!(line.as_ref(), "→größ");
        line.pad(place, 60);
        assert_eq!(line.as_ref().chars().count(), 61);
    }

    #[test]
    fn what_does_not_fit_makes_the_line_longer() {
        let mut line = Line::new();
        line.left("long", 2).number_right(1234, "", 2).number_left(u64::MAX, 0);
        assert_eq!(line.as_ref(), " long1234 18446744073709551615");
    }
}
