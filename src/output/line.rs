//! Lines of a listing, built column by column.
//!
//! A listing of 10,000 services prints 200,000 numbers. The formatter of `std` took as much time
//! for them as a quarter of the kernel's own work.

use std::cell::Cell;
use std::io;

const BLANKS: &str = "                                        ";

/// Initial buffer size of a line in bytes, enough for most.
const ROOM: usize = 128;

thread_local! {
    /// Buffer of the previous line, reused by the next.
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// One line of a listing.
#[derive(Debug, Default)]
pub struct Line(String);

impl Line {
    pub fn new() -> Self {
        let mut text = SPARE.take();
        text.clear();
        text.reserve(ROOM);
        Self(text)
    }

    /// Appends text unchanged.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.0.push_str(text);
        self
    }

    /// Appends a number in decimal digits.
    pub fn number(&mut self, value: impl itoa::Integer) -> &mut Self {
        self.push(itoa::Buffer::new().format(value))
    }

    /// Appends whatever `write` appends.
    pub fn with(&mut self, write: impl FnOnce(&mut String)) -> &mut Self {
        write(&mut self.0);
        self
    }

    /// Byte offset of the end, where the next column begins.
    pub fn place(&self) -> usize {
        self.0.len()
    }

    /// Appends blanks until the column that began at `place` has `width` characters.
    pub fn pad(&mut self, place: usize, width: usize) -> &mut Self {
        let blanks = width.saturating_sub(self.0[place..].chars().count());
        self.blanks(blanks)
    }

    /// Cuts the column that began at `place` to `width` characters.
    pub fn cut(&mut self, place: usize, width: usize) -> &mut Self {
        // A cheap check first: a text never has more characters than bytes.
        if self.0.len() > place + width
            && let Some((end, _)) = self.0[place..].char_indices().nth(width)
        {
            self.0.truncate(place + end);
        }
        self
    }

    /// Appends a blank and a left-aligned column.
    pub fn left(&mut self, text: &str, width: usize) -> &mut Self {
        let place = self.push(" ").place();
        self.push(text).pad(place, width)
    }

    /// Appends a blank and a left-aligned number.
    pub fn number_left(&mut self, value: impl itoa::Integer, width: usize) -> &mut Self {
        self.left(itoa::Buffer::new().format(value), width)
    }

    /// Appends a right-aligned number with its unit.
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

    /// Writes the line and a line feed to `out`.
    pub fn end(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        self.push("\n");
        out.write_all(self.0.as_bytes())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        SPARE.set(std::mem::take(&mut self.0));
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
    fn wide_values_widen_the_line() {
        let mut line = Line::new();
        line.left("long", 2).number_right(1234, "", 2).number_left(u64::MAX, 0);
        assert_eq!(line.as_ref(), " long1234 18446744073709551615");
    }
}
