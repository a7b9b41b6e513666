//! Classic listings on a terminal.

use std::io::{self, Write};

use crate::model::printable_lines;

/// Passes text on, to a terminal with an escape in the place of what that would act on.
pub struct Harmless<'a> {
    out: &'a mut dyn Write,
    escapes: bool,
}

impl<'a> Harmless<'a> {
    /// To `out`, with escapes or as it is.
    pub fn new(out: &'a mut dyn Write, escapes: bool) -> Self {
        Self { out, escapes }
    }
}

/// Each piece that is written holds whole characters: it comes from a `str`.
impl Write for Harmless<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.escapes {
            return self.out.write(bytes);
        }
        let text = String::from_utf8_lossy(bytes);
        self.out.write_all(printable_lines(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
