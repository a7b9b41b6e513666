//! Escapes classic listings on a terminal.

use std::io::{self, Write};

use crate::model::printable_lines;

/// Writer that escapes, if `escapes` is set, everything on which a terminal acts.
pub struct Harmless<'a> {
    out: &'a mut dyn Write,
    escapes: bool,
}

impl<'a> Harmless<'a> {
    pub fn new(out: &'a mut dyn Write, escapes: bool) -> Self {
        Self { out, escapes }
    }
}

// Each call has whole characters, because the caller writes a `str`.
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
